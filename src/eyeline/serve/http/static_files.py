"""Static files of the web app, served from memory with caching and security headers.

No request touches the file system: paths are looked up in a table that is filled at start.
"""

import gzip
import hashlib
import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from eyeline.errors import SetupError
from eyeline.serve.http import page_head
from eyeline.serve.http.content_negotiation import Encoding, preferred, unchanged

BUILD = Path(__file__).parents[2] / "web"
"""The folder in which the build hook puts the web app."""

_PAGES_KEPT = 32
"""How many pages are cached (LRU): for each mount point and public URL, one of a call and one for the rest."""
_BASE = re.compile(rb'<base href="/"\s*/?>')
_PLACE = re.compile(r"/|/test|/r/[^/]+")
"""The paths of the app's pages; at other paths it shows "not found"."""
_CALL = "/r/"
_FILE_NAME = re.compile(r".*\.[^/]*")
_COMPRESSED: dict[str, Encoding] = {".br": "br", ".gz": "gzip"}

_HtmlStatus = Literal[200, 404]
_Header = tuple[bytes, bytes]

_TYPES = {
    ".css": b"text/css; charset=utf-8",
    ".html": b"text/html; charset=utf-8",
    ".ico": b"image/x-icon",
    ".js": b"text/javascript; charset=utf-8",
    ".json": b"application/json",
    ".mp3": b"audio/mpeg",
    ".ogg": b"audio/ogg",
    ".png": b"image/png",
    ".svg": b"image/svg+xml",
    ".ts": b"text/plain; charset=utf-8",  # to read in a browser; the type registered for .ts is a video
    ".txt": b"text/plain; charset=utf-8",
    ".wasm": b"application/wasm",
    ".webmanifest": b"application/manifest+json",
    ".webp": b"image/webp",
    ".woff2": b"font/woff2",
}

_CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",  # WebAssembly of our own, for noise suppression; no eval of JavaScript
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "font-src 'self'",
        "media-src 'self' blob:",
        "connect-src 'self'",  # covers ws: and wss: to the same host in every browser that can run the app
        "manifest-src 'self'",
        "base-uri 'self'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
)
_PERMISSIONS = ", ".join(
    [f"{name}=(self)" for name in ("autoplay", "camera", "clipboard-write", "display-capture", "fullscreen")]
    + [f"{name}=(self)" for name in ("microphone", "picture-in-picture", "screen-wake-lock")]
    + [f"{name}=()" for name in ("accelerometer", "geolocation", "gyroscope", "hid", "magnetometer", "midi")]
    + [f"{name}=()" for name in ("payment", "serial", "usb", "xr-spatial-tracking")]
)
_ALWAYS: tuple[_Header, ...] = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"))
_SAME_ORIGIN: _Header = (b"cross-origin-resource-policy", b"same-origin")
_IMMUTABLE: tuple[_Header, ...] = ((b"cache-control", b"public, max-age=31536000, immutable"), _SAME_ORIGIN)
_REVALIDATE: tuple[_Header, ...] = ((b"cache-control", b"no-cache"), _SAME_ORIGIN)
_CROSS_ORIGIN: tuple[_Header, ...] = (
    (b"cache-control", b"public, max-age=300, must-revalidate"),
    (b"access-control-allow-origin", b"*"),
    (b"cross-origin-resource-policy", b"cross-origin"),
)


class _Body(NamedTuple):
    content: bytes
    etag: str


class _File(NamedTuple):
    """One file in all its encodings, with the headers that they share."""

    bodies: Mapping[Encoding, _Body]
    headers: tuple[_Header, ...]


_NOT_FOUND_TEXT = b"File not found.\n"
_WRONG_METHOD_TEXT = b"Only GET and HEAD are allowed here.\n"
_TEXT = (b"content-type", _TYPES[".txt"])


class StaticFiles:
    """ASGI application for the web app, at the root of a site or mounted under any prefix.

    The page's `<base href>` is set to `root_path`, whether or not the server leaves that in `path`.  Raises SetupError
    if `folder` doesn't contain a build.

    `head` gives what is added to the head of a page, as HTML; the second argument says whether it's that of a call.
    `frame_ancestors` are the web origins whose pages may show these in a frame.
    """

    def __init__(
        self,
        folder: Path = BUILD,
        head: Callable[[Scope, bool], str] = lambda _scope, _call: "",
        frame_ancestors: Sequence[str] = (),
    ) -> None:
        self._files = _load(folder, _document(frame_ancestors))
        page = self._files.pop("/index.html", None)
        if page is None:
            raise SetupError(f"There is no web app in {folder}: run `make serve`, or install the package with pip.")
        if not _BASE.search(page.bodies["identity"].content):
            raise SetupError(f"The web app in {folder} isn't Eyeline's: its page has no <base href=\"/\">.")
        self._head = head
        self._completed = lru_cache(_PAGES_KEPT)(lambda prefix, head: _completed(page, prefix, head))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI 3: handles `http`, and refuses WebSockets."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})
        elif scope["method"] not in ("GET", "HEAD"):
            await _answer(scope, send, 405, [_TEXT, (b"allow", b"GET, HEAD")], _WRONG_METHOD_TEXT)
        else:
            await self._get(scope, send)

    async def _get(self, scope: Scope, send: Send) -> None:
        prefix: str = scope.get("root_path", "").rstrip("/")
        path = _below(prefix, scope["path"])
        file = self._files.get(path)
        if file is not None:
            await _send_file(scope, send, 200, file)
        elif _PLACE.fullmatch(path):
            await _send_file(scope, send, 200, self._page(scope, prefix, call=path.startswith(_CALL)))
        elif _FILE_NAME.fullmatch(path):
            await _answer(scope, send, 404, [_TEXT, (b"cache-control", b"no-store")], _NOT_FOUND_TEXT)
        else:
            await _send_file(scope, send, 404, self._page(scope, prefix, call=False))

    def _page(self, scope: Scope, prefix: str, *, call: bool) -> _File:
        return self._completed(prefix, self._head(scope, call))


def _below(prefix: str, path: str) -> str:
    """The path inside the app: Starlette keeps the prefix in the path, other frameworks remove it."""
    inside = path[len(prefix) :] if prefix and (path == prefix or path.startswith(f"{prefix}/")) else path
    return inside or "/"


async def _send_file(scope: Scope, send: Send, status: _HtmlStatus, file: _File) -> None:
    asked = Headers(scope=scope)
    encoding = preferred(asked.get("accept-encoding", ""), file.bodies)
    body = file.bodies[encoding]
    headers = [*file.headers, (b"etag", body.etag.encode())]
    if status == 200 and unchanged(asked.get("if-none-match", ""), body.etag):
        await _answer(scope, send, 304, headers, None)
        return
    if encoding != "identity":
        headers.append((b"content-encoding", encoding.encode()))
    await _answer(scope, send, status, headers, body.content)


async def _answer(scope: Scope, send: Send, status: int, headers: list[_Header], body: bytes | None) -> None:
    """Send a response.  `None` means without content (304); HEAD gets the same headers as GET."""
    length = [] if body is None else [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": [*_ALWAYS, *headers, *length]})
    sent = b"" if body is None or scope["method"] == "HEAD" else body
    await send({"type": "http.response.body", "body": sent})


def _load(folder: Path, document: tuple[_Header, ...]) -> dict[str, _File]:
    """All files by their URL path; pages have the headers `document`.  Raises SetupError for a file of unknown type."""
    names = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {
        f"/{name}": _file(
            document if name.endswith(".html") else _policy(name),
            path,
            {_COMPRESSED[end]: names[f"{name}{end}"] for end in _COMPRESSED if f"{name}{end}" in names},
        )
        for name, path in names.items()
        if not path.name.startswith(".")
        and not (path.suffix in _COMPRESSED and name.removesuffix(path.suffix) in names)
    }


def _file(policy: tuple[_Header, ...], path: Path, compressed: Mapping[Encoding, Path]) -> _File:
    if path.suffix not in _TYPES:
        raise SetupError(f"The web app contains {path}, but the content type of '{path.suffix}' is unknown.")
    bodies = {encoding: _body(copy.read_bytes()) for encoding, copy in compressed.items()}
    bodies["identity"] = _body(path.read_bytes())
    content_type = (b"content-type", _TYPES[path.suffix])
    return _File(bodies, (*policy, content_type, *_declarations(path), *_varies(bodies)))


def _document(frame_ancestors: Sequence[str]) -> tuple[_Header, ...]:
    policy = f"{_CONTENT_SECURITY_POLICY}; frame-ancestors " + (" ".join(frame_ancestors) or "'none'")
    return (
        *_REVALIDATE,
        (b"content-security-policy", policy.encode()),
        (b"permissions-policy", _PERMISSIONS.encode()),
    )


def _policy(name: str) -> tuple[_Header, ...]:
    match name.partition("/")[0]:
        case "assets":
            return _IMMUTABLE
        case "sdk" | page_head.PICTURE:
            return _CROSS_ORIGIN
        case _:
            return _REVALIDATE


def _declarations(script: Path) -> tuple[_Header, ...]:
    """Where Deno and editors find the TypeScript declarations of a script."""
    types = script.with_suffix(".d.ts")
    return ((b"x-typescript-types", f"./{types.name}".encode()),) if types.exists() else ()


def _varies(bodies: Mapping[Encoding, _Body]) -> tuple[_Header, ...]:
    return ((b"vary", b"accept-encoding"),) if len(bodies) > 1 else ()


def _body(content: bytes) -> _Body:
    return _Body(content, f'"{b64encode(hashlib.sha256(content).digest()[:15], b"-_").decode()}"')


def _completed(page: _File, prefix: str, head: str) -> _File:
    """The page for a mount point, with `head` in its head.  The build's compressed copies have neither."""
    prefix = prefix.strip("/")
    if not prefix and not head:
        return page
    href = escape(quote(f"/{prefix}/")) if prefix else "/"
    base = f'<base href="{href}">{head}'.encode()
    content = _BASE.sub(lambda _: base, page.bodies["identity"].content, count=1)
    bodies: dict[Encoding, _Body] = {"identity": _body(content), "gzip": _body(gzip.compress(content, mtime=0))}
    headers = tuple(header for header in page.headers if header[0] != b"vary")
    return _File(bodies, (*headers, *_varies(bodies)))
