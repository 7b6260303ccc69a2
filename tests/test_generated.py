"""Generated files are up to date with the Python types."""

import contextlib
import importlib.util
import json
import re
from pathlib import Path

import jsonschema_rs
import pytest

ROOT = Path(__file__).parent.parent


def outputs() -> dict[Path, str]:
    """The current output of `tools/protocol.py`."""
    spec = importlib.util.spec_from_file_location("protocol", ROOT / "tools" / "protocol.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    written: dict[Path, str] = module.outputs()
    return written


OUTPUTS = outputs()


@pytest.mark.parametrize("path", OUTPUTS, ids=lambda path: path.name)
def test_file_is_up_to_date(path: Path) -> None:
    assert path.read_text() == OUTPUTS[path], f"{path.relative_to(ROOT)} is stale: run python tools/protocol.py"


def test_docs_schema_and_typescript_are_generated() -> None:
    assert {path.suffix for path in OUTPUTS} == {".md", ".json", ".ts"}


def validators() -> dict[str, jsonschema_rs.Draft202012Validator]:
    """For each direction in the transcripts."""
    schema = json.loads((ROOT / "docs/protocol.schema.json").read_text())
    return {
        arrow: jsonschema_rs.Draft202012Validator({"$ref": f"#/$defs/{union}", "$defs": schema["$defs"]})
        for arrow, union in ((">", "ToBroker"), ("<", "FromBroker"))
    }


def test_schema_accepts_what_the_transcripts_say_and_refuses_what_the_broker_refuses() -> None:
    check, seen = validators(), {">": 0, "<": 0}
    for path in (ROOT / "tests/transcripts").glob("*.txt"):
        lines = re.findall(r"^(?:@\S+ )?\w+ ([<>]) (\{.*\})$", path.read_text(), re.MULTILINE)
        for (arrow, text), (_, after) in zip(lines, [*lines[1:], ("", "")], strict=True):
            with contextlib.suppress(ValueError):
                message = json.loads(text)
                refused = re.search(r'"(malformed|unknown-type|invalid)"', after) is not None
                assert check[arrow].is_valid(message) is not (arrow == ">" and refused), text
                seen[arrow] += 1

    assert min(seen.values()) > 50
