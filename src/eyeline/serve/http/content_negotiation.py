"""Content negotiation and conditional requests (RFC 9110): Accept-Encoding and If-None-Match."""

from collections.abc import Collection
from typing import Literal

Encoding = Literal["br", "gzip", "identity"]
_BEST_FIRST: tuple[Encoding, ...] = ("br", "gzip", "identity")


def preferred(accepted: str, available: Collection[Encoding]) -> Encoding:
    """The best of the `available` encodings for an Accept-Encoding header (section 12.5.3).

    That is the one with the highest weight, or the smallest of several.  Falls back to identity.
    """
    weights = dict(_weighed(part) for part in accepted.lower().split(",") if part.strip())
    rest = weights.get("*", 0.0)
    usable = [name for name in _BEST_FIRST if name in available and weights.get(name, rest) > 0]
    return max(usable, key=lambda name: weights.get(name, rest), default="identity")


def unchanged(held: str, etag: str) -> bool:
    """Whether `etag` is among those in If-None-Match (section 13.1.2, weak comparison)."""
    return any(tag.strip().removeprefix("W/") in (etag, "*") for tag in held.split(","))


def _weighed(part: str) -> tuple[str, float]:
    name, _, parameter = part.partition(";")
    text = parameter.strip().removeprefix("q=")
    try:
        weight = float(text) if text else 1.0
    except ValueError:
        weight = 0.0
    return name.strip(), weight
