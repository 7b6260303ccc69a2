"""Instance lock: one process per data directory, because rooms are in its memory and people would miss each other."""

import fcntl
import logging
import os
from pathlib import Path

from eyeline.errors import SetupError
from eyeline.serve.logs import LogEvent

_log = logging.getLogger("eyeline.process")


class InstanceLock:
    """Holds the file `lock` in the data directory; the kernel releases it if the process dies.

    Raises `SetupError` if another process holds it.  Logs a warning if the file system has no locks.
    """

    def __init__(self, data_dir: Path) -> None:
        self._descriptor: int | None = None
        try:
            self._descriptor = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise SetupError(
                f"Another process of this server runs already, with the data directory {data_dir}. Rooms are in the "
                "memory of one process: run one, with one worker. Another server needs another data_dir."
            ) from None
        except OSError as error:
            self.release()
            _log.warning(LogEvent("!", lock=f"{error.strerror}: nothing prevents a second process for the same rooms"))

    def release(self) -> None:
        """Let another process start.  Does nothing the second time."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
