"""Static files of the web app, served from memory with caching and security headers.

No request touches the file system: paths are looked up in a table that is filled at start.
"""

import gzip
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from html import escape
from pathlib import Path
from urllib.parse import quote

from starlette.types import Receive, Scope, Send

from eyeline.errors import SetupError
from eyeline.serve.http import page_head
from eyeline.serve.http.content_negotiation import Encoding
from eyeline.serve.http.docs_site import PREFIX, DocsSite
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

BUILD = Path(__file__).parents[2] / "web"
"""The folder in which the build hook puts the web app."""

_PAGES_KEPT = 32
"""How many pages are cached (LRU): for each mount point and public URL, one of a call and one for the rest."""
_BASE = re.compile(rb'<base href="/"\s*/?>')
_PLACE = re.compile(r"/|/test|/r/[^/]+")
"""The paths of the app's pages; at other paths it shows "not found"."""
_CALL = "/r/"
_PHONE = "/phone"
_FILE_NAME = re.compile(r".*\.[^/]*")
_COMPRESSED: dict[str, Encoding] = {".br": "br", ".gz": "gzip"}


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
_CROSS_ORIGIN: tuple[HeaderField, ...] = (
    (b"cache-control", b"public, max-age=300, must-revalidate"),
    (b"access-control-allow-origin", b"*"),
    (b"cross-origin-resource-policy", b"cross-origin"),
)


_NOT_FOUND_TEXT = b"File not found.\n"
_WRONG_METHOD_TEXT = b"Only GET and HEAD are allowed here.\n"
_TEXT = (b"content-type", TYPES[".txt"])


class StaticFiles:
    """ASGI application for the web app, at the root of a site or mounted under any prefix.

    The page's `<base href>` is set to `root_path`, whether or not the server leaves that in `path`.  Raises SetupError
    if `folder` doesn't contain a build.

    `head` gives what is added to the head of a page, as HTML; the second argument says whether it's that of a call.
    `frame_ancestors` are the web origins whose pages may show these in a frame.  `docs` is what is below `/docs`.
    `phone` says whether the SIP phone is served, at `/phone`.
    """

    def __init__(
        self,
        folder: Path = BUILD,
        head: Callable[[Scope, bool], str] = lambda _scope, _call: "",
        frame_ancestors: Sequence[str] = (),
        docs: DocsSite | None = None,
        phone: Callable[[], bool] = lambda: False,
    ) -> None:
        self._files = _load(folder, _document(frame_ancestors))
        page, phone_page = (self._files.pop(f"/{name}.html", None) for name in ("index", "phone"))
        if page is None or phone_page is None:
            raise SetupError(f"There is no web app in {folder}: run `make serve`, or install the package with pip.")
        if not _BASE.search(page.bodies["identity"].content):
            raise SetupError(f"The web app in {folder} isn't Eyeline's: its page has no <base href=\"/\">.")
        self._docs = DocsSite() if docs is None else docs
        self._head = head
        self._phone = phone
        self._completed = lru_cache(_PAGES_KEPT)(lambda prefix, head: _completed(page, prefix, head))
        self._completed_phone = lru_cache(_PAGES_KEPT)(lambda prefix, head: _completed(phone_page, prefix, head))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI 3: handles `http`, and refuses WebSockets."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})
        elif scope["method"] not in ("GET", "HEAD"):
            await answer(scope, send, 405, [_TEXT, (b"allow", b"GET, HEAD")], _WRONG_METHOD_TEXT)
        else:
            await self._get(scope, send)

    async def _get(self, scope: Scope, send: Send) -> None:
        prefix: str = scope.get("root_path", "").rstrip("/")
        path = _below(prefix, scope["path"])
        if path == PREFIX or path.startswith(f"{PREFIX}/"):
            await self._docs.get(scope, send, prefix, path.removeprefix(PREFIX))
            return
        file = self._files.get(path)
        if file is not None:
            await send_file(scope, send, 200, file)
        elif _PLACE.fullmatch(path):
            await send_file(scope, send, 200, self._page(scope, prefix, call=path.startswith(_CALL)))
        elif path.rstrip("/") == _PHONE and self._phone():
            await send_file(scope, send, 200, self._completed_phone(prefix, self._head(scope, False)))
        elif _FILE_NAME.fullmatch(path):
            await answer(scope, send, 404, [_TEXT, (b"cache-control", b"no-store")], _NOT_FOUND_TEXT)
        else:
            await send_file(scope, send, 404, self._page(scope, prefix, call=False))

    def _page(self, scope: Scope, prefix: str, *, call: bool) -> File:
        return self._completed(prefix, self._head(scope, call))


def _below(prefix: str, path: str) -> str:
    """The path inside the app: Starlette keeps the prefix in the path, other frameworks remove it."""
    inside = path[len(prefix) :] if prefix and (path == prefix or path.startswith(f"{prefix}/")) else path
    return inside or "/"


def _load(folder: Path, document: tuple[HeaderField, ...]) -> dict[str, File]:
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


def _file(policy: tuple[HeaderField, ...], path: Path, compressed: Mapping[Encoding, Path]) -> File:
    if path.suffix not in TYPES:
        raise SetupError(f"The web app contains {path}, but the content type of '{path.suffix}' is unknown.")
    bodies = {encoding: body(copy.read_bytes()) for encoding, copy in compressed.items()}
    bodies["identity"] = body(path.read_bytes())
    content_type = (b"content-type", TYPES[path.suffix])
    return File(bodies, (*policy, content_type, *_declarations(path), *varies(bodies)))


def _document(frame_ancestors: Sequence[str]) -> tuple[HeaderField, ...]:
    policy = f"{_CONTENT_SECURITY_POLICY}; frame-ancestors " + (" ".join(frame_ancestors) or "'none'")
    return (
        *REVALIDATE,
        (b"content-security-policy", policy.encode()),
        (b"permissions-policy", _PERMISSIONS.encode()),
    )


def _policy(name: str) -> tuple[HeaderField, ...]:
    match name.partition("/")[0]:
        case "assets":
            return IMMUTABLE
        case "sdk" | page_head.PICTURE:
            return _CROSS_ORIGIN
        case _:
            return REVALIDATE


def _declarations(script: Path) -> tuple[HeaderField, ...]:
    """Where Deno and editors find the TypeScript declarations of a script."""
    types = script.with_suffix(".d.ts")
    return ((b"x-typescript-types", f"./{types.name}".encode()),) if types.exists() else ()


def _completed(page: File, prefix: str, head: str) -> File:
    """The page for a mount point, with `head` in its head.  The build's compressed copies have neither."""
    prefix = prefix.strip("/")
    if not prefix and not head:
        return page
    href = escape(quote(f"/{prefix}/")) if prefix else "/"
    base = f'<base href="{href}">{head}'.encode()
    content = _BASE.sub(lambda _: base, page.bodies["identity"].content, count=1)
    bodies: dict[Encoding, Body] = {"identity": body(content), "gzip": body(gzip.compress(content, mtime=0))}
    headers = tuple(header for header in page.headers if header[0] != b"vary")
    return File(bodies, (*headers, *varies(bodies)))
