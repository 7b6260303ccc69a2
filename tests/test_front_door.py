"""The public exports of `eyeline`: they exist, the docs use no others, and they are loaded lazily."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import eyeline

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").rglob("*.py")]


@pytest.mark.parametrize("name", eyeline.__all__)
def test_every_export_exists(name: str) -> None:
    assert getattr(eyeline, name) is not None


def test_unknown_export_raises_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Bild'"):
        _ = eyeline.Bild


def test_docs_and_examples_import_only_from_eyeline() -> None:
    imports = [
        line for page in PAGES for line in re.findall(r"^(?:from|import) eyeline.*", page.read_text(), re.MULTILINE)
    ]

    assert imports != []
    assert [line for line in imports if not re.match(r"from eyeline import |import eyeline$", line)] == []


def test_import_loads_no_submodule() -> None:
    code = "import sys, eyeline; print(*sorted(name for name in sys.modules if name.startswith('eyeline')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["eyeline"]


def loaded(code: str) -> set[str]:
    """The modules that are there after `code`, in a Python of its own."""
    argv = [sys.executable, "-c", f"{code}; import sys; print(*sys.modules)"]
    return set(subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split())


def test_mounting_needs_no_server_of_ours_and_no_client() -> None:
    there = loaded("from eyeline import build, Eyeline, Settings, Person, Authorize")

    assert there & {"uvicorn", "uvloop", "httptools", "websockets", "click", "rich", "joserfc", "cryptography"} == set()


def test_the_server_starts_without_what_only_the_doctor_passes_or_tls_need() -> None:
    there = loaded("import eyeline.cli, eyeline.serve.run")

    assert "uvicorn" in there
    rarely = {"eyeline.doctor", "segno", "rich", "pydantic", "joserfc", "cryptography", "websockets.asyncio.client"}
    assert there & rarely == set()


def test_certificates_from_an_authority_load_the_client_only_with_an_order() -> None:
    there = loaded("import eyeline.cli, eyeline.serve.run, eyeline.serve.process.acme.certificate")

    assert there & {"acme", "josepy", "requests", "OpenSSL"} == set()


def test_import_takes_less_than_50_ms() -> None:
    line = re.compile(r"\| +(\d+) \| eyeline$", re.MULTILINE)
    argv = [sys.executable, "-X", "importtime", "-c", "import eyeline"]
    runs = [subprocess.run(argv, capture_output=True, text=True, check=True) for _ in range(3)]
    took = [int(found[1]) for run in runs if (found := line.search(run.stderr))]

    assert len(took) == 3
    assert min(took) < 50_000
