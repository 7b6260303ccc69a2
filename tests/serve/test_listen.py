"""Errors of listening sockets."""

import errno
import socket
from typing import Any, NoReturn

import pytest

from eyeline.errors import SetupError
from eyeline.serve.process.listen import listen, listen_if_free


def test_port_that_needs_a_privilege_names_the_ways_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object, **__: object) -> NoReturn:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket, "create_server", denied)
    with pytest.raises(SetupError, match=r"port is 443, .* `eyeline service install`, .* CAP_NET_BIND_SERVICE"):
        listen("127.0.0.1", 443)


def test_addresses_that_were_opened_are_closed_if_another_one_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[socket.socket] = []
    really = socket.create_server

    def once(*where: Any, **options: Any) -> socket.socket:
        if opened:
            raise OSError(errno.EADDRINUSE, "Address already in use")
        opened.append(really(*where, **options))
        return opened[0]

    two = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in ("127.0.0.1", "127.0.0.2")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: two)
    monkeypatch.setattr(socket, "create_server", once)
    with pytest.raises(SetupError, match="another program listens there already"):
        listen("two.example", 0)
    assert opened[0].fileno() == -1


def test_port_that_another_program_has_is_left_to_it_and_the_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert listen_if_free("127.0.0.1", port) == []
    assert [record.getMessage() for record in caplog.records] == [f"= port={port} used=no why='Address already in use'"]
    [free] = listen_if_free("127.0.0.1", port)
    free.close()
