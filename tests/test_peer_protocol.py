"""What docs/peer-protocol.md says, implemented from that page alone, gives the known answers in tests/vectors."""

import json
import re
from functools import reduce
from hashlib import sha256
from typing import Annotated, Any, Final, Literal

import msgspec
import pytest
from msgspec import UNSET, Meta, Struct, UnsetType

from eyeline.signalling.messages import OwnerKey
from eyeline.signalling.moderation import room_of
from tests.support.examples import blocks
from tests.support.server import ROOT

PAGE: Final = "docs/peer-protocol.md"
CHUNK_BYTES: Final = 262_144
DAY_MS: Final = 24 * 3600 * 1000

Count = Annotated[int, Meta(ge=0, lt=2**53)]


def vectors(name: str) -> Any:
    return json.loads((ROOT / "tests/vectors" / name).read_text(encoding="utf-8"))


class Description(Struct):
    kind: Literal["offer", "answer"]
    number: Count
    ufrag: str
    sdp: str


class Candidate(Struct):
    ufrag: str
    candidate: str
    mid: str | None


class About(Struct):
    description: Description | UnsetType = UNSET
    candidate: Candidate | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.description is UNSET and self.candidate is UNSET:
            raise ValueError("neither a description nor a candidate")


class Signal(Struct):
    link: Count
    to: Count | None
    about: About


class Media(Struct):
    microphone: Literal["on", "muted", "none"]
    camera: Literal["on", "off", "none"]
    screen: Literal["on", "none"]


class Frame(Struct, tag_field="frame"): ...


class Message(Frame, tag="message"):
    n: Count
    data: Any


class Got(Frame, tag="got"):
    n: Count


class SaysMedia(Frame, tag="media"):
    media: Media


class Video(Frame, tag="video"):
    max_height: Count | None = msgspec.field(name="maxHeight")


class Words(Frame, tag="words"):
    words: str


class Leave(Frame, tag="leave"): ...


class Away(Frame, tag="away"): ...


KINDS: Final[dict[str, Any]] = {"signals": Signal, "frames": Message | Got | SaysMedia | Video | Words | Leave | Away}


@pytest.mark.parametrize("what", KINDS)
def test_signals_and_frames_of_the_vectors_are_as_described(what: str) -> None:
    kind, known = KINDS[what], vectors("frames.json")[what]
    for each in known["valid"]:
        assert msgspec.to_builtins(msgspec.convert(each, kind)) == each
    for each in known["invalid"]:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(each, kind)


def test_page_has_valid_signals_as_examples() -> None:
    read = [msgspec.json.decode(example, type=Signal) for example in blocks(PAGE, "json")]
    assert [each.about.description is UNSET for each in read] == [False, True]


@pytest.mark.parametrize("vector", vectors("rooms.json"), ids=lambda vector: str(vector["owner"]))
def test_owner_key_gives_the_name_of_its_room(vector: dict[str, str]) -> None:
    assert room_of(OwnerKey(vector["owner"])) == vector["room"]


def in_utf16(text: str) -> list[int]:
    """The code units, by which texts are sorted and hashed."""
    return [unit[0] << 8 | unit[1] for unit in zip(*[iter(text.encode("utf-16-be"))] * 2, strict=True)]


def line_hash(text: str) -> int:
    value = reduce(lambda value, unit: ((value ^ unit) * 0x01000193) & 0xFFFFFFFF, in_utf16(text), 0x811C9DC5)
    value = ((value ^ value >> 16) * 0x85EBCA6B) & 0xFFFFFFFF
    value = ((value ^ value >> 13) * 0xC2B2AE35) & 0xFFFFFFFF
    return value ^ value >> 16


def test_chat_lines_have_the_sums_and_the_order_of_the_vectors() -> None:
    chat = vectors("chat.json")
    assert {text: line_hash(text) for text in chat["hashes"]} == chat["hashes"]
    for author, expected in chat["sums"].items():
        hashes = [line_hash(f"{line['id']}:{line['revision']}") for line in chat["lines"] if line["author"] == author]
        count, _, total = expected.partition(".")
        assert (int(count), int(total, 36)) == (len(hashes), sum(hashes) % 2**32)
    assert sorted(chat["order"], key=lambda line: (line[0], in_utf16(line[1]), in_utf16(line[2]))) == chat["order"]


def written_clock(known: int, now: int) -> int:
    return now if known == 0 or known < now <= known + DAY_MS else known + 1


def place(known: int, now: int, clock: int) -> int:
    return clock if clock <= now + DAY_MS else known + 1


def test_chat_lines_have_the_clocks_and_places_of_the_vectors() -> None:
    clocks = vectors("chat.json")["clocks"]
    for each in clocks["written"]:
        assert written_clock(each["known"], each["now"]) == each["clock"]
    for each in clocks["received"]:
        assert place(each["known"], each["now"], each["clock"]) == each["place"]


@pytest.mark.parametrize("vector", vectors("files.json")["files"], ids=lambda vector: str(vector["size"]))
def test_files_have_the_hashes_of_the_vectors(vector: dict[str, Any]) -> None:
    content = bytes(position % 251 for position in range(vector["size"]))
    hashes = [sha256(content[at : at + CHUNK_BYTES]).digest() for at in range(0, len(content), CHUNK_BYTES)]
    assert [each.hex() for each in hashes] == vector["chunks"]
    assert sha256(b"".join(hashes)).hexdigest() == vector["root"]
    for following, known in enumerate(vector["from"]):
        assert sha256(b"".join(hashes[:following])).hexdigest() == known


def test_ids_of_files_are_uuids_in_lower_case() -> None:
    ids = vectors("files.json")["ids"]
    described = re.compile(r"[0-9a-f-]{36}")
    assert [bool(described.fullmatch(each)) for each in (*ids["valid"], *ids["invalid"])] == [True, False, False, False]
