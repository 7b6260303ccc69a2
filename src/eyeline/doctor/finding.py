"""The findings of the doctor: the result of each check, with its time and advice."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Final, Generic, Literal, NamedTuple, TypeVar

from eyeline.checks import CHECKS, CheckCode
from eyeline.errors import RemoteError

PATIENCE_S: Final = 6.0
"""Timeout of each check."""

Mark = Literal["ok", "warning", "failure"]
_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)


class Finding(NamedTuple):
    """The result of one check."""

    what: str
    """The thing that was checked."""
    mark: Mark
    code: CheckCode | None
    """None if the check passed."""
    ms: float
    detail: str
    """What was observed."""

    @property
    def advice(self) -> str | None:
        """What the operator can do about it."""
        return CHECKS[self.code].operator if self.code else None


@dataclass(frozen=True, slots=True)
class Outcome(Generic[_T_co]):
    """The result of a completed check, with a value for later checks."""

    value: _T_co
    detail: str
    mark: Mark = "ok"
    code: CheckCode | None = None


class Trouble(RemoteError):
    """A check failed, for the reason given by its code."""

    def __init__(self, code: CheckCode, detail: str) -> None:
        super().__init__(code, detail)
        self.check: CheckCode = code


async def run_check(what: str, silent: CheckCode, check: Awaitable[Outcome[_T]]) -> tuple[Finding, _T | None]:
    """Run a check.  `silent` is the code for a timeout or network error.  Raises nothing of its own."""
    loop = asyncio.get_running_loop()
    begun = loop.time()

    def found(mark: Mark, code: CheckCode | None, detail: str) -> Finding:
        return Finding(what, mark, code, (loop.time() - begun) * 1000, detail)

    try:
        async with asyncio.timeout(PATIENCE_S):
            outcome = await check
    except Trouble as trouble:
        return found("failure", trouble.check, trouble.message), None
    except TimeoutError:
        return found("failure", silent, "Timed out without an answer."), None
    except OSError as error:
        return found("failure", silent, f"{error.strerror or error}."), None
    return found(outcome.mark, outcome.code, outcome.detail), outcome.value
