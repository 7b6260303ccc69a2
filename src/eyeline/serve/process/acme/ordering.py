"""Performs what is due, in a thread: an order, or the question when to renew.

Imported when something is due, since the library `acme` takes a tenth of a second and 7 MB.
"""

import logging
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric import ec

from eyeline.serve.logs import LogEvent
from eyeline.serve.process.acme.challenge import ChallengeType, PendingChallenges
from eyeline.serve.process.acme.client import Account, Exchange, OrderFailure
from eyeline.serve.process.acme.renewal import Duty, DutyResult, Issued, NotIssued, Suggestion
from eyeline.serve.process.acme.store import AcmeFolder, fits, pem_of, signing_request, validity
from eyeline.settings import Settings

_log = logging.getLogger("eyeline.process")


def perform(
    duty: Duty,
    settings: Settings,
    names: Sequence[str],
    folder: AcmeFolder,
    pending: PendingChallenges,
    types: Sequence[ChallengeType],
) -> DutyResult:
    """Perform it; blocks for up to some minutes.  Raises nothing.

    `types` are the challenges that can be answered here, the preferred one first.
    """
    try:
        exchange = Exchange(Account(settings.acme_directory, folder.account_key(), settings.acme_email))
        return _order(exchange, names, folder, pending, types) if duty == "order" else _ask(exchange, folder)
    except OrderFailure as failure:
        return _failed(duty, NotIssued(failure.code, failure.message, failure.retry_after_s, failure.challenge))
    except OSError as error:
        return _failed(duty, NotIssued("disk", f"{folder.path} can't be used: {error.strerror}.", None))
    except Exception:
        _log.exception(LogEvent("!", certificate="not issued"))
        return _failed(duty, NotIssued("fault", "This is a fault of Eyeline: please report the lines above.", None))
    finally:
        pending.clear()


def _order(
    exchange: Exchange,
    names: Sequence[str],
    folder: AcmeFolder,
    pending: PendingChallenges,
    types: Sequence[ChallengeType],
) -> Issued:
    """Order a certificate with a new key, and keep both."""
    key = ec.generate_private_key(ec.SECP256R1())
    chain = exchange.order(signing_request(key, names), types, pending.add)
    valid = validity(chain, names)
    if valid is None or not fits(chain, key):
        raise OrderFailure("invalid", "The authority has issued a different certificate from the one ordered.")
    folder.save(pem_of(key), chain)
    return Issued(valid)


def _ask(exchange: Exchange, folder: AcmeFolder) -> Suggestion:
    kept = folder.certificate()
    return Suggestion(None, 0.0) if kept is None else Suggestion(*exchange.renewal(kept.cert.read_bytes()))


def _failed(duty: Duty, failure: NotIssued) -> DutyResult:
    """Only a failed order is a failure.  A question that wasn't answered is asked again later."""
    return failure if duty == "order" else Suggestion(None, failure.retry_after_s or 0.0)
