"""What the server adds to the page's `<head>`: the link preview (Open Graph), and the operator's name and links.

Messengers show a link preview instead of the bare link.  They run no scripts, and want the absolute URL of the picture,
so the page is completed for each public URL.  Nothing of the room is in it.
"""

from collections.abc import Callable
from html import escape
from typing import Final

from starlette.types import Scope

from eyeline.settings import Settings

PICTURE: Final = "invitation.png"
"""The picture of a link preview, below the URL of the pages; drawn by `tools/screenshots.py`."""

_CALL: Final = ("Join the call", "It opens in your browser. No account, no app.")
_DESCRIPTION: Final = "Video calls that go straight from browser to browser."


class PageHead:
    """Makes the lines for the head of a page.  `home` gives the public URL of the pages, which ends in `/`."""

    def __init__(self, settings: Settings, home: Callable[[Scope], str]) -> None:
        self._home = home
        self._name = settings.site_name
        links = {"imprint-url": settings.imprint_url, "contact-url": settings.contact_url}
        operator = {"application-name": settings.site_name, **links}
        self._operator = "".join(_named(name, value) for name, value in operator.items() if value is not None)

    def lines(self, scope: Scope, call: bool) -> str:
        """The lines as HTML.  `call`: the page of a call, not the start page."""
        name = self._name or "Eyeline"
        title, description = _CALL if call else (name, _DESCRIPTION)
        preview = {
            "og:site_name": name,
            "og:title": title,
            "og:description": description,
            "og:image": f"{self._home(scope)}{PICTURE}",
            "og:image:width": "1200",
            "og:image:height": "630",
        }
        card = _named("twitter:card", "summary_large_image")
        return self._operator + "".join(_property(name, value) for name, value in preview.items()) + card


def _named(name: str, value: str) -> str:
    return f'<meta name="{name}" content="{escape(value)}">'


def _property(name: str, value: str) -> str:
    return f'<meta property="{name}" content="{escape(value)}">'
