"""The exchange with an authority by ACME (RFC 8555), with the library `acme`.  It blocks, so it runs in a thread."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from acme import challenges, errors, messages
from acme.client import ClientNetwork, ClientV2
from cryptography.hazmat.primitives.asymmetric import ec
from josepy.b64 import b64encode
from josepy.jwa import ES256
from josepy.jwk import JWKEC
from msgspec import Struct
from requests import RequestException

from eyeline import __version__
from eyeline.errors import RemoteError
from eyeline.serve.process.acme.challenge import PORTS, Challenge, ChallengeType

_PATIENCE: Final = timedelta(minutes=3)
_REQUEST_S: Final = 30
_BAD_NONCES: Final = 8
"""Attempts for each request: a nonce may be refused at any time (RFC 8555, 6.5)."""
_DETAIL_CHARACTERS: Final = 300
_ADDRESS: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}")

_REASONS: Final[Mapping[str, str]] = {
    "dns": "the name has no address, or its name servers don't answer",
    "caa": "a CAA record in its DNS allows other authorities only",
    "rejectedIdentifier": "the authority issues no certificate for this name",
    "rateLimited": "the authority has had too many orders",
}
"""What went wrong, by the error type of RFC 8555, 6.7."""
_ELSEWHERE: Final = "something other than this server answers on its port PORT, such as a proxy or a CDN"
_UNPROVEN: Final[Mapping[str, str]] = {
    "connection": "the authority can't connect to its port PORT: open it, and forward it to this server",
    "tls": _ELSEWHERE,
    "incorrectResponse": _ELSEWHERE,
    "unauthorized": f"the authority doesn't find this server there: the port is closed, or {_ELSEWHERE}",
}
"""Why a challenge failed, though one of the other type may do."""


class OrderFailure(RemoteError):
    """No certificate: `message` is a sentence for the operator.

    `retry_after_s` is set if the authority asks to wait, `challenge` if one of this type failed and the other may do.
    """

    def __init__(
        self, code: str, message: str, retry_after_s: float | None = None, challenge: ChallengeType | None = None
    ) -> None:
        super().__init__(code, message)
        self.retry_after_s = retry_after_s
        self.challenge = challenge


class Account(Struct, frozen=True):
    """An account at an authority."""

    directory: str
    """The URL of the authority's directory."""
    key: ec.EllipticCurvePrivateKey
    email: str | None


class Exchange:
    """One exchange with an authority.  Raises `OrderFailure`, whatever the authority answers.

    For answers that aren't ACME the library raises not only its own errors, but `TypeError` and others too.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._host = urlsplit(account.directory).netloc
        self._key = JWKEC(key=account.key)
        self._net = ClientNetwork(self._key, alg=ES256, user_agent=f"eyeline/{__version__}", timeout=_REQUEST_S)
        self._net.session.hooks["response"].append(self._note)
        self._retry_after_s: float | None = None

    def order(
        self, signing_request: bytes, types: Sequence[ChallengeType], answer: Callable[[Challenge], None]
    ) -> bytes:
        """Order a certificate for a CSR, both as PEM; the result has its chain.

        `answer` is called with a challenge for each name to validate: of the first of these `types` that is offered.
        """
        try:
            return self._order(signing_request, types, answer)
        except Exception as error:
            raise self._failure(error) from error

    def renewal(self, certificate: bytes) -> tuple[float | None, float]:
        """When to renew, as Unix time, if the authority suggests it (ARI), and after how many seconds to ask again."""
        try:
            at, again = self._client().renewal_time(certificate)
        except Exception as error:
            raise self._failure(error) from error
        return None if at is None else at.timestamp(), (again - datetime.now()).total_seconds()  # noqa: DTZ005  as in `acme`

    def _order(
        self, signing_request: bytes, types: Sequence[ChallengeType], answer: Callable[[Challenge], None]
    ) -> bytes:
        client = self._client()
        self._repeated(self._log_in, client)
        order = self._repeated(client.new_order, signing_request)
        for authorization in order.authorizations:
            if authorization.body.status == messages.STATUS_PENDING:
                self._validate(client, authorization, types, answer)
        deadline = datetime.now() + _PATIENCE  # noqa: DTZ005  as in `acme`
        order = self._repeated(client.poll_authorizations, order, deadline)
        pem: str = self._repeated(client.finalize_order, order, deadline).fullchain_pem
        return pem.encode()

    def _client(self) -> ClientV2:
        return ClientV2(ClientV2.get_directory(self._account.directory, self._net), self._net)

    def _log_in(self, client: ClientV2) -> None:
        """Create the account, or find it by its key."""
        wanted = messages.NewRegistration.from_data(email=self._account.email, terms_of_service_agreed=True)
        try:
            client.new_account(wanted)
        except errors.ConflictError as known:
            self._net.account = messages.RegistrationResource(body=wanted, uri=known.location)

    def _validate(
        self,
        client: ClientV2,
        authorization: messages.AuthorizationResource,
        types: Sequence[ChallengeType],
        answer: Callable[[Challenge], None],
    ) -> None:
        """Have the authority validate one name."""
        name = authorization.body.identifier.value
        offered = {_type(challenge): challenge for challenge in authorization.body.challenges}
        chosen = next((each for each in types if each in offered), None)
        if chosen is None:
            raise OrderFailure("unsupported", _unsupported(self._host, name, types))
        token = offered[chosen].chall.to_partial_json()["token"]
        thumbprint = b64encode(self._key.thumbprint()).decode()
        key_authorization = f"{token}.{thumbprint}"
        answer(Challenge(chosen, name, token, key_authorization))
        ready = challenges.KeyAuthorizationChallengeResponse(key_authorization=key_authorization)
        self._repeated(client.answer_challenge, offered[chosen], ready)

    def _repeated(self, call: Callable[..., Any], *arguments: object) -> Any:
        """Call again as long as only the nonce is refused; `acme` itself does so once."""
        for _ in range(_BAD_NONCES - 1):
            try:
                return call(*arguments)
            except messages.Error as error:
                if error.code != "badNonce":
                    raise
        return call(*arguments)

    def _note(self, response: Any, *_arguments: object, **_options: object) -> None:
        """Called for each response: remember for how long the authority asks to wait."""
        self._retry_after_s = None
        if response.status_code in (429, 503):
            until = ClientV2.retry_after(response, 0)
            wait_s = max((until - datetime.now()).total_seconds(), 0.0)  # noqa: DTZ005  as in `acme`
            if wait_s or response.status_code == 429:  # a 503 without a time is only a fault
                self._retry_after_s = wait_s

    def _failure(self, error: Exception) -> OrderFailure:
        """The sentence for an error."""
        match error:
            case OrderFailure():
                return error
            case errors.ValidationError():
                return _validation_failure(error.failed_authzrs)
            case errors.IssuanceError() if isinstance(error.args[0], messages.Error):
                return self._refusal(error.args[0])
            case messages.Error():
                return self._refusal(error)
            case errors.TimeoutError():
                return OrderFailure("slow", f"{self._host} hasn't finished within {_PATIENCE.seconds // 60} minutes.")
            case RequestException():
                return OrderFailure("unreachable", f"{self._host} {_unreachable(error)}.")
            case OSError() if "CA certificate bundle" in str(error):
                return OrderFailure("disk", "The file that REQUESTS_CA_BUNDLE names isn't there, or can't be read.")
            case OSError():
                return OrderFailure("disk", f"A file can't be written: {error.strerror or type(error).__name__}.")
            case _:
                shown = _printable(str(error)) if isinstance(error, errors.Error) else type(error).__name__
                return OrderFailure(
                    "invalid", f"{self._host} sends an answer that isn't ACME: {shown}.", self._retry_after_s
                )

    def _refusal(self, problem: messages.Error) -> OrderFailure:
        code = problem.code or "other"
        reason = _REASONS.get(code, f"{self._host} refuses the order")
        return OrderFailure(code, f"{reason[0].upper()}{reason[1:]}. It says: {_detail(problem)}.", self._retry_after_s)


def _validation_failure(failed: Sequence[messages.AuthorizationResource]) -> OrderFailure:
    """The sentence for the first name that the authority couldn't validate."""
    for authorization in failed:
        for challenge in authorization.body.challenges:
            if challenge.error is not None:
                return _unproven(authorization.body.identifier.value, _type(challenge), challenge.error)
    return OrderFailure("invalid", "The authority can't validate the names, and doesn't say why.")


def _unproven(name: str, tried: str, problem: messages.Error) -> OrderFailure:
    code = problem.code or "other"
    reason = _REASONS.get(code, "the authority can't validate it")
    challenge = next((each for each in PORTS if each == tried and code in _UNPROVEN), None)
    if challenge is not None:
        reason = _UNPROVEN[code].replace("PORT", str(PORTS[challenge]))
    return OrderFailure(code, f"{name}: {reason}. It says: {_detail(problem)}.", challenge=challenge)


def _unsupported(authority: str, name: str, types: Sequence[ChallengeType]) -> str:
    """The sentence if an authority offers no challenge that can be answered."""
    sentence = f"{authority} doesn't offer {' or '.join(types)} for {name}."
    return sentence if "http-01" in types else f"{sentence} For http-01, port 80 must be free for this server."


def _type(challenge: messages.ChallengeBody) -> str:
    return str(challenge.chall.to_partial_json().get("type"))


def _detail(problem: messages.Error) -> str:
    return _printable(problem.detail or problem.typ or "no reason given").removesuffix(".")


def _printable(text: str) -> str:
    """A text from the authority, on one line and without addresses."""
    words = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return _ADDRESS.sub("(an IP address)", words)[:_DETAIL_CHARACTERS]


def _unreachable(error: RequestException) -> str:
    """Why there was no response.  The exceptions of requests have only a long text, with all their causes."""
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return "has a certificate that isn't trusted here: for an authority of your own, set REQUESTS_CA_BUNDLE"
    if "NameResolution" in text or "getaddrinfo" in text:
        return "has no address, or this machine's DNS doesn't answer"
    if "refused" in text:
        return "refuses connections"
    return "can't be reached"
