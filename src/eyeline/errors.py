"""One tree of errors.

`LocalError` is a bug of ours: it is loud.  `RemoteError` is expected: somebody sent what can't be taken; it is answered
with its stable `code`, counted, and never a traceback.  `SetupError` is the operator's to mend: one sentence, exit 2.
"""


class EyelineError(Exception):
    """Whatever Eyeline raises on purpose."""


class LocalError(EyelineError):
    """A bug in Eyeline: a machine was used against its contract."""


class RemoteError(EyelineError):
    """The other side sent what can't be taken.

    `code` is stable, for programs; `message` is for people and may change its words.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class SetupError(EyelineError):
    """Eyeline can't start as it was told to; the message is one sentence that says what to change."""
