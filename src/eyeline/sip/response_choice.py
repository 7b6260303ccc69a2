"""Which of several final responses a forking proxy passes on (RFC 3261, 16.7, steps 6 and 7)."""

from typing import Final

from eyeline.sip.message import REASONS, SipResponse

_TELL_WHAT_TO_DO: Final = (401, 407, 415, 420, 484)
_A_PERSON_DECIDED: Final = (486,)
_NOBODY_THERE: Final = (408, 480, 481, 487)


def best_response(responses: list[SipResponse], *, cancelled: bool) -> SipResponse:
    """The response for the caller, of which there is at least one.

    A 6xx comes first, since it holds for all devices; then the lowest class; then what helps the caller most.  After a
    CANCEL it's 487.  Challenges of all devices are put together.
    """
    best = min(responses, key=lambda each: _rank(each.status, cancelled=cancelled))
    if best.status == 503:  # the caller would take it for the whole server (16.7, step 6)
        return SipResponse(500, REASONS[500], best.headers.without("retry-after"), best.body)
    if best.status not in {401, 407} or len(responses) == 1:
        return best
    headers = best.headers
    for name in ("WWW-Authenticate", "Proxy-Authenticate"):
        for other in responses:
            if other is not best and other.status in {401, 407}:
                for value in other.headers.values(name):
                    headers = headers.appended(name, value)
    return best.with_(headers)


def _rank(status: int, *, cancelled: bool) -> tuple[int, int, int]:
    if cancelled and status == 487:
        return (-1, 0, 0)
    if status >= 600:
        return (0, 0, status)
    for rank, group in enumerate((_TELL_WHAT_TO_DO, _A_PERSON_DECIDED)):
        if status in group:
            return (status // 100, rank, status)
    return (status // 100, 3 if status in _NOBODY_THERE else 2, status)
