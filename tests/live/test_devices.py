"""Microphones, cameras and speakers that change during a call, in real browsers."""

from typing import Final

from tests.support.app_actions import is_whole, join_call
from tests.support.browser import Browser, Page
from tests.support.call import all_flow, media_flows
from tests.support.firefox import Firefox
from tests.support.server import LiveServer
from tests.support.sound import SoundServer

WITHIN: Final = 2.0
"""Seconds after which the other side hears a replaced microphone."""

UNPLUG: Final = """
const list = navigator.mediaDevices.enumerateDevices.bind(navigator.mediaDevices);
const capture = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
const [gone, captured] = [new Set(), []];
const change = () => navigator.mediaDevices.dispatchEvent(new Event('devicechange'));
navigator.mediaDevices.enumerateDevices = async () => (await list()).filter(({label}) => !gone.has(label));
navigator.mediaDevices.getUserMedia = async (wish) => {
  const stream = await capture(wish);
  captured.push(...stream.getTracks());
  return stream;
};
globalThis.__unplug = (label) => {
  gone.add(label);
  for (const track of captured.filter((each) => each.label === label && each.readyState === 'live')) {
    track.stop();
    track.dispatchEvent(new Event('ended'));
  }
  change();
};
globalThis.__plug = (label) => {
  gone.delete(label);
  change();
};
"""
"""Unplugs a device by its name, as the browser reports it: its tracks end, and the list of devices changes."""


def reads(page: Page, words: str, deadline: float = 10.0) -> None:
    """Wait until the page shows these words in a notice."""
    page.until(
        "(words) => [...document.querySelectorAll('.notice')].some((each) => each.textContent.includes(words))",
        words,
        deadline=deadline,
    )


def choose(page: Page, device: str) -> None:
    """Choose a microphone or a speaker in the dialog."""
    page.click("button", "Choose microphone and speaker")
    page.click("radio", device)
    page.press("Escape")
    page.until("document.querySelector('[role=dialog]') === null")


def test_a_lost_microphone_is_replaced_within_two_seconds_and_both_sides_read_what_happens(
    chromium: Browser, server: LiveServer
) -> None:
    alice = join_call(chromium, f"{server.url}/r/devices", "Alice", UNPLUG)
    bob = join_call(chromium, f"{server.url}/r/devices", "Bob")
    all_flow(alice, bob)
    is_whole(alice)
    is_whole(bob)
    choose(alice, "Fake Audio Input 1")
    media_flows(bob)

    alice.evaluate("__unplug('Fake Audio Input 1')")
    media_flows(bob, deadline=WITHIN)
    reads(alice, "Fake Audio Input 1 is gone. Now using Fake Default Audio Input.")
    alice.evaluate("__plug('Fake Audio Input 1')")
    reads(alice, "Back to Fake Audio Input 1.")
    media_flows(bob, deadline=WITHIN)

    alice.permit()
    reads(alice, "Nobody can hear or see you: your browser no longer allows the microphone and camera.")
    reads(bob, "Alice\u2019s microphone stopped working. You can\u2019t hear them.")
    alice.permit("camera", "microphone")
    media_flows(bob, deadline=WITHIN)
    reads(bob, "You can hear Alice again.")

    choose(bob, "Fake Audio Output 2")
    bob.until("""async () => {
      const [chosen] = (await navigator.mediaDevices.enumerateDevices()).filter(
        ({kind, label}) => kind === 'audiooutput' && label === 'Fake Audio Output 2');
      return [...document.querySelectorAll('video')].every(({sinkId}) => sinkId === chosen.deviceId);
    }""")


def test_strong_noise_suppression_runs_under_the_content_security_policy(chromium: Browser, server: LiveServer) -> None:
    alice, bob = (join_call(chromium, f"{server.url}/r/noise", name) for name in ("Alice", "Bob"))
    all_flow(alice, bob)
    is_whole(alice)
    alice.click("button", "Choose microphone and speaker")
    alice.click("radio", "Strong Also removes typing, dishes, and dogs. Uses more processor time.")
    alice.until("performance.getEntriesByType('resource').some(({name}) => /rnnoise.*wasm$/.test(name))")
    alice.until("""[...document.querySelectorAll('[role=dialog] input:checked')].some((each) =>
      each.closest('label').textContent.startsWith('Strong'))""")
    media_flows(bob)


def test_firefox_plays_on_the_speaker_that_is_chosen_in_its_own_picker_and_in_ours(
    chromium: Browser, server: LiveServer
) -> None:
    with SoundServer("Speakers", "Headset") as sound, Firefox(machine=sound.machine) as firefox:
        alice = join_call(firefox, f"{server.url}/r/speaker", "Alice")
        bob = join_call(chromium, f"{server.url}/r/speaker", "Bob")
        all_flow(alice, bob)
        is_whole(alice)
        assert sound.used() == {"Speakers"}
        alice.click("button", "Choose microphone and speaker")
        alice.click("button", "Choose another speaker…")
        alice.until("""document.querySelector('[role=dialog] input:checked[name=device-speaker]')
          .closest('label').textContent === 'Headset'""")
        sound.until("Headset", plays=True)
        alice.click("radio", "Speakers")
        sound.until("Headset", plays=False)
