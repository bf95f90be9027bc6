"""Texts cut to a channel's limits; what is cut ends in `…` where there is room for it.

Source of the rules: Alertmanager, notify/util.go and its table of cases.
"""

from __future__ import annotations

MARK = "…"


def runes(text: str, most: int) -> tuple[str, bool]:
    """Return a text of at most so many code points, and whether something was cut."""
    if len(text) <= most:
        return text, False
    # Up to three signs a mark would say less than what it takes the place of.
    return (text[:most] if most <= 3 else text[: most - 1] + MARK), True


def octets(text: str, most: int) -> tuple[str, bool]:
    """Return a text of at most so many bytes of UTF-8, never cut inside a code point."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= most:
        return text, False
    room = most - len(MARK.encode())
    if room < 0:
        return "." * most, True
    return raw[:room].decode("utf-8", "ignore") + MARK, True


def utf16(text: str, most: int) -> tuple[str, bool]:
    """Return a text of at most so many UTF-16 units, in which Telegram counts."""
    if len(text.encode("utf-16-le", "replace")) // 2 <= most:
        return text, False
    raw = text.encode("utf-16-le", "replace")[: 2 * (most - 1)]
    return raw.decode("utf-16-le", "ignore") + MARK, True
