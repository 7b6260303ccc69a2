"""A file that a setting names and that can't be read: its name is in the error, unless it may be a secret."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from eyeline.errors import SetupError
from eyeline.serve.app import build
from eyeline.serve.process.tls import Certificate, self_signed
from eyeline.serve.relay.ice_servers import IceServerProvider
from eyeline.serve.setting_files import unreadable
from eyeline.serve.site import Site
from eyeline.settings import Settings


@pytest.mark.parametrize(
    "secret", ["ab877593" * 8, "x" * 5000, "Zm9v+YmFy/c2VjcmV0cw==", "/Zm9vYmFyc2VjcmV0cw==", "eyJh.eyJz.c2lnbmF0dXJl"]
)
def test_secret_in_place_of_a_file_is_never_printed(tmp_path: Path, secret: str) -> None:
    for name in ("key", "turn_secret", "api_keys", "pass_keys"):
        with pytest.raises(OSError) as error:  # noqa: PT011  whatever the system says
            Path(secret).read_bytes()
        words = str(unreadable(name, Path(secret), error.value))
        assert secret not in words
        assert words.startswith(f"{name} must name a file")


@pytest.mark.parametrize("file", ["key.pem", "certs/key.json", "/etc/nothing/key", "{here}/nothing", "{here}"])
def test_missing_file_is_named(tmp_path: Path, file: str) -> None:
    path = Path(file.format(here=tmp_path))
    assert str(unreadable("key", path, OSError(2, "No such file"))).startswith(f"key is '{path}'")


def test_readers_of_setting_files_hide_what_may_be_a_secret(tmp_path: Path) -> None:
    secret = Path("ab877593" * 8)
    relayed = Settings(data_dir=tmp_path, turn_urls=("turn:turn.example",), turn_secret=secret)
    readers: list[Callable[[], object]] = [
        Certificate(tmp_path / "cert.pem", secret).context,
        lambda: build(Settings(data_dir=tmp_path, api_keys=secret)),
        lambda: build(Settings(data_dir=tmp_path, pass_keys=secret)),
        lambda: IceServerProvider(relayed, bytes(32), Site(relayed, standalone=True), one_port=True),
    ]
    shutil.copy(self_signed(tmp_path, []).cert, tmp_path / "cert.pem")
    for read_file in readers:
        with pytest.raises(SetupError) as refused:
            read_file()
        assert str(secret) not in str(refused.value)
