"""`eyeline sip`: adds, lists and removes the accounts of SIP users, also while the server runs."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from eyeline.cli.terminal import print_line, setup_errors
from eyeline.errors import SetupError
from eyeline.settings import read

if TYPE_CHECKING:
    from eyeline.serve.sip.accounts import AccountFile
    from eyeline.settings import Settings

_F = TypeVar("_F", bound=Callable[..., Any])


@click.group()
def sip() -> None:
    """Manage the accounts of phones and browsers that call each other by SIP.

    A running server notices changes within seconds.
    """


def _place(command: _F) -> _F:
    """Options that say where the accounts are: the same as those of `eyeline serve`."""
    config = click.option("--config", type=click.Path(path_type=Path), help="Settings file of the server.")
    data_dir = click.option("--data-dir", metavar="TEXT", help="Data directory of the server. (EYELINE_DATA_DIR)")
    return config(data_dir(command))


_password_file = click.option(
    "--password-file",
    type=click.File(encoding="utf-8"),
    help="Read the password from the first line of this file (- is standard input) instead of asking for it.",
)


@sip.command()
@click.argument("user")
@_password_file
@_place
def add(user: str, password_file: Any, config: Path | None, data_dir: str | None) -> None:
    """Add an account for USER, such as alice or +4930123."""
    from eyeline.serve.sip.domain import domain_of

    with setup_errors():
        settings = _settings(config, data_dir)
        _file(settings).add(user, _password(password_file), domain_of(settings))
        print_line(f"Added {user}. In a browser they sign in at /phone on this server.")
        print_line(f"Other phones register as sip:{user}@ and the server's name; see docs/sip.md.")


@sip.command()
@click.argument("user")
@_password_file
@_place
def passwd(user: str, password_file: Any, config: Path | None, data_dir: str | None) -> None:
    """Change the password of USER; their devices have to register again."""
    with setup_errors():
        _file(_settings(config, data_dir)).change_password(user, _password(password_file))


@sip.command()
@click.argument("user")
@_place
def remove(user: str, config: Path | None, data_dir: str | None) -> None:
    """Remove the account of USER, and disconnect their devices."""
    with setup_errors():
        _file(_settings(config, data_dir)).remove(user)


@sip.command("list")
@_place
def list_(config: Path | None, data_dir: str | None) -> None:
    """List all accounts, one name a line."""
    with setup_errors():
        for user in sorted(_file(_settings(config, data_dir)).read().passwords):
            click.echo(user)


def _settings(config: Path | None, data_dir: str | None) -> "Settings":
    return read({} if data_dir is None else {"data_dir": data_dir}, os.environ, config)


def _file(settings: "Settings") -> "AccountFile":
    from eyeline.serve.sip.accounts import AccountFile

    return AccountFile(settings.data_dir)


def _password(file: Any) -> str:
    """The password, from the file or else asked for twice."""
    if file is None:
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    try:
        return str(file.readline()).rstrip("\r\n")
    except (OSError, UnicodeError):
        raise SetupError("The file with the password can't be read as UTF-8 text.") from None
