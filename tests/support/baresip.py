"""Debian's baresip: a soft phone that decodes the sound and picture it receives, and sends them back encoded."""

import re
import signal
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.support.examples import blocks
from tests.support.namespaces import Namespace
from tests.support.process import Process, scratch
from tests.support.tools import need

_DEVICES: Final = """
poll_method epoll
module_path /usr/lib/baresip/modules
module aubridge.so
module vidbridge.so
module_app account.so
module_app menu.so
audio_player aubridge,call
audio_source aubridge,call
audio_alert aubridge,bell
video_source vidbridge,call
video_display vidbridge,call
video_size 320x240
"""
"""The player is the source, and the display is the camera."""


class Baresip:
    """`with Baresip(place, "198.51.100.10;transport=tls") as bob`: registered as bob, and answers calls.

    It's configured as docs/sip.md says.  `dials` is whom it calls at once; a `plain` one has no encryption.
    """

    def __init__(self, place: Namespace, server: str, *, dials: str | None = None, plain: bool = False) -> None:
        account, config = (text for text in blocks("docs/sip.md", "baresip"))
        self._scratch = scratch("baresip")
        folder = Path(self._scratch.name)
        account = re.sub(r"meet\.example\.org[^>]*", server, account.strip())
        if plain:
            account = re.sub(r";media(enc|nat)=\w+", "", account)
        folder.joinpath("accounts").write_text(f"{account};answermode=auto;regint=600\n")
        folder.joinpath("config").write_text(config + _DEVICES)
        folder.joinpath("contacts").write_text("")
        commands = [] if dials is None else ["-e", f"d{dials}"]
        argv = [*place.prefix, need("baresip"), "-f", str(folder), "-v", *commands]
        self._process = Process(argv, folder / "log")

    def hang_up(self) -> None:
        """End it, and with it its call."""
        self._process.end(signal.SIGTERM)

    def wait_for_line(self, pattern: str) -> None:
        """Wait until it has printed this."""
        self._process.wait_for_line(f"({pattern})")

    def __enter__(self) -> Self:
        self.wait_for_line("baresip is ready")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.end(signal.SIGTERM)
        self._scratch.cleanup()
