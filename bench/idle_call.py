"""CPU time of an idle call of two in Chromium, compared with a bare page that shows the same two pictures.

    PYTHONPATH=src .venv/bin/python bench/idle_call.py [--rounds 5] [--seconds 20] [--before CHECKOUT]

Both people are in one browser, with a camera of 1280x720, a microphone that beeps once a second, and a window of
1280x800.  Nobody touches anything.  The bare page is that of `bench/setup.py`, with a self view, and both videos where
the app has them.  The pages alternate, each in a browser of its own, and are left alone until the app's later parts are
loaded and both people send the full size and bitrate: encoding is most of the cost.

Printed is the CPU time of all renderers (both tabs) and of the GPU process, in percent of one core, with the frames per
second that the tabs show: a machine that is too busy shows fewer than 80, and such a run says little.  `--before` adds
the app of another checkout, which has its own `.venv`.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.browser_processes import cpu_seconds
from bench.first_page import started
from bench.sites import free_port, process
from tests.support.app_actions import is_whole, join_call
from tests.support.browser import Page
from tests.support.chromium import Chromium

ROOT: Final = Path(__file__).parents[1]
SETTLED_S: Final = 25.0
"""The app watches a new connection closely for 20 seconds."""

BARE: Final = "bare page"
APP: Final = "app"
BEFORE: Final = "app before"

SELF_VIEW: Final = """() => {
  const [remote] = document.querySelectorAll('video');
  const own = document.createElement('video');
  Object.assign(own, {autoplay: true, muted: true, playsInline: true});
  const sent = __connections[0].getSenders().map(({track}) => track);
  own.srcObject = new MediaStream(sent.filter((track) => track?.kind === 'video'));
  const place = (video, box) => Object.assign(video.style, {position: 'fixed', objectFit: 'cover', ...box});
  place(remote, {left: '16px', top: '16px', width: '1248px', height: '768px'});
  place(own, {left: '1047px', top: '642px', width: '201px', height: '126px', transform: 'scaleX(-1)'});
  document.body.append(own);
  document.body.style.background = '#0d1014';
}"""
"""Adds the own picture to the bare page, and puts both where the app has them."""

FRAMES: Final = """() => [...document.querySelectorAll('video')].reduce(
  (sum, video) => sum + video.getVideoPlaybackQuality().totalVideoFrames, 0)"""
FULL_QUALITY: Final = """async () => {
  const reports = await Promise.all(__connections.map((each) => each.getStats()));
  const rows = reports.flatMap((each) => [...each.values()]);
  const sent = rows.filter(({type, kind}) => type === 'outbound-rtp' && kind === 'video');
  const full = [...document.querySelectorAll('video')].filter(({videoWidth}) => videoWidth === 1280).length === 2;
  return full && sent.some(({targetBitrate}) => targetBitrate >= 2_400_000);
}"""
"""Both pictures have the camera's size, and ours the bitrate that Chromium sends of it at most."""


class Use(NamedTuple):
    """Percent of one core, and the frames per second of all four pictures."""

    renderers: float
    gpu: float
    frames: float


def bare_call(browser: Chromium, url: str) -> Sequence[Page]:
    room = time.monotonic_ns()
    first = browser.open(f"{url}/bare.html?role=first&room={room}")
    first.until("globalThis.ready")
    second = browser.open(f"{url}/bare.html?role=second&room={room}")
    for page in (first, second):
        page.until("document.querySelector('video').videoWidth > 0")
        page.evaluate(SELF_VIEW)
    return first, second


def app_call(browser: Chromium, url: str) -> Sequence[Page]:
    room = f"{url}/r/idle-{time.monotonic_ns()}"
    pages = [join_call(browser, room, name, camera="", reduced_motion=False) for name in ("Alice", "Bob")]
    for page in pages:
        is_whole(page)
    return pages


def measure(call: Callable[[Chromium, str], Sequence[Page]], url: str, seconds: float) -> Use:
    with Chromium(flags=["--force-device-scale-factor=1"]) as browser:
        pages = call(browser, url)
        time.sleep(SETTLED_S)
        for page in pages:
            page.until(FULL_QUALITY, deadline=120.0)
        frames = sum(page.evaluate(FRAMES) for page in pages)
        begin, before = time.monotonic(), cpu_seconds(os.getpid())
        time.sleep(seconds)
        elapsed, after = time.monotonic() - begin, cpu_seconds(os.getpid())
        shown = sum(page.evaluate(FRAMES) for page in pages) - frames
    used = {kind: 100 * (after[kind] - before[kind]) / elapsed for kind in ("renderer", "gpu-process")}
    return Use(used["renderer"], used["gpu-process"], shown / elapsed)


@contextmanager
def servers(before: Path | None) -> Iterator[Mapping[str, str]]:
    """The address of each page."""
    port = free_port()
    with ExitStack() as stack:
        stack.enter_context(process(port, sys.executable, ROOT / "bench/sites.py", "bare", str(port)))
        urls = {BARE: f"http://127.0.0.1:{port}"}
        for name, checkout in ((APP, ROOT), (BEFORE, before)):
            if checkout is None:
                continue
            scratch = Path(stack.enter_context(TemporaryDirectory()))
            serve = (str(checkout.resolve() / ".venv/bin/eyeline"), "serve")
            server = stack.enter_context(started(serve, scratch, os.environ))
            server.first_page()
            urls[name] = f"http://127.0.0.1:{server.port}"
        yield urls


def row(page: str, uses: Sequence[Use], bare: Sequence[Use]) -> str:
    """A page's medians with their spread, and the medians of its ratios to the bare page of the same round."""
    cells = [f"{page:10}"]
    for kind in ("renderers", "gpu"):
        each = [getattr(use, kind) for use in uses]
        ratios = [figure / getattr(beside, kind) for figure, beside in zip(each, bare, strict=True)]
        spread = f"({min(each):.1f}-{max(each):.1f})"
        cells.append(f"{kind} {median(each):5.1f} % {spread:14} ratio {median(ratios):.2f}")
    return "  ".join([*cells, f"{median(use.frames for use in uses):.0f} frames/s"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--before", type=Path, metavar="CHECKOUT")
    args = parser.parse_args()
    uses: dict[str, list[Use]] = {}
    load = os.getloadavg()[0]
    with servers(args.before) as urls:
        for _ in range(args.rounds):
            for page, url in urls.items():
                use = measure(bare_call if page == BARE else app_call, url, args.seconds)
                uses.setdefault(page, []).append(use)
                print(f"{page:10}  renderers {use.renderers:5.1f} %  gpu {use.gpu:5.1f} %  {use.frames:.0f} frames/s")
    print(f"\nload average {load:.1f} at the start, {os.getloadavg()[0]:.1f} at the end, {os.cpu_count()} cores")
    for page, each in uses.items():
        print(row(page, each, uses[BARE]))


if __name__ == "__main__":
    main()
