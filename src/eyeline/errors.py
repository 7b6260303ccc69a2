"""Exception classes.

`LocalError` is a bug in Eyeline, and loud.  `RemoteError` is expected: invalid input, which is answered with a stable
`code` and counted, without a traceback.  `SetupError` is for the operator to fix: one sentence, exit status 2.
"""


class EyelineError(Exception):
    """Base class of all exceptions that Eyeline raises deliberately."""


class LocalError(EyelineError):
    """A bug in Eyeline: the contract of a function or machine was violated."""


class RemoteError(EyelineError):
    """The other side sent something invalid.

    `code` is stable, for programs; `message` is for people and its wording may change.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class SetupError(EyelineError):
    """Eyeline can't start with these settings; the message is one sentence that says what to change."""
