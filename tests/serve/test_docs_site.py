"""The docs below `/docs`, from a small site in a folder."""

import gzip
import hashlib
from base64 import b64encode
from pathlib import Path

import pytest
from tests.serve.test_static_files import ask, raw_body

from eyeline.serve.http.docs_site import DocsSite
from eyeline.serve.http.static_files import BUILD, StaticFiles

PAGE = (
    "<!doctype html><title>Tea</title><script>steep()</script><script src='../assets/bundle.0a1b2c3d.min.js'></script>"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    texts = {"index.html": "start", "tea/index.html": PAGE, "assets/bundle.0a1b2c3d.min.js": "1", "search.json": "{}"}
    for name, text in (texts | {"files/fly.toml": "app", "assets/eyeline.css": ":root{}"}).items():
        path = tmp_path / f"{name}.gz"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(gzip.compress(text.encode()))
    (tmp_path / "assets" / "inter.woff2").write_bytes(b"wOF2")
    (tmp_path / ".built-from").write_text("digest", encoding="ascii")
    return tmp_path


@pytest.fixture
def pages(folder: Path) -> StaticFiles:
    return StaticFiles(BUILD, docs=DocsSite(folder))


def test_page_is_served_by_the_name_of_its_folder(pages: StaticFiles) -> None:
    answer = ask(pages, "/docs/tea/")
    assert (answer.status_code, answer.text) == (200, PAGE)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert ask(pages, "/docs/").text == "start"


@pytest.mark.parametrize(("path", "location"), [("/docs", "docs/"), ("/docs/tea", "tea/"), ("/calls/docs", "docs/")])
def test_missing_slash_is_added_wherever_the_docs_are(pages: StaticFiles, path: str, location: str) -> None:
    answer = ask(pages, path, root_path="/calls")
    assert (answer.status_code, answer.headers["location"]) == (308, location)


def test_docs_are_there_below_a_path(pages: StaticFiles) -> None:
    assert ask(pages, "/calls/docs/tea/", root_path="/calls").text == PAGE
    assert '<a href="/calls/docs/">' in ask(pages, "/calls/docs/coffee/", root_path="/calls").text


def test_client_gets_gzip_if_it_accepts_that_and_else_the_text(pages: StaticFiles) -> None:
    packed, encoding = raw_body(pages, "/docs/tea/", "br, gzip")
    assert (gzip.decompress(packed).decode(), encoding) == (PAGE, "gzip")
    assert raw_body(pages, "/docs/tea/", "br") == (PAGE.encode(), None)
    assert ask(pages, "/docs/tea/").headers["vary"] == "accept-encoding"


def test_page_that_has_not_changed_is_not_sent_again(pages: StaticFiles) -> None:
    etag = ask(pages, "/docs/tea/").headers["etag"]
    assert ask(pages, "/docs/tea/", if_none_match=etag).status_code == 304


def test_only_files_with_a_hash_in_their_name_are_cached_for_good(pages: StaticFiles) -> None:
    assert "immutable" in ask(pages, "/docs/assets/bundle.0a1b2c3d.min.js").headers["cache-control"]
    for path in ("/docs/tea/", "/docs/search.json", "/docs/assets/eyeline.css", "/docs/assets/inter.woff2"):
        assert ask(pages, path).headers["cache-control"] == "no-cache"


def test_policy_allows_the_inline_scripts_of_the_page_and_no_others(pages: StaticFiles) -> None:
    [scripts] = [
        rule
        for rule in ask(pages, "/docs/tea/").headers["content-security-policy"].split("; ")
        if rule.startswith("script-src")
    ]
    digest = b64encode(hashlib.sha256(b"steep()").digest()).decode()
    assert scripts == f"script-src 'self' 'sha256-{digest}'"


def test_pages_of_the_docs_may_not_use_camera_or_microphone(pages: StaticFiles) -> None:
    permissions = ask(pages, "/docs/tea/").headers["permissions-policy"]
    assert {"camera=()", "microphone=()"} <= set(permissions.split(", "))


def test_pages_load_and_send_nothing_elsewhere(pages: StaticFiles) -> None:
    policy = ask(pages, "/docs/tea/").headers["content-security-policy"]
    rules = {name: sources.split() for name, _, sources in (rule.partition(" ") for rule in policy.split("; "))}
    allowed = {source for sources in rules.values() for source in sources if not source.startswith("'sha256-")}
    assert allowed == {"'none'", "'self'", "data:"}
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == rules["frame-ancestors"] == ["'none'"]


def test_pages_of_calls_keep_their_stricter_policy(pages: StaticFiles) -> None:
    policy = ask(pages, "/").headers["content-security-policy"]
    assert "sha256-" not in policy
    assert "require-trusted-types-for 'script'" in policy


def test_file_that_a_page_links_to_is_text_to_read(pages: StaticFiles) -> None:
    answer = ask(pages, "/docs/files/fly.toml")
    assert (answer.text, answer.headers["content-type"]) == ("app", "text/plain; charset=utf-8")


@pytest.mark.parametrize("path", ["/docs/coffee", "/docs/tea/x.png", "/docs/.built-from", "/docs/%2e%2e/index.html"])
def test_what_is_not_there_leads_to_the_start_of_the_docs(pages: StaticFiles, path: str) -> None:
    answer = ask(pages, path)
    assert answer.status_code == 404
    assert '<a href="/docs/">' in answer.text


def test_installation_without_docs_says_how_to_build_them(tmp_path: Path) -> None:
    pages = StaticFiles(BUILD, docs=DocsSite(tmp_path / "nothing"))
    for path in ("/docs", "/docs/", "/docs/tea/"):
        answer = ask(pages, path)
        assert answer.status_code == 404
        assert "<code>make docs</code>" in answer.text


def test_other_paths_that_begin_like_it_are_not_the_docs(pages: StaticFiles) -> None:
    assert ask(pages, "/docsis").text == ask(pages, "/elsewhere").text
