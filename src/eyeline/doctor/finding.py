"""What the doctor finds, and how long it may look for it."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Final, Generic, Literal, NamedTuple, TypeVar

from eyeline.checks import CHECKS, CheckCode
from eyeline.errors import RemoteError

PATIENCE_S: Final = 6.0
"""For each check, whatever it waits for."""

Mark = Literal["ok", "warning", "failure"]
_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)


class Finding(NamedTuple):
    """The outcome of one check."""

    what: str
    """What was looked at."""
    mark: Mark
    code: CheckCode | None
    """None where all is well."""
    ms: float
    detail: str
    """What was seen."""

    @property
    def advice(self) -> str | None:
        """What to do."""
        return CHECKS[self.code].operator if self.code else None


@dataclass(frozen=True, slots=True)
class Said(Generic[_T_co]):
    """What a check that came to its end says, and what the next ones need of it."""

    value: _T_co
    detail: str
    mark: Mark = "ok"
    code: CheckCode | None = None


class Trouble(RemoteError):
    """A check came upon what its code says."""

    def __init__(self, code: CheckCode, detail: str) -> None:
        super().__init__(code, detail)
        self.check: CheckCode = code


async def look(what: str, silent: CheckCode, check: Awaitable[Said[_T]]) -> tuple[Finding, _T | None]:
    """Carry out a check; `silent` is the code for a network that lets nothing through.  Raises nothing of its own."""
    loop = asyncio.get_running_loop()
    begun = loop.time()

    def found(mark: Mark, code: CheckCode | None, detail: str) -> Finding:
        return Finding(what, mark, code, (loop.time() - begun) * 1000, detail)

    try:
        async with asyncio.timeout(PATIENCE_S):
            said = await check
    except Trouble as trouble:
        return found("failure", trouble.check, trouble.message), None
    except TimeoutError:
        return found("failure", silent, "No answer came."), None
    except OSError as error:
        return found("failure", silent, f"{error.strerror or error}."), None
    return found(said.mark, said.code, said.detail), said.value
