"""Loudspeakers where there are none: PulseAudio with sinks that swallow the sound, and what plays on them."""

import json
import os
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from tests.support.process import PATIENCE, START, Machine, Process, scratch
from tests.support.tools import need


class SoundServer:
    """PulseAudio with a sink for each of these loudspeakers.  A program on `machine` plays on them."""

    def __init__(self, *loudspeakers: str) -> None:
        self._pactl: Final = need("pactl")
        self._folder = scratch("sound")
        self._socket: Final = f"unix:{Path(self._folder.name, 'socket')}"
        self.machine: Final = Machine(prefix=("env", f"PULSE_SERVER={self._socket}"))
        modules = [f"null-sink sink_properties=device.description={name}" for name in loudspeakers]
        modules.append(f"native-protocol-unix auth-anonymous=1 socket={self._socket.removeprefix('unix:')}")
        argv = [need("pulseaudio"), "-n", "--daemonize=no", "--exit-idle-time=-1", "--log-level=info"]
        argv += [f"--load=module-{module}" for module in modules]
        env = {**os.environ, "HOME": self._folder.name, "XDG_RUNTIME_DIR": self._folder.name}
        self._process = Process(argv, Path(self._folder.name, "log"), env)
        try:
            self._process.wait_for_line("(Daemon startup complete)", START)
        except BaseException:
            self._end()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def until(self, loudspeaker: str, *, plays: bool, deadline: float = 15.0) -> None:
        """Wait until this loudspeaker is in use, or isn't."""
        end = time.monotonic() + deadline
        while (loudspeaker in (used := self.used())) != plays:
            assert time.monotonic() < end, f"in use: {used}"
            time.sleep(0.1)

    def used(self) -> set[str]:
        """The loudspeakers that programs play on, if only silence."""
        sinks = {sink["index"]: sink["description"] for sink in self._list("sinks")}
        return {sinks[stream["sink"]] for stream in self._list("sink-inputs") if not stream["corked"]}

    def _list(self, what: str) -> list[dict[str, Any]]:
        argv = [self._pactl, f"--server={self._socket}", "--format=json", "list", what]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE, check=True)
        listed: list[dict[str, Any]] = json.loads(done.stdout)
        return listed

    def _end(self) -> None:
        self._process.end()
        self._folder.cleanup()
