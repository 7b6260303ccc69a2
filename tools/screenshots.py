"""Take the screenshots under docs/ from the running app: home, lobby and call; light, dark and on a phone.

Also draws the picture of link previews.

python -m tools.screenshots          needs Debian's Chromium, like the browser tests
"""

from pathlib import Path
from typing import Final, Literal

from tests.support.browser import Browser, Page
from tests.support.chromium import Chromium
from tests.support.server import LiveServer

from eyeline.serve.http.page_head import PICTURE

ROOT: Final = Path(__file__).parent.parent
DOCS: Final = ROOT / "docs"
PREVIEW: Final = ROOT / "web" / "app" / "public" / PICTURE

# In place of the browser's green test video: a person drawn on a canvas, in colours chosen by name.
FACE: Final = """
const draw = (hue) => {
  const canvas = Object.assign(document.createElement('canvas'), {width: 1280, height: 720});
  const paint = canvas.getContext('2d');
  const frame = () => {
    const sway = Math.sin(Date.now() / 900) * 6;
    paint.fillStyle = `hsl(${hue} 28% 30%)`;
    paint.fillRect(0, 0, 1280, 720);
    paint.fillStyle = `hsl(${hue} 32% 38%)`;
    paint.beginPath(); paint.arc(180, 90, 330, 0, 7); paint.fill();
    paint.fillStyle = `hsl(${hue + 180} 26% 36%)`;
    paint.beginPath(); paint.ellipse(640, 800, 330, 330, 0, 0, 7); paint.fill();
    paint.fillStyle = 'hsl(28 20% 15%)';
    paint.beginPath(); paint.ellipse(640 + sway, 300, 165, 190, 0, 0, 7); paint.fill();
    paint.fillStyle = 'hsl(24 46% 68%)';
    paint.beginPath(); paint.ellipse(640 + sway, 345, 138, 175, 0, 0, 7); paint.fill();
  };
  frame();
  setInterval(frame, 50);
  return canvas.captureStream(20);
};
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wish) => {
  const real = await ask(wish);
  if (!wish.video) return real;
  const [camera] = real.getVideoTracks();
  const [drawn] = draw(HUE).getVideoTracks();
  const settings = camera.getSettings();
  camera.stop();
  Object.defineProperties(drawn, {label: {value: 'Built-in camera'}, getSettings: {value: () => settings}});
  return new MediaStream([...real.getAudioTracks(), drawn]);
};
"""

# A screen to share: a harbour's timetable with the next boat highlighted.
SCREEN: Final = """
navigator.mediaDevices.getDisplayMedia = async () => {
  const canvas = Object.assign(document.createElement('canvas'), {width: 1920, height: 1080});
  const paint = canvas.getContext('2d');
  const write = (text, x, y, size, color, weight = 400) => {
    paint.font = `${weight} ${size}px 'Inter Variable', sans-serif`;
    paint.fillStyle = color;
    paint.fillText(text, x, y);
  };
  const boats = [
    ['06:10', 'Skagen', 'Freja', 212], ['09:25', 'Anholt', 'Terne', 148], ['12:40', 'Skagen', 'Freja', 305],
    ['16:00', 'Varberg', 'Sirius', 431], ['18:30', 'Anholt', 'Terne', 96], ['21:15', 'Skagen', 'Freja', 187],
  ];
  const frame = () => {
    paint.fillStyle = '#fbfaf7';
    paint.fillRect(0, 0, 1920, 1080);
    write('Boats on Saturday', 120, 176, 76, '#14171b', 600);
    write('Pier 2, harbour of Grenaa', 120, 236, 34, '#5a6068');
    boats.forEach(([time, to, name, people], row) => {
      const y = 350 + row * 112;
      const next = row === 3;
      paint.fillStyle = next ? '#e3f3ec' : row % 2 ? '#fbfaf7' : '#f3f0ea';
      paint.beginPath(); paint.roundRect(88, y - 64, 1744, 104, 20); paint.fill();
      write(time, 120, y + 4, 44, next ? '#0b7a5b' : '#14171b', 600);
      write(to, 330, y + 4, 40, '#14171b', next ? 600 : 400);
      write(name, 680, y + 4, 40, '#5a6068');
      paint.fillStyle = next ? '#0f9d76' : '#d3ccbe';
      paint.beginPath(); paint.roundRect(1120, y - 26, people * 1.25, 28, 14); paint.fill();
      write(String(people), 1150 + people * 1.25, y + 2, 34, '#5a6068');
    });
  };
  frame();
  setInterval(frame, 200);
  return canvas.captureStream(10);
};
"""
# The mark and a few words. Messengers crop it, some to a square.
PICTURE_DRAWING: Final = """
async () => {
  await Promise.all([document.fonts.load('700 92px Inter'), document.fonts.load('400 34px Inter')]);
  const canvas = Object.assign(document.createElement('canvas'), {width: 1200, height: 630});
  Object.assign(canvas.style, {position: 'fixed', inset: '0'});
  const paint = canvas.getContext('2d');
  paint.fillStyle = '#0d1014';
  paint.fillRect(0, 0, 1200, 630);
  const dot = (x, radius) => { paint.beginPath(); paint.arc(x, 6, radius, 0, 7); };
  paint.setTransform(13, 0, 0, 13, 392, 132); // the mark's own coordinates
  paint.lineWidth = 2.5;
  paint.strokeStyle = '#38d9a4';
  paint.beginPath(); paint.moveTo(11, 6); paint.lineTo(22, 6); paint.stroke();
  paint.strokeStyle = paint.fillStyle = '#f2f0eb';
  dot(6, 4.75); paint.stroke();
  dot(26, 5.5); paint.fill();
  paint.resetTransform();
  const write = (text, y, font, spacing) => {
    Object.assign(paint, {font: `${font} Inter`, letterSpacing: spacing, textAlign: 'center'});
    paint.fillText(text, 600, y);
  };
  write('Join the call', 424, '700 92px', '-3px');
  paint.fillStyle = '#a0a6ae';
  write('From browser to browser', 494, '400 34px', '-0.4px');
  document.body.replaceChildren(canvas);
};
"""
HUES: Final = {"Alice": 222, "Bob": 34, "Carol": 155, "Dave": 300, "Erin": 95}
Scheme = Literal["light", "dark"]
NO_SCREENS: Final = "delete MediaDevices.prototype.getDisplayMedia;"
"""As on phones, whose browsers can't share a screen."""
KEY: Final = "AAECAwQFBgcICQoLDA0ODw"
WIDE: Final = (1440, 900)
PHONE: Final = (390, 844)


def visitor(
    browser: Browser, url: str, name: str, viewport: tuple[int, int] = WIDE, scheme: Scheme = "light", script: str = ""
) -> Page:
    """A person with a drawn camera image, in the lobby."""
    init = FACE.replace("HUE", str(HUES[name])) + script
    page = browser.open(url, init_script=init, viewport=viewport, color_scheme=scheme)
    page.fill("Your name", name)
    page.until("document.querySelector('video')?.videoWidth > 0")
    return page


def join(page: Page) -> Page:
    """Join the call from the lobby."""
    page.click("button", "Join")
    page.until("document.querySelector('main.call') !== null")
    return page


def settle(page: Page, people: int) -> None:
    """Wait until everyone's video is shown and the connection was measured."""
    page.until(
        "(n) => [...document.querySelectorAll('video')].filter((each) => each.videoWidth > 600).length >= n",
        people,
        deadline=60,
    )
    page.until("(end) => performance.now() > end", page.evaluate("performance.now() + 2500"))


def stir(page: Page) -> None:
    """Move the mouse, and wait until the controls have reappeared."""
    page.evaluate("void document.querySelector('main').dispatchEvent(new PointerEvent('pointermove', {bubbles: true}))")
    page.until("(end) => performance.now() > end", page.evaluate("performance.now() + 600"))


def main() -> None:
    """Take all screenshots."""
    with LiveServer() as server, Chromium() as browser:
        preview(browser, server.url)
        for scheme, viewport in (("light", WIDE), ("dark", WIDE), ("light", PHONE), ("dark", PHONE)):
            take(browser, server.url, scheme, viewport)  # type: ignore[arg-type]
            browser.close_pages()
        room = f"{server.url}/r/five-at-tea#{KEY}"
        people = [join(visitor(browser, room, name)) for name in HUES]
        settle(people[0], 5)
        stir(people[0])
        people[0].screenshot(DOCS / "call-for-five-1440.png")
        browser.close_pages()
        host(browser, server.url)
        browser.close_pages()
        shared(browser, server.url)


def preview(browser: Browser, url: str) -> None:
    """The picture of link previews, in the app's font."""
    page = browser.open(url, viewport=(1200, 630), color_scheme="dark")
    page.evaluate(PICTURE_DRAWING)
    page.screenshot(PREVIEW)


def shared(browser: Browser, url: str) -> None:
    """Bob shares his screen with Alice on a desktop and Carol on a phone."""
    room = f"{url}/r/boats#{KEY}"
    bob = join(visitor(browser, room, "Bob", script=SCREEN))
    alice = join(visitor(browser, room, "Alice"))
    carol = join(visitor(browser, room, "Carol", PHONE, "dark", script=NO_SCREENS))
    bob.press("s")
    for page in (alice, carol):
        page.until("document.querySelector('[data-role=screen] video')?.videoWidth > 600", deadline=60)
        settle(page, 0)
        stir(page)
    alice.screenshot(DOCS / "screen-light-1440.png")
    carol.screenshot(DOCS / "screen-dark-390.png")


def host(browser: Browser, url: str) -> None:
    """The host's view: somebody in the waiting room, and the emoji of somebody who was admitted."""
    alice = browser.open(url, init_script=FACE.replace("HUE", str(HUES["Alice"])), viewport=WIDE)
    alice.click("button", "New call")
    alice.fill("Your name", "Alice")
    alice.until("document.querySelector('video')?.videoWidth > 0")
    join(alice)
    alice.click("button", "People")
    alice.click("radio", "People you let in (they knock first)")
    for name in ("Bob", "Carol"):
        visitor(browser, alice.evaluate("location.href"), name).click("button", "Ask to join")
        alice.until(f"() => document.body.innerText.includes('{name}')")
        if name == "Bob":
            alice.click("button", "Admit Bob")
            settle(alice, 2)
    alice.screenshot(DOCS / "host-light-1440.png")
    alice.click("button", "Close")
    alice.evaluate("document.querySelector('.badge').click()")
    alice.until("document.querySelector('.safety-emoji') !== null")
    stir(alice)
    alice.screenshot(DOCS / "emoji-light-1440.png")
    alice.click("button", "Close")
    alice.click("button", "Invite")
    alice.until("document.querySelector('.share .qr') !== null")
    stir(alice)
    alice.screenshot(DOCS / "invite-light-1440.png")


def take(browser: Browser, url: str, scheme: Scheme, viewport: tuple[int, int]) -> None:
    """Home, lobby and a call of two people, as one of them sees it."""
    look = f"{scheme}-{viewport[0]}.png"
    home = browser.open(url, viewport=viewport, color_scheme=scheme)
    home.until("document.fonts.status === 'loaded'")
    home.screenshot(DOCS / f"home-{look}")
    room = f"{url}/r/tea-{scheme}-{viewport[0]}#{KEY}"
    join(visitor(browser, room, "Bob"))
    alice = visitor(browser, room, "Alice", viewport, scheme, NO_SCREENS if viewport == PHONE else "")
    alice.until("document.body.innerText.includes('Bob is here already')")
    alice.screenshot(DOCS / f"lobby-{look}")
    join(alice)
    settle(alice, 2)
    stir(alice)
    alice.screenshot(DOCS / f"call-{look}")


if __name__ == "__main__":
    main()
