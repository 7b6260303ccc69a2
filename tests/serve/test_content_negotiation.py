"""Content negotiation (`Accept-Encoding`) and conditional requests (`If-None-Match`)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eyeline.serve.http.content_negotiation import Encoding, preferred, unchanged

ALL: tuple[Encoding, ...] = ("br", "gzip", "identity")


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("GZIP;q=0.5", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0.1, gzip;q=0.9", "gzip"),
        ("br ; q=1", "br"),
        ("*", "br"),
        ("*;q=0, gzip", "gzip"),
        ("identity", "identity"),
        ("", "identity"),
        ("zstd", "identity"),
        ("br;q=many", "identity"),
    ],
)
def test_client_gets_the_smallest_of_its_preferred_encodings(accepted: str, encoding: Encoding) -> None:
    assert preferred(accepted, ALL) == encoding


def test_unavailable_encoding_is_not_chosen() -> None:
    assert preferred("br, gzip", ("gzip", "identity")) == "gzip"


@given(st.text())
def test_any_accept_encoding_gives_an_available_encoding(accepted: str) -> None:
    assert preferred(accepted, ("gzip", "identity")) in ("gzip", "identity")


@pytest.mark.parametrize("held", ['"a"', 'W/"a"', '"b", "a"', "*"])
def test_matching_etag_means_not_modified(held: str) -> None:
    assert unchanged(held, '"a"')


@pytest.mark.parametrize("held", ["", '"b"', "a", '"aa"'])
def test_other_etag_means_modified(held: str) -> None:
    assert not unchanged(held, '"a"')
