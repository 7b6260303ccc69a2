"""Glare: both sides renegotiate at random at the same time; in the end they agree, on the same connection.

`GLARE=1000` runs a thousand rounds instead of fifty.
"""

import os
from typing import Final

import pytest
from tests.support.app_actions import join_call
from tests.support.browser import EACH, Browser
from tests.support.call import all_flow, media_flows
from tests.support.server import LiveServer

ROUNDS: Final = int(os.environ.get("GLARE", "50"))

CHURN: Final = """
globalThis.__churn = (() => {
  let first;
  const connection = () => first;
  const mine = [];  // lines that this side has added
  const pick = (list) => list[Math.floor(Math.random() * list.length)];
  const video = () => connection().getTransceivers().find((each) => each.receiver.track.kind === 'video');
  const camera = () => video().sender.track;
  const deeds = [
    () => connection().restartIce(),
    () => { video().direction = pick(['sendrecv', 'sendonly', 'recvonly', 'inactive']); },
    () => { if (mine.length < 3) mine.push(connection().addTransceiver(camera().clone())); },
    () => mine.pop()?.stop(),
    () => { const one = pick(mine); if (one) connection().removeTrack(one.sender); },
  ];
  return {
    negotiations: 0,
    lostDtls: false,
    keep() {
      first = __connections.find((each) => each.connectionState === 'connected');
      const dtls = first.sctp.transport;
      dtls.addEventListener('statechange', () => { this.lostDtls ||= dtls.state === 'failed'; });
    },
    kept: () => first.connectionState === 'connected',
    /** So many deeds, a moment apart, from a moment that both sides have agreed on. */
    async run(rounds, start, restarts) {
      const there = connection();
      there.addEventListener('signalingstatechange', () => { this.negotiations += there.signalingState === 'stable'; });
      await new Promise((done) => setTimeout(done, start - Date.now()));
      for (let round = 0; round < rounds; round++) {
        (restarts ? deeds[0] : pick(deeds))();
        await new Promise((done) => setTimeout(done, Math.random() * (restarts ? 1000 : 120)));
      }
    },
    /** As a call is again. */
    settle() {
      while (mine.length) mine.pop().stop();
      video().direction = 'sendrecv';
    },
    lines: () => connection().getTransceivers().filter((each) => each.direction !== 'stopped').map((each) => each.mid),
    calm: () => connection().signalingState === 'stable' && !connection().getTransceivers().some(
      (each) => each.direction !== 'stopped' && each.direction !== each.currentDirection),
  };
})();
"""


@pytest.mark.beside
@pytest.mark.parametrize("other", EACH)
def test_simultaneous_renegotiations_end_in_agreement(
    other: str, chromium: Browser, server: LiveServer, request: pytest.FixtureRequest
) -> None:
    """With Firefox only ICE restarts, all that Eyeline itself does in a call: a Firefox that has offered anything else
    refuses an offer that restarts ICE, even after a rollback.  Restarts bring candidates, and the broker limits the
    messages per second, so these are twelve.  After a restart that was rolled back, the next one sometimes ends DTLS in
    Firefox 153, with an answer in order: then the two must connect again.
    """
    rounds = 12 if other == "firefox" else ROUNDS
    browsers: list[Browser] = [chromium, request.getfixturevalue(other)]
    room = f"{server.url}/r/glare-{other}"
    pages = [join_call(each, room, name, CHURN) for each, name in zip(browsers, ("Alice", "Bob"), strict=True)]
    for page in pages:
        media_flows(page)
        page.evaluate("__churn.keep()")
    start = pages[0].evaluate("Date.now() + 300")
    for page in pages:
        page.evaluate(
            "(...given) => { __churn.over = __churn.run(...given).then(() => true); }",
            rounds,
            start,
            other == "firefox",
        )
    for page in pages:
        page.until("__churn.over", deadline=10 + ROUNDS / 5)
    if other == "firefox" and pages[1].evaluate("__churn.lostDtls"):
        for page in pages:
            media_flows(page, deadline=20)
        return
    for page in pages:
        page.evaluate("__churn.settle()")
    for page in pages:
        page.until("__churn.calm()", deadline=20)
        media_flows(page, deadline=20)
    assert len({tuple(page.evaluate("__churn.lines()")) for page in pages}) == 1
    for page in pages:
        assert page.evaluate("__churn.kept()"), page.console
        assert page.evaluate("__churn.negotiations") > rounds / 4


@pytest.mark.beside
def test_new_transceiver_survives_the_other_sides_first_offer(chromium: Browser, server: LiveServer) -> None:
    """The first to join receives the first offer and makes the next; Bob has a transceiver not yet negotiated."""
    alice, bob = (join_call(chromium, f"{server.url}/r/line", name) for name in ("Alice", "Bob"))
    all_flow(alice, bob)
    bob.evaluate("""() => {
      const there = __connections.find((each) => each.connectionState === 'connected');
      there.setRemoteDescription = async (description) => {
        await RTCPeerConnection.prototype.setRemoteDescription.call(there, description);
        globalThis.__line ??= there.addTransceiver('video');
      };
    }""")
    alice.evaluate("__connections.find((each) => each.connectionState === 'connected').restartIce()")
    bob.until("globalThis.__line")
    alice.until("__connections.some((each) => each.getTransceivers().length > 4)")
    bob.until("__line.currentDirection !== null")
    assert bob.evaluate("__line.direction") == "sendrecv"
