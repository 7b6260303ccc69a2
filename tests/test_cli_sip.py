"""`eyeline sip`: the accounts of SIP users, at the command line."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from eyeline.cli import main
from eyeline.serve.sip.accounts import AccountFile, SipPassword


def run(folder: Path, *arguments: str, said: str = "") -> Result:
    return CliRunner().invoke(main, ["sip", *arguments, "--data-dir", str(folder)], input=said)


def test_password_is_asked_for_twice_and_not_shown(tmp_path: Path) -> None:
    done = run(tmp_path, "add", "alice", said="correct horse\ncorrect horse\n")

    assert (done.exit_code, "horse" in done.output) == (0, False)
    assert "sign in at /phone" in done.output
    realm = AccountFile(tmp_path).read().realm or ""
    assert AccountFile(tmp_path).read().passwords == {"alice": SipPassword.of("alice", realm, "correct horse")}


def test_scripts_give_the_password_in_a_file_or_on_standard_input(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("correct horse\nmore\n")
    assert run(tmp_path, "add", "alice", "--password-file", str(tmp_path / "word")).exit_code == 0
    assert run(tmp_path, "add", "bob", "--password-file", "-", said="battery staple\n").exit_code == 0

    found = AccountFile(tmp_path).read()
    assert found.passwords["alice"] == SipPassword.of("alice", str(found.realm), "correct horse")
    assert found.passwords["bob"] == SipPassword.of("bob", str(found.realm), "battery staple")


def test_accounts_are_listed_changed_and_removed(tmp_path: Path) -> None:
    for user in ("bob", "alice"):
        run(tmp_path, "add", user, "--password-file", "-", said="correct horse")
    assert run(tmp_path, "list").output == "alice\nbob\n"

    assert run(tmp_path, "passwd", "alice", "--password-file", "-", said="battery staple").exit_code == 0
    assert run(tmp_path, "remove", "bob").exit_code == 0
    found = AccountFile(tmp_path).read()
    assert found.passwords == {"alice": SipPassword.of("alice", str(found.realm), "battery staple")}


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("add", "Alice", "--password-file", "-"), "lower-case letters"),
        (("remove", "nobody"), "eyeline sip list shows all"),
        (("passwd", "nobody", "--password-file", "-"), "eyeline sip list shows all"),
    ],
)
def test_fault_is_one_sentence_and_status_2(tmp_path: Path, arguments: tuple[str, ...], why: str) -> None:
    done = run(tmp_path, *arguments, said="correct horse")

    assert done.exit_code == 2
    assert why in done.output
    assert len(done.output.splitlines()) == 1


def test_password_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "word").write_bytes(b"\xff\xfe")

    assert run(tmp_path, "add", "alice", "--password-file", str(tmp_path / "word")).exit_code == 2
