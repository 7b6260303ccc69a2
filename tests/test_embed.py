"""The examples in README.md and docs/embed.md work as printed: saved under their names, and run by their commands."""

import re
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from eyeline import Settings, build
from tests.support.examples import Example, blocks, examples, run, started, unnamed
from tests.support.server import ROOT, LiveServer
from tests.support.sip import Device, WebSocketWire, status_of
from tests.support.socket import Socket, serving

PAGES: Final = ("README.md", *(str(page.relative_to(ROOT)) for page in (ROOT / "docs").glob("*.md")))
README, EMBED, SIP = examples("README.md"), examples("docs/embed.md"), examples("docs/sip.md")
OTHER_PORT: Final = {'data_dir=Path("eyeline-data")': 'data_dir=Path("eyeline-data"), stun_port=0, host="127.0.0.1"'}
"""Tests run beside each other, so that they can't all have UDP port 3478."""


def hello(socket: Socket, room: str, **shown: str) -> dict[str, Any]:
    socket.send({"type": "hello", "room": room, **shown})
    return socket.receive()


@pytest.mark.parametrize("page", PAGES)
def test_every_example_names_its_file_and_has_a_test(page: str) -> None:
    files = ("test_embed.py", "live/test_call.py", "live/test_framed.py", "live/test_sip_phones.py")
    tests = "".join((ROOT / "tests" / name).read_text() for name in files)

    assert unnamed(page) == []
    assert [name for name in examples(page) if f'["{name}"]' not in tests] == []


def test_site_in_the_readme_serves_calls(tmp_path: Path) -> None:
    site = README["main.py"]
    site.save(tmp_path, OTHER_PORT)
    with started(site.command, tmp_path, "/calls/") as url, Socket(url) as alice:
        assert alice.join("tea", "Alice")["roster"]["members"][0]["name"] == "Alice"


def test_mounted_site_admits_only_the_users_it_knows(tmp_path: Path) -> None:
    site = EMBED["main.py"]
    site.save(tmp_path, OTHER_PORT)
    with started(site.command, tmp_path, "/calls/") as url:
        with Socket(url, headers={"Cookie": "session=a1b2c3"}) as alice:
            assert alice.join("tea", "anybody")["roster"]["members"][0]["name"] == "Alice"
        with Socket(url, headers={"Cookie": "session=a1b2c3"}) as alice:
            assert hello(alice, "wine")["code"] == "not-allowed"
        with Socket(url) as stranger:
            assert hello(stranger, "tea")["code"] == "not-allowed"


def test_mounted_site_lets_its_own_users_register_by_sip(tmp_path: Path) -> None:
    site = SIP["phones.py"]
    site.save(tmp_path, OTHER_PORT)
    with started(site.command, tmp_path, "/") as url:
        for user, statuses in (("alice", {200}), ("bob", {401, 403})):
            with Device(WebSocketWire(url), user, "correct-horse", host="meet.example.org") as device:
                assert status_of(device.register()) in statuses


LOG_IN: Final = """python manage.py shell -v 0 -c '
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
user = User.objects.create_user("Alice")
session = SessionStore()
session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session.save()
print(session.session_key)'"""


def test_django_site_admits_users_who_are_logged_in(tmp_path: Path) -> None:
    site = EMBED["mysite/asgi.py"]
    run("python -m django startproject mysite . && python manage.py migrate -v 0", tmp_path)
    session = run(LOG_IN, tmp_path).strip()
    site.save(tmp_path, OTHER_PORT)
    with started(site.command, tmp_path, "/calls/") as url:
        with Socket(url, headers={"Cookie": f"sessionid={session}"}) as alice:
            assert alice.join("tea", "anybody")["roster"]["members"][0]["name"] == "Alice"
        with Socket(url, headers={"Cookie": "sessionid=invented"}) as stranger:
            assert hello(stranger, "tea")["code"] == "not-allowed"


def signed(folder: Path) -> str:
    """A pass for the room tea, by the example."""
    return run("""python -c 'import sign; print(sign.sign("tea", "Alice", "user-7"))'""", folder).strip()


def test_signed_pass_opens_its_room_and_keeps_doing_so_when_the_key_changes(tmp_path: Path) -> None:
    make_key, sign = EMBED["make_key.py"], EMBED["sign.py"]
    make_key.save(tmp_path)
    run(make_key.command, tmp_path)
    assert (tmp_path / "my-site-1.json").stat().st_mode & 0o077 == 0
    sign.save(tmp_path)
    passes = [signed(tmp_path), signed(tmp_path)]
    run("python make_key.py my-site-2", tmp_path)
    sign.save(tmp_path, {"my-site-1.json": "my-site-2.json"})
    passes.append(signed(tmp_path))

    given = Settings(data_dir=tmp_path, stun_port=0, host="127.0.0.1", rooms="tokens", pass_keys=tmp_path / "keys.json")
    with serving(build(given)) as url:
        for each in passes:
            with Socket(url) as alice:
                assert hello(alice, "tea", **{"pass": each})["type"] == "welcome"
        with Socket(url) as alice:
            assert hello(alice, "wine", **{"pass": passes[0]})["code"] == "pass-invalid"


def test_key_that_exists_is_not_replaced(tmp_path: Path) -> None:
    make_key = EMBED["make_key.py"]
    make_key.save(tmp_path)
    run(make_key.command, tmp_path)
    before = [(tmp_path / name).read_text() for name in ("my-site-1.json", "keys.json")]

    with pytest.raises(subprocess.CalledProcessError):
        run(f"{make_key.command} 2>/dev/null", tmp_path)
    assert [(tmp_path / name).read_text() for name in ("my-site-1.json", "keys.json")] == before


def api_keys(folder: Path) -> Path:
    """The file of API keys as documented, with the hash that the documented command prints."""
    make, _ = (text for text in blocks("docs/embed.md", "sh") if "my-site.key" in text)
    digest = run(make, folder).split()[0]
    assert (folder / "my-site.key").stat().st_mode & 0o077 == 0
    [rows] = blocks("docs/embed.md", "toml")
    path = folder / "keys.toml"
    path.write_text(rows.replace('"..."', f'"{digest}"', 1).replace('"..."', f'"{"0" * 64}"'))
    return path


def test_api_examples_make_list_empty_and_end_a_room(tmp_path: Path) -> None:
    names = EMBED["calls.py"], EMBED["make_room.py"], EMBED["list_rooms.py"], EMBED["remove.py"], EMBED["end_call.py"]
    for each in names:
        each.save(tmp_path)
    _, make, look, remove, end = names
    keys = api_keys(tmp_path)
    [export] = [text for text in blocks("docs/embed.md", "sh") if text.startswith("export ")]

    def call(example: Example, url: str, *words: str) -> str:
        command = example.command
        for placeholder, word in zip(re.findall(r"[A-Z]{3,}", command), words, strict=True):
            command = command.replace(placeholder, word)
        return run(export.replace("https://meet.example.org", url) + command, tmp_path)

    with LiveServer("--api-keys", str(keys)) as server:
        made = call(make, server.url)
        [room] = re.findall(r"^room: (\S+)$", made, re.MULTILINE)
        [link] = re.findall(rf"^for the others: {server.url}/r/{room}#pass=(\S+)$", made, re.MULTILINE)
        with Socket(server.url) as alice, Socket(server.url) as bob:
            seats = {}
            for socket, name in ((alice, "Alice"), (bob, "Bob")):
                hello(socket, room, **{"pass": link})
                socket.send({"type": "join", "name": name})
                seats[name] = socket.receive("joined")["you"]
            assert call(look, server.url) == f"{room} {seats['Alice']} Alice\n{room} {seats['Bob']} Bob\n"
            call(remove, server.url, room, seats["Alice"])
            assert alice.receive("refused")["code"] == "removed"
            assert call(look, server.url) == f"{room} {seats['Bob']} Bob\n"
            call(end, server.url, room)
            assert bob.receive("refused")["code"] == "ended"
