"""Generated files are up to date with the Python types."""

import importlib.util
from pathlib import Path

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


def test_docs_and_typescript_are_generated() -> None:
    assert {path.suffix for path in OUTPUTS} == {".md", ".ts"}
