"""Debian's nginx with the configuration that `docs/operate.md` gives, in the lab."""

import re
import signal
from pathlib import Path
from types import TracebackType
from typing import Self

from eyeline.serve.process.tls import self_signed
from tests.support.namespaces import Namespace
from tests.support.process import Process, scratch
from tests.support.server import ROOT
from tests.support.tools import need


class Nginx:
    """Nginx in front of Eyeline on port 8000 of the same machine."""

    def __init__(self, place: Namespace, name: str) -> None:
        self._scratch = scratch("nginx")
        folder = Path(self._scratch.name)
        certificate = self_signed(folder, [name])
        [text] = re.findall(r"```nginx\n(.*?)```", ROOT.joinpath("docs/operate.md").read_text(), re.DOTALL)
        text = text.replace("load_module modules/", "load_module /usr/lib/nginx/modules/")
        text = text.replace("/etc/ssl/call.example.org/fullchain.pem", str(certificate.cert))
        text = text.replace("/etc/ssl/call.example.org/privkey.pem", str(certificate.key))
        configuration = folder / "nginx.conf"
        configuration.write_text(text.replace("call.example.org", name))
        own = f"daemon off; pid {folder}/pid; error_log stderr notice;"
        argv = [*place.prefix, need("nginx"), "-p", str(folder), "-c", str(configuration), "-g", own]
        self._process = Process(argv, folder / "log")

    def __enter__(self) -> Self:
        self._process.wait_for_line("(start worker process)")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.end(signal.SIGTERM)
        self._scratch.cleanup()
