"""Errors of listening sockets."""

import errno
import socket
from typing import NoReturn

import pytest

from eyeline.errors import SetupError
from eyeline.serve.process.listen import listen


def test_port_that_needs_a_privilege_names_the_capability(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object, **__: object) -> NoReturn:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket, "create_server", denied)
    with pytest.raises(SetupError, match=r"port is 443, .* CAP_NET_BIND_SERVICE"):
        listen("127.0.0.1", 443)
