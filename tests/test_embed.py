"""The Python examples in docs/embed.md work as printed."""

import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from eyeline import Settings, build
from tests.support.socket import Socket, serving

PAGE = (Path(__file__).parents[1] / "docs/embed.md").read_text()
SITE, SIGN, ROOMS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def run(example: str) -> dict[str, Any]:
    """Execute the example and return its globals."""
    found: dict[str, Any] = {}
    exec(example, found)
    return found


def hello(socket: Socket, room: str, **shown: str) -> dict[str, Any]:
    socket.send({"type": "hello", "room": room, **shown})
    return socket.receive()


def test_mounted_site_admits_only_the_users_it_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    site = run(SITE.replace("stun_port=3478", "stun_port=0, host='127.0.0.1'"))["app"]
    with serving(site) as url:
        with Socket(f"{url}/calls", headers={"Cookie": "session=a1b2c3"}) as alice:
            assert alice.join("tea", "anybody")["roster"]["members"][0]["name"] == "Alice"
        with Socket(f"{url}/calls", headers={"Cookie": "session=a1b2c3"}) as alice:
            assert hello(alice, "wine")["code"] == "not-allowed"
        with Socket(f"{url}/calls") as stranger:
            assert hello(stranger, "tea")["code"] == "not-allowed"


def test_signed_pass_opens_its_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown = run(SIGN)["sign"]("tea", "Alice", "user-7")
    given = Settings(data_dir=tmp_path, stun_port=0, host="127.0.0.1", rooms="tokens", pass_keys=tmp_path / "keys.json")
    with serving(build(given)) as url:
        with Socket(url) as alice:
            assert hello(alice, "tea", **{"pass": shown})["type"] == "welcome"
        with Socket(url) as alice:
            assert hello(alice, "wine", **{"pass": shown})["code"] == "pass-invalid"


def test_api_example_works_as_documented(tmp_path: Path) -> None:
    keys = tmp_path / "keys.toml"
    keys.write_text(f'[admin]\nsha256 = "{sha256(b"a key").hexdigest()}"\nadmin = true\n')
    eyeline = build(Settings(data_dir=tmp_path, stun_port=0, host="127.0.0.1", api_keys=keys))
    with serving(eyeline) as url, Socket(url) as alice:
        alice.join("tea", "Alice")
        environ = {"CALLS_URL": url, "CALLS_API_KEY": "a key"}
        done = subprocess.run(
            [sys.executable, "-c", ROOMS], env=environ, capture_output=True, text=True, timeout=30, check=False
        )
        assert done.returncode == 0, done.stderr
        assert f"for the others: {url}/r/" in done.stdout
        assert "tea ['Alice']" in done.stdout
        assert alice.receive("refused")["code"] == "removed"
