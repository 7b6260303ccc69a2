"""Golden transcripts: plain text, played by Python against the broker's machines and TypeScript against the client's.

capacity 2                  of the room; only as the first line
rooms tokens                clients without a pass are refused
@1.5 alice opens            at that second Alice opens a socket
alice opens with eyJ...     the same, with this pass
alice opens at coffee       the same, for that room instead of tea
alice opens owning tea by.. the same, with this owner key of that room
alice > {...}               the client sends
alice > 70 times {..$i..}   sends it 70 times; `$i` is 1, 2, 3 ...
alice > 70000 times x       sends one signal with 70000 x as data
alice < {...}               must receive this next; `$alice.token` stands for the newest resume token
alice < closed 4001 why     must see the socket closed
alice loses                 the socket closes, and the broker notices
alice vanishes              the socket breaks, unnoticed by the broker
broker restarts             the broker is killed and restarted
site removes alice-0001     the site removes a member from the room tea
site ends                   the site ends the call in it for everyone
broker drains               the broker closes every session

python -m tests.support.transcript --record FILE ...    writes the responses into the files; review them
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from eyeline.signalling.messages import PeerId, RoomName
from eyeline.signalling.requests import End, Remove
from tests.support.network import Client, Closed, Network

_LINE = re.compile(r"^(?:@(?P<at>[\d.]+)\s+)?(?P<name>[a-z]+)\s+(?P<rest>.*)$")


class Player:
    """Plays one transcript; `script` is the actual dialogue, with every response."""

    def __init__(self, path: Path) -> None:
        self.expected = path.read_text()
        self.script = ""
        self._network = Network()
        self._clients: dict[str, Client] = {}
        self._tokens: dict[str, str] = {}

    def play(self) -> None:
        """Play the whole transcript."""
        for line in self.expected.splitlines():
            if " < " in line:
                continue
            self._do(line)
            self.script += line + "\n"
            self._write_answers()

    def _do(self, line: str) -> None:
        if not line or line.startswith("#"):
            return
        found = _LINE.match(line)
        assert found is not None, line
        if found["at"] is not None:
            self._network.pass_time(float(found["at"]))
            self._write_answers()
        match found["name"], found["rest"].split(" ", 1):
            case "capacity", [number]:
                self._network.capacity = int(number)
            case "site", done:
                self._network.ask(RoomName("tea"), Remove(PeerId(done[1])) if done[0] == "removes" else End())
            case "rooms", ["tokens"]:
                self._network.guests = "refuse"
            case "broker", ["restarts"]:
                self._network.restart()
            case "broker", ["drains"]:
                self._network.drain()
            case name, ["opens", *_]:
                self._clients[name] = self._network.open(name)
            case name, done:
                self._do_as(self._clients[name], done)

    def _do_as(self, client: Client, done: list[str]) -> None:
        match done:
            case [">", said]:
                for text in self._texts(said):
                    self._network.send(client, text)
            case ["loses"]:
                self._network.lose(client)
            case ["vanishes"]:
                client.open = False
            case ["waits"]:
                pass
            case _:
                raise AssertionError(done)

    def _texts(self, said: str) -> list[str]:
        for name, token in self._tokens.items():
            said = said.replace(f"${name}.token", token)
        repeat = re.fullmatch(r"(\d+) times (.*)", said)
        if repeat is None:
            return [said]
        times = int(repeat[1])
        if not repeat[2].startswith("{"):
            return [json.dumps({"type": "signal", "to": "x", "n": 1, "data": repeat[2] * times})]
        return [repeat[2].replace("$i", str(i)) for i in range(1, times + 1)]

    def _write_answers(self) -> None:
        for name, client in self._clients.items():
            while client.got:
                got = client.got.popleft()
                if isinstance(got, Closed):
                    self.script += f"{name} < closed {got.code} {got.reason}\n"
                else:
                    self.script += f"{name} < {self._golden(name, json.loads(got))}\n"

    def _golden(self, name: str, message: dict[str, Any]) -> str:
        if "resume" in message:
            self._tokens[name] = message["resume"]
            message["resume"] = f"${name}.token"
        return json.dumps(message, ensure_ascii=False)


def main(arguments: list[str]) -> None:
    """Play the files; with `--record`, write the actual dialogue into each."""
    for path in (Path(argument) for argument in arguments if argument != "--record"):
        player = Player(path)
        player.play()
        if "--record" in arguments:
            path.write_text(player.script)
        elif player.script != player.expected:
            sys.exit(f"{path} differs from what happens")


if __name__ == "__main__":
    main(sys.argv[1:])
