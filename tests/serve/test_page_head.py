"""The head of the page: link previews, and the operator's name and links."""

import struct
from html.parser import HTMLParser

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from tests.serve.test_static_files import ask

from eyeline.serve.app import build
from eyeline.serve.http.static_files import BUILD
from eyeline.settings import read


class Metas(HTMLParser):
    """The `<meta>` elements of a page, by name or property."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        name = told.get("property") or told.get("name")
        if tag == "meta" and name is not None and "media" not in told:
            assert name not in self.found, "each only once"
            self.found[name] = told["content"] or ""


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("data"))


def metas(folder: str, path: str, flags: dict[str, str] | None = None, **headers: str) -> dict[str, str]:
    return Metas(ask(build(read({"data_dir": folder, **(flags or {})}, {})), path, **headers).text).found


def test_link_to_a_call_has_a_preview_that_says_nothing_of_the_room(folder: str) -> None:
    found = metas(folder, "/r/secret-plan", host="meet.local:8000")
    assert found["og:title"] == "Join the call"
    assert found["og:image"] == "http://meet.local:8000/invitation.png"
    assert found["twitter:card"] == "summary_large_image"
    assert not any("secret" in value for value in found.values())


def test_start_page_has_a_preview_of_its_own(folder: str) -> None:
    assert metas(folder, "/")["og:title"] == "Eyeline"
    assert metas(folder, "/", {"site_name": "Tea Society"})["og:title"] == "Tea Society"


def test_unknown_address_is_no_invitation(folder: str) -> None:
    assert metas(folder, "/elsewhere")["og:title"] == "Eyeline"


def test_picture_is_below_the_public_url(folder: str) -> None:
    found = metas(folder, "/calls/r/tea", {"public_url": "https://example.org/calls/"})
    assert found["og:image"] == "https://example.org/calls/invitation.png"


def test_picture_is_below_the_mount_point(folder: str) -> None:
    site = Starlette(routes=[Mount("/calls", build(read({"data_dir": folder}, {})))])
    page = ask(site, "/calls/r/tea", host="example.org").text
    assert Metas(page).found["og:image"] == "http://example.org/calls/invitation.png"
    assert '<base href="/calls/">' in page


def test_picture_has_the_size_that_the_preview_says_and_may_be_shown_elsewhere(folder: str) -> None:
    answer = ask(build(read({"data_dir": folder}, {})), "/invitation.png")
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    size = struct.unpack(">II", answer.content[16:24])
    found = metas(folder, "/")
    assert size == (int(found["og:image:width"]), int(found["og:image:height"])) == (1200, 630)


def test_operators_name_and_links_are_in_every_page(folder: str) -> None:
    links = {"imprint_url": "https://example.org/i?a=1&b", "contact_url": "mailto:x@y.example"}
    flags = {"site_name": 'Tea & "Cake" <b>', **links}
    for path in ("/", "/test", "/r/tea", "/nowhere"):
        found = metas(folder, path, flags)
        assert found["application-name"] == found["og:site_name"] == 'Tea & "Cake" <b>'
        assert found["imprint-url"] == "https://example.org/i?a=1&b"
        assert found["contact-url"] == "mailto:x@y.example"


def test_without_settings_no_operator_is_named(folder: str) -> None:
    assert not {"application-name", "imprint-url", "contact-url"} & metas(folder, "/").keys()


def test_hostile_host_header_stays_text(folder: str) -> None:
    page = ask(build(read({"data_dir": folder}, {})), "/", host='"><script>').text
    assert page.count("<script") == (BUILD / "index.html").read_text(encoding="utf-8").count("<script")


def test_page_is_compressed_and_revalidated(folder: str) -> None:
    app = build(read({"data_dir": folder}, {}))
    first = ask(app, "/r/tea", accept_encoding="gzip, br")
    assert first.headers["content-encoding"] == "gzip"
    again = ask(app, "/r/tea", accept_encoding="gzip, br", if_none_match=first.headers["etag"])
    assert again.status_code == 304
