"""Golden dialogues: plain text, played by Python against the broker's machines and by TypeScript against the client's.

capacity 2                  the room's; first line, if at all
rooms tokens                who shows no pass stays out
@1.5 alice opens            at that second a socket is opened
alice opens with eyJ...     likewise, and this is her pass
alice opens at coffee       likewise; she goes to that room, not to tea
alice opens owning tea by.. likewise, and this is the owner's key of that room
alice > {...}               the client says
alice > 70 times {..$i..}   says it so often; `$i` is 1, 2, 3 ...
alice > 70000 times x       says one signal of so many x
alice < {...}               and must hear this next; `$alice.token` stands for the newest resume token
alice < closed 4001 why     and must see the socket closed
alice loses                 the socket breaks, and the broker notices
alice vanishes              the socket breaks, and the broker does not notice
broker restarts             killed and started again
site removes alice-0001     takes a member out of the room tea
site ends                   ends the call in it for all
broker drains               says goodbye to all

python -m tests.support.transcript --record FILE ...    writes the answers into the files; read them critically
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from eyeline.signalling.messages import PeerId, RoomName
from eyeline.signalling.requests import End, Remove
from tests.support.network import Client, Closed, Network

_LINE = re.compile(r"^(?:@(?P<at>[\d.]+)\s+)?(?P<who>[a-z]+)\s+(?P<rest>.*)$")


class Player:
    """Plays one transcript; `script` is what really happened, with every answer written out."""

    def __init__(self, path: Path) -> None:
        self.expected = path.read_text()
        self.script = ""
        self._network = Network()
        self._clients: dict[str, Client] = {}
        self._tokens: dict[str, str] = {}

    def play(self) -> None:
        """Plays it to its end."""
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
        match found["who"], found["rest"].split(" ", 1):
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
            case who, ["opens", *_]:
                self._clients[who] = self._network.open(who)
            case who, done:
                self._do_as(self._clients[who], done)

    def _do_as(self, client: Client, done: list[str]) -> None:
        match done:
            case [">", said]:
                for text in self._texts(said):
                    self._network.say(client, text)
            case ["loses"]:
                self._network.lose(client)
            case ["vanishes"]:
                client.open = False
            case ["waits"]:
                pass
            case _:
                raise AssertionError(done)

    def _texts(self, said: str) -> list[str]:
        for who, token in self._tokens.items():
            said = said.replace(f"${who}.token", token)
        repeat = re.fullmatch(r"(\d+) times (.*)", said)
        if repeat is None:
            return [said]
        times = int(repeat[1])
        if not repeat[2].startswith("{"):
            return [json.dumps({"type": "signal", "to": "x", "n": 1, "data": repeat[2] * times})]
        return [repeat[2].replace("$i", str(i)) for i in range(1, times + 1)]

    def _write_answers(self) -> None:
        for who, client in self._clients.items():
            while client.got:
                got = client.got.popleft()
                if isinstance(got, Closed):
                    self.script += f"{who} < closed {got.code} {got.reason}\n"
                else:
                    self.script += f"{who} < {self._golden(who, json.loads(got))}\n"

    def _golden(self, who: str, message: dict[str, Any]) -> str:
        if "resume" in message:
            self._tokens[who] = message["resume"]
            message["resume"] = f"${who}.token"
        return json.dumps(message, ensure_ascii=False)


def main(arguments: list[str]) -> None:
    """Plays the files; with `--record` writes into each what really happened."""
    for path in (Path(argument) for argument in arguments if argument != "--record"):
        player = Player(path)
        player.play()
        if "--record" in arguments:
            path.write_text(player.script)
        elif player.script != player.expected:
            sys.exit(f"{path} is not what happens")


if __name__ == "__main__":
    main(sys.argv[1:])
