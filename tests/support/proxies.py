"""Debian's nginx, HAProxy and Caddy, configured as `docs/proxies.md` says, in front of Eyeline on port 8000."""

import os
import re
import signal
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from eyeline.serve.process.tls import self_signed
from tests.support.namespaces import Namespace
from tests.support.process import Process, scratch
from tests.support.server import ROOT
from tests.support.tools import need

SITE: Final = "call.example.org"
"""The site's name in the configurations."""


def configurations(language: str) -> list[str]:
    """The configurations in this language that the docs give, in their order."""
    text = ROOT.joinpath("docs/proxies.md").read_text()
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


class _Proxy:
    """A proxy with a certificate for `name`.  `changes` replaces parts of the configuration; each must occur."""

    program: str
    ready: str
    """What it logs once it listens."""

    def __init__(self, place: Namespace, name: str, text: str, changes: Mapping[str, str]) -> None:
        self._scratch = scratch(self.program)
        self.folder = Path(self._scratch.name)
        certificate = self_signed(self.folder, [name])
        self.certificate, self.key = certificate.cert, certificate.key
        for old, new in changes.items():
            assert old in text, old
            text = text.replace(old, new)
        configuration = self.folder / "configuration"
        configuration.write_text(self.adapted(text).replace(SITE, name))
        argv = [*place.prefix, need(self.program), *self.options(configuration)]
        self._process = Process(argv, self.folder / "log", {**os.environ, "HOME": str(self.folder)})

    def adapted(self, text: str) -> str:
        """The configuration with this machine's paths."""
        raise NotImplementedError

    def options(self, configuration: Path) -> list[str]:
        """The arguments that keep it in the foreground."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._process.wait_for_line(self.ready)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.end(signal.SIGTERM)
        self._scratch.cleanup()


class Nginx(_Proxy):
    """Passes on pages, WebSockets, and TURN over TLS."""

    program = "nginx"
    ready = "(start worker process)"

    def __init__(self, place: Namespace, name: str, changes: Mapping[str, str] = {}) -> None:
        [text] = configurations("nginx")
        super().__init__(place, name, text, changes)

    @staticmethod
    def location_below(path: str, port: int) -> dict[str, str]:
        """The change that also serves an Eyeline on another port, below a path."""
        [text] = configurations("nginx")
        [block] = re.findall(r" +location / \{.*?\n +\}\n", text, re.DOTALL)
        return {block: block + block.replace("location /", f"location {path}/").replace(":8000", f":{port}")}

    def adapted(self, text: str) -> str:
        text = text.replace("load_module modules/", "load_module /usr/lib/nginx/modules/")
        text = text.replace(f"/etc/ssl/{SITE}/fullchain.pem", str(self.certificate))
        return text.replace(f"/etc/ssl/{SITE}/privkey.pem", str(self.key))

    def options(self, configuration: Path) -> list[str]:
        own = f"daemon off; pid {self.folder}/pid; error_log stderr notice;"
        return ["-p", str(self.folder), "-c", str(configuration), "-g", own]


class HaProxy(_Proxy):
    """Passes on bytes, or HTTP requests."""

    program = "haproxy"
    ready = "(Loading success)"

    def __init__(self, place: Namespace, name: str, *, http: bool, changes: Mapping[str, str] = {}) -> None:
        super().__init__(place, name, configurations("haproxy")[http], changes)

    def adapted(self, text: str) -> str:
        both = self.folder / "both.pem"
        both.touch(mode=0o600)
        both.write_bytes(self.certificate.read_bytes() + self.key.read_bytes())
        text = text.replace("maxconn 20000", "maxconn 200")  # more needs more files than a test may open
        return text.replace(f"/etc/haproxy/{SITE}.pem", str(both))

    def options(self, configuration: Path) -> list[str]:
        return ["-W", "-db", "-f", str(configuration)]


class Caddy(_Proxy):
    """Passes on HTTP requests, also those by HTTP/2."""

    program = "caddy"
    ready = "(serving initial configuration)"

    def __init__(self, place: Namespace, name: str) -> None:
        [text] = configurations("caddyfile")
        super().__init__(place, name, text, {})

    def adapted(self, text: str) -> str:
        return text.replace(f"{SITE} {{", f"{SITE} {{\n    tls {self.certificate} {self.key}")

    def options(self, configuration: Path) -> list[str]:
        return ["run", "--config", str(configuration), "--adapter", "caddyfile"]
