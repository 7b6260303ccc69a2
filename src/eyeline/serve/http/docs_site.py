"""The docs as a site, below `/docs`: what `tools/docs_site.py` has built, served from memory.

Its pages have scripts by Zensical, so they have a Content-Security-Policy of their own.  It allows their inline scripts
by their hashes, and doesn't ask for Trusted Types.  Neither camera nor microphone is allowed there.
"""

import asyncio
import gzip
import hashlib
import re
from base64 import b64encode
from html import escape
from pathlib import Path
from typing import Final
from urllib.parse import quote

from starlette.types import Scope, Send

from eyeline.serve.http.content_negotiation import Encoding
from eyeline.serve.http.file_response import (
    IMMUTABLE,
    REVALIDATE,
    TYPES,
    Body,
    File,
    HeaderField,
    answer,
    body,
    send_file,
    varies,
)

BUILD: Final = Path(__file__).parents[2] / "docs"
"""The folder in which the build hook puts the site."""

PREFIX: Final = "/docs"

_PLAIN: Final = TYPES[".txt"]
"""For files that a page links to, such as `fly.toml`: to read in a browser."""
_INLINE_SCRIPT: Final = re.compile(rb"<script>(.*?)</script>", re.DOTALL)
_SEARCH_STYLE: Final = "'sha256-NwSx/R2V/U4jnW0Tq5pQ53Y/rzPVJ4dqE7D6UTA/J1k='"
"""The inline style of Zensical's search, in the version that `hatch_build.py` names."""
_HASHED: Final = re.compile(r".*\.[0-9a-f]{8}(\.min)?\.(js|css)")
_PERMISSIONS: Final = b"camera=(), microphone=(), display-capture=(), geolocation=(), clipboard-write=(self)"

_STYLE: Final = (
    ":root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif;background:light-dark(#faf8f4,#0d1014);"
    "color:light-dark(#14171b,#f2f0eb)}body{max-width:34rem;margin:18vh auto;padding:0 24px}"
    "a{color:light-dark(#0b7a5b,#38d9a4)}"
)


class DocsSite:
    """Responses for everything below `/docs`.  Without a build there is one page, which says so."""

    def __init__(self, folder: Path = BUILD) -> None:
        self._folder = folder
        self._files: dict[str, File] | None = None
        self._loading = asyncio.Lock()

    async def get(self, scope: Scope, send: Send, prefix: str, path: str) -> None:
        """Answer GET or HEAD.  `path` is below `/docs`, and that is below `prefix`."""
        files = await self._loaded()
        file = files.get(f"{path}index.html" if path.endswith("/") else path)
        if file is not None:
            await send_file(scope, send, 200, file)
        elif f"{path}/index.html" in files:
            last = path.rpartition("/")[2] or PREFIX.removeprefix("/")
            await answer(scope, send, 308, [(b"location", f"{quote(last)}/".encode()), *REVALIDATE], b"")
        else:
            await _missing(scope, send, escape(quote(f"{prefix}{PREFIX}/")), built=bool(files))

    async def _loaded(self) -> dict[str, File]:
        """Load them with the first request (4 MB), because many servers are never asked for them.

        It takes some 20 ms, in a thread, so that calls and the relay don't wait.
        """
        async with self._loading:
            if self._files is None:
                self._files = await asyncio.to_thread(_load, self._folder)
            return self._files


async def _missing(scope: Scope, send: Send, start: str, *, built: bool) -> None:
    if built:
        title, what = "No such page", f'The docs have no such page. <a href="{start}">Go to their first page</a>.'
    else:
        title = "No docs here"
        what = "This installation has no docs. In a checkout, <code>make docs</code> builds them, then restart."
    page = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style><h1>{title}</h1><p>{what}"
    )
    policy = f"default-src 'none'; style-src {_hash(_STYLE.encode())}; frame-ancestors 'none'"
    headers = [
        (b"content-type", TYPES[".html"]),
        (b"content-security-policy", policy.encode()),
        (b"cache-control", b"no-store"),
    ]
    await answer(scope, send, 404, headers, page.encode())


def _load(folder: Path) -> dict[str, File]:
    """All files by their path below `/docs`; none if the site wasn't built.

    Text is in the folder only as gzip, which nearly every client accepts.
    """
    files = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            name = f"/{path.relative_to(folder).as_posix()}"
            packed = path.read_bytes()
            if path.suffix == ".gz":
                name = name.removesuffix(".gz")
                files[name] = _file(name, {"gzip": body(packed), "identity": body(gzip.decompress(packed))})
            else:
                files[name] = _file(name, {"identity": body(packed)})
    return files


def _file(name: str, bodies: dict[Encoding, Body]) -> File:
    kind = TYPES.get(Path(name).suffix, _PLAIN)
    return File(bodies, (*_headers(name, bodies["identity"].content), (b"content-type", kind), *varies(bodies)))


def _headers(name: str, content: bytes) -> tuple[HeaderField, ...]:
    if not name.endswith(".html"):
        return IMMUTABLE if _HASHED.fullmatch(name) else REVALIDATE
    policy = (
        "default-src 'none'",
        " ".join(["script-src 'self'", *map(_hash, _INLINE_SCRIPT.findall(content))]),
        f"style-src 'self' {_SEARCH_STYLE}",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
    return (
        *REVALIDATE,
        (b"content-security-policy", "; ".join(policy).encode()),
        (b"permissions-policy", _PERMISSIONS),
    )


def _hash(inline: bytes) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(inline).digest()).decode()}'"
