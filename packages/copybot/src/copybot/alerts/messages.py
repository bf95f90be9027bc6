"""What the bot tells a person: a trade, an error, the breaker; each from its own template; pure."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Literal

from copybot.settings import AlertSettings, SettingsError

Kind = Literal["trade", "error", "breaker"]
DEFAULTS: dict[Kind, str] = {
    "trade": "[{environment}] {side} {shares} {outcome} at {price} for ${value}\n{market}\n{leader} ({why})",
    "error": "[{environment}] error in {part}: {detail}",
    "breaker": "[{environment}] breaker {state}: {cause}\n{detail}",
}
FIELDS: dict[Kind, tuple[str, ...]] = {
    "trade": ("environment", "side", "shares", "outcome", "price", "value", "market", "leader", "why"),
    "error": ("environment", "part", "detail"),
    "breaker": ("environment", "state", "cause", "detail"),
}
MOST = 4096  # what Telegram takes in one message


class Templates:
    """The three templates of one environment; raise SettingsError for a field that a template cannot have."""

    def __init__(self, settings: AlertSettings) -> None:
        self._environment = settings.environment
        given = {"trade": settings.trade_template, "error": settings.error_template}
        given["breaker"] = settings.breaker_template
        self._texts: dict[Kind, str] = {kind: given[kind] or text for kind, text in DEFAULTS.items()}
        for kind, text in self._texts.items():
            refuse_bad_template(kind, text)

    def write(self, kind: Kind, fields: Mapping[str, str]) -> str:
        """Return the text of one alert."""
        known = dict.fromkeys(FIELDS[kind], "") | {"environment": self._environment} | dict(fields)
        return self._texts[kind].format_map(known)[:MOST]


def refuse_bad_template(kind: Kind, text: str) -> None:
    """Refuse a template that cannot be read, or that names a field which its kind does not have."""
    try:
        names = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError as error:
        raise SettingsError(f"alerts.{kind}_template: {error}") from None
    for name in names:
        if name not in FIELDS[kind]:
            has = ", ".join(FIELDS[kind])
            raise SettingsError(f"alerts.{kind}_template: no field {name!r}; there are: {has}")
    try:  # every field is a text: {value:.2f} can be parsed, but not written
        text.format_map(dict.fromkeys(FIELDS[kind], ""))
    except (ValueError, LookupError, MemoryError) as error:
        raise SettingsError(f"alerts.{kind}_template: {error}; every field is a text") from None


class Repeats:
    """Hold equal alerts back: each time it is told, the wait before the next equal one doubles; pure."""

    def __init__(self, first: float, most: int = 256, longest: float = 3600.0) -> None:
        self._first, self._most, self._longest = first, most, longest
        self._seen: dict[str, tuple[float, float, int]] = {}

    def admit(self, text: str, now: float) -> int | None:
        """Return how many equal ones stand behind this one, or None where it is to be held back."""
        until, wait, held = self._seen.get(text, (float("-inf"), self._first, 0))
        if now < until:
            self._seen[text] = (until, wait, held + 1)
            return None
        if now > until + 2 * wait:
            wait = self._first  # it has been quiet for long: begin anew
        if len(self._seen) >= self._most and text not in self._seen:
            del self._seen[next(iter(self._seen))]
        self._seen[text] = (now + wait, min(wait * 2, self._longest), 0)
        return held + 1
