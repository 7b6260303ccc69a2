"""Static files: the web app as browsers get it, from a small build in a folder."""

import asyncio
import gzip
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from eyeline.errors import SetupError
from eyeline.serve.http.static_files import StaticFiles

PAGE = '<!doctype html><head><base href="/" /><script src="./assets/app-1.js"></script></head>'
PHONE = PAGE.replace("app-1", "phone-1")
SCRIPT = "console.log(1)"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    texts = {"index.html": PAGE, "phone.html": PHONE, "assets/app-1.js": SCRIPT}
    texts |= {"sdk/eyeline.js": "export {}", "sdk/eyeline.d.ts": ""}
    for name, text in texts.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        Path(f"{path}.gz").write_bytes(gzip.compress(text.encode()))
        Path(f"{path}.br").write_bytes(b"as brotli: " + text.encode())
    (tmp_path / "assets" / "inter.woff2").write_bytes(b"wOF2")
    (tmp_path / ".built-from").write_text("digest", encoding="ascii")
    return tmp_path


@pytest.fixture
def pages(folder: Path) -> StaticFiles:
    return StaticFiles(folder)


def ask(app: ASGIApp, path: str, method: str = "GET", root_path: str = "", **headers: str) -> httpx.Response:
    """Send a GET request, uncompressed by default: httpx alone would accept compressed responses."""
    asked = {"accept-encoding": "identity"} | {name.replace("_", "-"): value for name, value in headers.items()}

    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(app, root_path=root_path)
        async with httpx.AsyncClient(transport=transport, base_url="http://tea.example") as client:
            return await client.request(method, path, headers=asked)

    return asyncio.run(once())


def raw_body(app: ASGIApp, path: str, accept_encoding: str) -> tuple[bytes, str | None]:
    """The raw body and its encoding: httpx would decode it."""
    sent = []

    async def once() -> None:
        async def send(message: object) -> None:
            sent.append(message)

        headers = [(b"accept-encoding", accept_encoding.encode())]
        scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": headers}
        await app(scope, None, send)  # type: ignore[arg-type]  # nothing is received

    asyncio.run(once())
    start, body = sent
    encoding = dict(start["headers"]).get(b"content-encoding", b"").decode()  # type: ignore[index]
    return body["body"], encoding or None  # type: ignore[index]


@pytest.mark.parametrize("path", ["/", "/test", "/r/tea", "/r/tea.time", "/r/%F0%9F%8D%B5"])
def test_home_test_and_room_paths_serve_the_page(pages: StaticFiles, path: str) -> None:
    answer = ask(pages, path)
    assert (answer.status_code, answer.text) == (200, PAGE)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/elsewhere", "/test/x", "/r/", "/r/tea/time", "/index"])
def test_unknown_path_serves_the_page_with_404(pages: StaticFiles, path: str) -> None:
    answer = ask(pages, path)
    assert (answer.status_code, answer.text) == (404, PAGE)


def test_phone_is_served_while_sip_is_on(folder: Path) -> None:
    on = [False]
    pages = StaticFiles(folder, phone=lambda: on[0])
    assert ask(pages, "/phone").status_code == 404
    on[0] = True
    answer = ask(pages, "/phone", root_path="/call")
    assert answer.status_code == 200
    assert answer.text == PHONE.replace('<base href="/" />', '<base href="/call/">')
    assert answer.headers["content-security-policy"] == ask(pages, "/").headers["content-security-policy"]
    assert ask(pages, "/phone.html").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/assets/app-0.js", "/favicon.ico", "/.built-from", "/assets/app-1.js.br", "/index.html", "/..%2f..%2fetc/x.y"],
)
def test_unknown_file_does_not_serve_the_page(pages: StaticFiles, path: str) -> None:
    answer = ask(pages, path)
    assert (answer.status_code, answer.text) == (404, "File not found.\n")


def test_nothing_outside_the_build_can_be_read(folder: Path) -> None:
    secret = folder.parent / "secret.txt"
    secret.write_text("secret", encoding="ascii")
    for path in (
        f"/../{secret.name}",
        f"/%2e%2e/{secret.name}",
        str(secret),
        f"//{secret}",
        "/assets/../../secret.txt",
    ):
        assert "secret" not in ask(StaticFiles(folder), path).text


def test_hashed_file_is_cached_for_a_year(pages: StaticFiles) -> None:
    answer = ask(pages, "/assets/app-1.js")
    assert (answer.status_code, answer.text) == (200, SCRIPT)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"


@pytest.mark.parametrize("path", ["/sdk/eyeline.js", "/sdk/eyeline.d.ts"])
def test_sdk_may_be_imported_by_any_page_and_is_revalidated(pages: StaticFiles, path: str) -> None:
    headers = ask(pages, path).headers
    assert headers["access-control-allow-origin"] == "*"
    assert headers["cross-origin-resource-policy"] == "cross-origin"
    assert headers["cache-control"] == "public, max-age=300, must-revalidate"


def test_sdk_names_its_declarations_for_typescript(pages: StaticFiles) -> None:
    headers = ask(pages, "/sdk/eyeline.js").headers
    answer = ask(pages, f"/sdk/{headers['x-typescript-types']}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert "x-typescript-types" not in ask(pages, "/assets/app-1.js").headers


def test_other_files_are_same_origin_only(pages: StaticFiles) -> None:
    for path in ("/", "/assets/app-1.js"):
        assert ask(pages, path).headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in ask(pages, path).headers


@pytest.mark.parametrize(
    ("accepted", "encoding", "body"),
    [
        ("gzip, br", "br", b"as brotli: " + SCRIPT.encode()),
        ("gzip", "gzip", gzip.compress(SCRIPT.encode(), mtime=0)),
        ("zstd", None, SCRIPT.encode()),
    ],
)
def test_client_gets_an_encoding_it_accepts(
    pages: StaticFiles, accepted: str, encoding: str | None, body: bytes
) -> None:
    sent, named = raw_body(pages, "/assets/app-1.js", accepted)
    assert named == encoding
    assert gzip.decompress(sent) == gzip.decompress(body) if encoding == "gzip" else sent == body


def test_response_varies_by_accept_encoding(pages: StaticFiles) -> None:
    plain, packed = ask(pages, "/assets/app-1.js"), ask(pages, "/assets/app-1.js", "HEAD", accept_encoding="br")
    assert plain.headers["vary"] == packed.headers["vary"] == "accept-encoding"
    assert plain.headers["etag"] != packed.headers["etag"]
    assert "vary" not in ask(pages, "/assets/inter.woff2").headers


def test_unchanged_file_is_not_sent_again(pages: StaticFiles) -> None:
    first = ask(pages, "/")
    again = ask(pages, "/", if_none_match=first.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    for name in ("etag", "vary", "cache-control", "content-security-policy"):
        assert again.headers[name] == first.headers[name]
    assert ask(pages, "/", if_none_match='"other"').status_code == 200


def test_head_is_get_without_the_body(pages: StaticFiles) -> None:
    got, head = ask(pages, "/"), ask(pages, "/", "HEAD")
    assert head.content == b""
    assert head.headers == got.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_refused(pages: StaticFiles, method: str) -> None:
    answer = ask(pages, "/", method)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_page_may_run_only_our_scripts_and_use_camera_and_microphone(pages: StaticFiles) -> None:
    headers = ask(pages, "/r/tea").headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert (policy["default-src"], policy["script-src"], policy["style-src"]) == (
        "'none'",
        "'self' 'wasm-unsafe-eval'",
        "'self'",
    )
    assert (policy["frame-ancestors"], policy["require-trusted-types-for"]) == ("'none'", "'script'")
    assert "camera=(self)" in headers["permissions-policy"]
    assert "geolocation=()" in headers["permissions-policy"]


def test_page_may_be_framed_only_by_the_given_origins(folder: Path) -> None:
    pages = StaticFiles(folder, frame_ancestors=("https://a.example", "http://b.example:8080"))
    for path in ("/", "/r/tea", "/nowhere"):
        policy = ask(pages, path).headers["content-security-policy"].split("; ")
        assert policy.count("frame-ancestors https://a.example http://b.example:8080") == 1
        assert "frame-ancestors 'none'" not in policy


@pytest.mark.parametrize("path", ["/", "/assets/app-1.js", "/nothing.js", "/sdk/eyeline.js"])
def test_every_response_forbids_sniffing_and_sends_no_referrer(pages: StaticFiles, path: str) -> None:
    headers = ask(pages, path).headers
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")


@pytest.mark.parametrize("path", ["/call/", "/call/r/tea"])
def test_mounted_page_finds_its_files_under_the_prefix(pages: StaticFiles, path: str) -> None:
    site = Starlette(routes=[Mount("/call", pages)])
    answer = ask(site, path)
    assert '<base href="/call/">' in answer.text
    assert ask(site, "/call/assets/app-1.js").text == SCRIPT


def test_server_that_strips_the_prefix_gets_the_same_page(pages: StaticFiles) -> None:
    answer = ask(pages, "/r/tea", root_path="/call")
    assert '<base href="/call/">' in answer.text
    assert ask(pages, "/assets/app-1.js", root_path="/call").text == SCRIPT


def test_mount_point_without_trailing_slash_serves_home(pages: StaticFiles) -> None:
    assert ask(pages, "/call", root_path="/call").status_code == 200


def test_each_prefix_has_its_own_etag(pages: StaticFiles) -> None:
    tags = {ask(pages, "/", root_path=prefix).headers["etag"] for prefix in ("", "/call", "/talk")}
    assert len(tags) == 3


def test_mounted_page_is_compressed_too(pages: StaticFiles) -> None:
    answer = ask(pages, "/", root_path="/call", accept_encoding="br, gzip")
    assert answer.headers["content-encoding"] == "gzip"
    assert '<base href="/call/">' in answer.text


@pytest.mark.parametrize("prefix", ['/"><script>', "//evil.example", "/a b"])
def test_hostile_prefix_stays_a_path(pages: StaticFiles, prefix: str) -> None:
    base = ask(pages, "/", root_path=prefix).text.partition("<base href=")[2].partition("</head>")[0].partition("><")[0]
    assert base.startswith('"/')
    assert not base.startswith('"//')
    assert "<" not in base
    assert base.count('"') == 2


def test_missing_build_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="run `make serve`"):
        StaticFiles(tmp_path)


def test_build_without_a_base_href_is_refused(folder: Path) -> None:
    (folder / "index.html").write_text("<title>other</title>", encoding="utf-8")
    with pytest.raises(SetupError, match="<base href"):
        StaticFiles(folder)


def test_file_of_an_unknown_type_is_refused_at_start(folder: Path) -> None:
    (folder / "assets" / "film.avi").write_bytes(b"")
    with pytest.raises(SetupError, match=r"content type of '\.avi' is unknown"):
        StaticFiles(folder)


def test_no_request_reads_the_disk(folder: Path) -> None:
    pages = StaticFiles(folder)
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assert ask(pages, "/assets/app-1.js").text == SCRIPT
    assert ask(pages, "/r/tea").text == PAGE
