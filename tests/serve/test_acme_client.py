"""What the log says when an authority gives no certificate.  The authority is a few lines of HTTP."""

import asyncio
import errno
import json
import logging
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from threading import enumerate as enumerate_threads
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.authority import keep_certificate_that_ends_soon

from eyeline.serve.connection_limits import ConnectionLimits
from eyeline.serve.process.acme.certificate import AcmeCertificate
from eyeline.serve.process.acme.challenge import Challenge, ChallengeType, PendingChallenges
from eyeline.serve.process.acme.client import Account, Exchange, OrderFailure
from eyeline.serve.process.acme.ordering import perform
from eyeline.serve.process.acme.renewal import NotIssued
from eyeline.serve.process.acme.store import AcmeFolder, signing_request
from eyeline.serve.process.tls import self_signed
from eyeline.settings import Settings

NAMES = ("meet.example.org",)
TOKEN = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"
BOTH: tuple[ChallengeType, ...] = ("tls-alpn-01", "http-01")
Response = tuple[int, dict[str, str], Any]


@contextmanager
def authority(*orders: Response, **more: Response | list[Response]) -> Iterator[str]:
    """An authority that answers the first orders in these ways, and further ones as the last; its directory's URL.

    `more` are answers below other paths, or lists of them.  `HERE` in an answer becomes the authority's own address.
    """
    names = ["newNonce", "newAccount", "newOrder", *more]
    known: dict[str, Response | list[Response]] = {
        "newOrder": list(orders),
        "directory": (200, {}, {name: f"HERE/{name}" for name in names}),
        "newAccount": (201, {"Location": "HERE/account"}, {"status": "valid"}),
        **more,
    }

    class Handler(BaseHTTPRequestHandler):
        def respond(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked = self.path.split("/")[1]
            left = known.get(asked, (200, {}, None))
            status, headers, body = left if isinstance(left, tuple) else left.pop(0) if len(left) > 1 else left[0]
            here = f"http://127.0.0.1:{server.server_port}"
            content = (
                body
                if isinstance(body, bytes)
                else b""
                if body is None
                else json.dumps(body).replace("HERE", here).encode()
            )
            kind = "application/json" if status < 400 else "application/problem+json"
            said = {"Replay-Nonce": "bm9uY2U", "Content-Type": kind, "Content-Length": str(len(content)), **headers}
            self.send_response(status)
            for name, value in said.items():
                self.send_header(name, value.replace("HERE", here))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_HEAD = respond  # noqa: N815  the names of http.server

        def log_message(self, *_arguments: object) -> None:
            """Print nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/directory"
        finally:
            server.shutdown()
            thread.join()


def suggestion(renewal: Response | None) -> tuple[float | None, float]:
    """When to renew a certificate, and when to ask again, by an authority's answer."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    builder = x509.CertificateBuilder(x509.Name([]), x509.Name([]), key.public_key(), x509.random_serial_number())
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
    builder = builder.not_valid_before(now).not_valid_after(now + timedelta(days=90)).add_extension(issuer, False)
    pem = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    with authority((404, {}, None), **({} if renewal is None else {"renewalInfo": renewal})) as directory:
        return Exchange(Account(directory, key, None)).renewal(pem)


def failure(
    directory: str, types: tuple[ChallengeType, ...] = BOTH, answer: Callable[[Challenge], None] = lambda _: None
) -> OrderFailure:
    """The failure of an order."""
    key = ec.generate_private_key(ec.SECP256R1())
    exchange = Exchange(Account(directory, key, "teacher@example.org"))
    with pytest.raises(OrderFailure) as caught:
        exchange.order(signing_request(key, NAMES), types, answer)
    return caught.value


def problem(status: int, kind: str, detail: str, **headers: str) -> Response:
    """An error by RFC 8555, 6.7."""
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, said, {"type": f"urn:ietf:params:acme:error:{kind}", "detail": detail}


def refused(status: int, kind: str, detail: str, **headers: str) -> OrderFailure:
    with authority(problem(status, kind, detail, **headers)) as directory:
        return failure(directory)


def test_rate_limit_says_for_how_long_to_wait() -> None:
    found = refused(429, "rateLimited", "too many certificates for this name", Retry_After="7200")
    assert found.code == "rateLimited"
    assert found.message == "The authority has had too many orders. It says: too many certificates for this name."
    assert found.retry_after_s == pytest.approx(7200, abs=10)


@pytest.mark.parametrize("wait", ["", "soon", "-5", "Fri, 31 Dec 1999 23:59:59 GMT"])
def test_rate_limit_with_a_useless_time_asks_for_no_longer_pause(wait: str) -> None:
    assert refused(429, "rateLimited", "slowly", Retry_After=wait).retry_after_s == 0


@pytest.mark.parametrize("headers", [{}, {"Retry_After": "soon"}, {"Retry_After": "0"}])
def test_fault_of_the_authority_without_a_time_is_no_request_to_wait(headers: dict[str, str]) -> None:
    assert refused(503, "serverInternal", "down", **headers).retry_after_s is None


def test_overloaded_authority_says_for_how_long_to_wait() -> None:
    assert refused(503, "serverInternal", "busy", Retry_After="600").retry_after_s == pytest.approx(600, abs=10)


def test_name_that_gets_no_certificate_is_said() -> None:
    found = refused(400, "rejectedIdentifier", "Invalid identifiers requested :: meet.example.org")
    assert found.code == "rejectedIdentifier"
    assert found.message.startswith("The authority issues no certificate for this name. It says: Invalid")
    assert found.retry_after_s is None


def test_unknown_error_is_passed_on_as_one_line_without_addresses() -> None:
    found = refused(403, "serverInternal", "down\n\x1b[31mat 192.0.2.7 and 2001:db8::7." + "x" * 1000)
    assert "down [31mat (an IP address) and (an IP address)" in found.message
    assert found.message.isprintable()
    assert len(found.message) < 500


def test_order_survives_several_refused_nonces() -> None:
    bad, final = problem(400, "badNonce", "used"), problem(403, "unauthorized", "no")
    with authority(bad, bad, bad, bad, bad, final) as directory:
        assert failure(directory).code == "unauthorized"


def test_nonces_that_are_always_refused_end_the_order() -> None:
    assert refused(400, "badNonce", "used").code == "badNonce"


def issuing(chain: bytes) -> dict[str, Response | list[Response]]:
    """The answers of an authority that needs no validation and issues this."""
    issued: Response = (200, {}, {"status": "valid", "certificate": "HERE/chain"})
    return {"finalize": issued, "order": issued, "chain": (200, {}, chain)}


READY: Response = (
    201,
    {"Location": "HERE/order"},
    {"status": "ready", "authorizations": [], "finalize": "HERE/finalize"},
)


@pytest.mark.parametrize("name", ["meet.example.org", "other.example.org", None])
def test_certificate_that_was_not_ordered_does_not_replace_the_old_one(tmp_path: Path, name: str | None) -> None:
    """One with another key, another name, or none at all."""
    other = self_signed(tmp_path, [name]).cert.read_bytes() if name else b"no certificate"
    with authority(READY, **issuing(other)) as directory:
        settings, folder = Settings(data_dir=tmp_path, acme_directory=directory), AcmeFolder(tmp_path, directory)
        result = perform("order", settings, NAMES, folder, PendingChallenges(tmp_path), BOTH)
    assert isinstance(result, NotIssued)
    assert "a different certificate from the one ordered" in result.why
    assert folder.certificate() is None


@pytest.mark.parametrize(
    "answer", [(200, {}, ["no order"]), (200, {}, {"status": 7}), (201, {}, {}), (500, {}, None), (404, {}, "x")]
)
def test_answer_that_is_not_acme_is_a_failure_like_any_other(answer: Response) -> None:
    with authority(answer) as directory:
        assert failure(directory).code in {"invalid", "other"}


def validating(*offered: str, error: str = "connection") -> dict[str, Response | list[Response]]:
    """The answers of an authority that offers challenges of these types; the first one fails with this error."""
    listed = [{"type": each, "url": f"HERE/{each}", "token": TOKEN, "status": "pending"} for each in offered]
    wanted = {"identifier": {"type": "dns", "value": NAMES[0]}, "status": "pending", "challenges": listed}
    why = {"type": f"urn:ietf:params:acme:error:{error}", "detail": "no answer"}
    judged = wanted | {"status": "invalid", "challenges": [listed[0] | {"status": "invalid", "error": why}]}
    link = {"Link": '<HERE/authorization>;rel="up"'}
    tried: dict[str, Response | list[Response]] = {each["type"]: (200, link, each) for each in listed}
    return {"authorization": [(200, {}, wanted), (200, {}, judged)], **tried}


PENDING: Response = (
    201,
    {"Location": "HERE/order"},
    {"status": "pending", "authorizations": ["HERE/authorization"], "finalize": "HERE/finalize"},
)


@pytest.mark.parametrize(
    ("offered", "types", "chosen"),
    [
        (("http-01", "dns-01", "tls-alpn-01"), BOTH, "tls-alpn-01"),
        (("http-01", "tls-alpn-01"), ("http-01", "tls-alpn-01"), "http-01"),
        (("http-01", "dns-01"), BOTH, "http-01"),
    ],
)
def test_preferred_challenge_of_those_offered_is_answered(
    offered: tuple[str, ...], types: tuple[ChallengeType, ...], chosen: str
) -> None:
    answered: list[Challenge] = []
    with authority(PENDING, **validating(*offered)) as directory:
        failure(directory, types, answered.append)
    [challenge] = answered
    assert (challenge.type, challenge.name, challenge.token) == (chosen, NAMES[0], TOKEN)
    assert re.fullmatch(rf"{TOKEN}\.[\w-]{{43}}", challenge.key_authorization)


@pytest.mark.parametrize(("challenge", "port"), [("tls-alpn-01", "443"), ("http-01", "80")])
@pytest.mark.parametrize("error", ["connection", "tls", "incorrectResponse", "unauthorized"])
def test_failed_challenge_is_named_with_its_port_because_the_other_may_do(
    challenge: str, port: str, error: str
) -> None:
    with authority(PENDING, **validating(challenge, error=error)) as directory:
        found = failure(directory)
    assert (found.code, found.challenge) == (error, challenge)
    assert found.message.startswith(f"{NAMES[0]}: ")
    assert f"port {port}" in found.message
    assert found.message.endswith(" It says: no answer.")


@pytest.mark.parametrize("error", ["dns", "caa", "serverInternal"])
def test_failure_that_is_no_fault_of_the_challenge_names_none(error: str) -> None:
    with authority(PENDING, **validating("tls-alpn-01", error=error)) as directory:
        found = failure(directory)
    assert (found.code, found.challenge) == (error, None)


def test_authority_whose_only_challenge_needs_port_80_is_said() -> None:
    with authority(PENDING, **validating("http-01", "dns-01")) as directory:
        found = failure(directory, ("tls-alpn-01",))
    assert found.code == "unsupported"
    assert found.message.endswith(
        "doesn't offer tls-alpn-01 for meet.example.org. For http-01, port 80 must be free for this server."
    )


def test_file_of_trusted_certificates_that_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "no.pem"))
    found = failure("https://127.0.0.1:9/directory")
    assert found.message == "The file that REQUESTS_CA_BUNDLE names isn't there, or can't be read."


def test_full_disk_is_not_blamed_on_the_authority() -> None:
    def answer(_: Challenge) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with authority(PENDING, **validating("tls-alpn-01")) as directory:
        found = failure(directory, answer=answer)
    assert (found.code, found.message) == ("disk", "A file can't be written: No space left on device.")


def test_authority_that_is_down_is_said() -> None:
    with authority((200, {}, {})) as directory:
        pass
    found = failure(directory)
    assert (found.code, found.message.partition(" ")[2]) == ("unreachable", "refuses connections.")


def test_authority_without_an_address_is_said() -> None:
    assert failure("https://authority.invalid/directory").code == "unreachable"


def test_authority_suggests_when_to_renew() -> None:
    window = {"start": "2027-01-02T03:00:00Z", "end": "2027-01-02T04:00:00Z"}
    at, again_s = suggestion((200, {"Retry-After": "21600"}, {"suggestedWindow": window}))
    assert at is not None
    assert datetime(2027, 1, 2, 3, tzinfo=UTC).timestamp() <= at <= datetime(2027, 1, 2, 4, tzinfo=UTC).timestamp()
    assert again_s == pytest.approx(21600, abs=10)


def test_authority_without_suggestions_is_asked_again_later() -> None:
    at, again_s = suggestion(None)
    assert at is None
    assert again_s > 3600


@pytest.mark.parametrize("answer", [(500, {}, None), (200, {}, []), (200, {}, {"suggestedWindow": {"start": "soon"}})])
def test_useless_suggestion_is_a_failure_like_any_other(answer: Response) -> None:
    with pytest.raises(OrderFailure):
        suggestion(answer)


SAID = "! certificate='not issued' code={} why='{} It says: {}.' again='{}' meanwhile='the old one'"


@pytest.mark.parametrize(
    ("answer", "line", "orders"),
    [
        (
            problem(429, "rateLimited", "too many certificates", Retry_After="7200"),
            ("rateLimited", "The authority has had too many orders.", "too many certificates", "in 120 min"),
            1,
        ),
        (
            problem(403, "rejectedIdentifier", "not this one"),
            (
                "rejectedIdentifier",
                "The authority issues no certificate for this name.",
                "not this one",
                "in 2 min",
            ),
            2,
        ),
    ],
)
def test_failed_renewal_is_one_sentence_and_sighup_orders_again_unless_the_authority_asks_to_wait(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, answer: Response, line: tuple[str, ...], orders: int
) -> None:
    caplog.set_level("INFO", "eyeline.process")

    def logged(words: str) -> list[str]:
        return [record.getMessage() for record in caplog.records if words in record.getMessage()]

    failed = asyncio.Event()

    def notice(record: logging.LogRecord) -> bool:
        if "not issued" in record.getMessage():
            failed.set()
        return True

    caplog.handler.addFilter(notice)

    async def run(directory: str) -> str:
        settings = Settings(domains=NAMES, data_dir=tmp_path, acme_directory=directory)
        certificate = AcmeCertificate(settings, [], ConnectionLimits(sockets=10, sockets_per_address=10))
        await certificate.watch()
        async with asyncio.timeout(10):
            await failed.wait()
        certificate.reload()
        certificate.stop()
        return certificate.fingerprint.replace(":", "").lower()

    with authority(answer) as directory:
        old = keep_certificate_that_ends_soon(tmp_path, directory, NAMES[0])
        assert asyncio.run(run(directory)) == sha256(old).hexdigest()
        assert logged("not issued")[:1] == [SAID.format(*line)]
    caplog.handler.removeFilter(notice)
    assert len(logged("certificate=ordering")) == orders


def test_authority_that_never_finishes_is_abandoned_once_and_the_next_order_begins(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It accepts connections, and answers none before its port is closed."""
    caplog.set_level("INFO", "eyeline.process")

    def logged(words: str) -> int:
        return sum(words in record.getMessage() for record in caplog.records)

    def exchanges() -> list[Thread]:
        return [thread for thread in enumerate_threads() if thread.name == "acme order"]

    async def run(silent: socket.socket) -> None:
        directory = f"http://127.0.0.1:{silent.getsockname()[1]}/directory"
        settings = Settings(domains=NAMES, data_dir=tmp_path, acme_directory=directory)
        limits = ConnectionLimits(sockets=10, sockets_per_address=10)
        certificate = AcmeCertificate(settings, [], limits, limit_s=0.0)
        await certificate.watch()
        first, _ = await asyncio.to_thread(silent.accept)
        with first:
            certificate.reload()
            assert logged("hasn't finished within 0 minutes") == 1
            certificate.reload()
            assert logged("certificate=ordering") == 2
            second, _ = await asyncio.to_thread(silent.accept)
            with second:
                certificate.reload()
                assert (logged("not issued"), logged("certificate=ordering")) == (1, 2)
                abandoned, waiting = exchanges()
                first.close()
                await asyncio.to_thread(abandoned.join, 10)
                assert exchanges() == [waiting]
                assert logged("not issued") == 1
                certificate.reload()
                assert logged("not issued") == 2
        certificate.stop()
        await asyncio.to_thread(waiting.join, 10)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        asyncio.run(run(silent))
