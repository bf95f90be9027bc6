"""Secrets kept out of messages: values that are known, and what looks like one.

A bare 0x and 64 hexadecimal digits stays: it is far more often a transaction's hash than a key. It goes
where a word beside it says key, seed or secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

HIDDEN = "[redacted]"
_SECRET_WORD = (
    r"(?:secret|passw(?:or)?d|passphrase|api[_-]?key|private[_-]?key|access[_-]?key|signing[_-]?key"
    r"|auth[_-]?token|bot[_-]?token|access[_-]?token|credentials?)"
)
_SEED_WORD = r"(?:mnemonic|seed(?:[ _-]?phrase)?|recovery[ _-]?phrase)"
_NAME = re.compile(rf"(?:^|[_.-]|\b)(?:{_SECRET_WORD}|{_SEED_WORD})s?$", re.IGNORECASE)
_HEX = re.compile(r"0x[0-9a-fA-F]+")

Swap = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]


def _segment(found: re.Match[str]) -> str:
    """Hide a long part of a URL's path that mixes letters and digits, unless it is a hash or an address."""
    part = found[2]
    mixed = any(rune.isdigit() for rune in part) and any(rune.isalpha() for rune in part)
    return found[1] + (HIDDEN if mixed and not _HEX.fullmatch(part) else part)


_GLUE = r"[\"']?\s{0,3}[:=]\s{0,3}[\"']?"
_VENDORS = r"gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|sk-|rk_live_|sk_live_"
_WORDS = r"(?:[a-z]{3,8}[ ,]{1,3}){11,23}[a-z]{3,8}"
_NOT_YET = r"(?!\[redacted\])"

# Bounded repeats: no text makes a pattern slow.
_RAW: tuple[tuple[str, str], ...] = (
    (r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]{0,20000}(?:-----END[^-]{0,60}-----)?", HIDDEN),
    (r"(\b[a-z][a-z0-9+.-]{1,20}://)[^\s/@:]{1,200}:[^\s/@]{1,400}@", rf"\1{HIDDEN}@"),
    (r"(hooks\.slack\.com/(?:services|workflows|triggers))/[\w/-]{8,300}", rf"\1/{HIDDEN}"),
    (r"(discord(?:app)?\.com/api/(?:v\d+/)?webhooks/\d{1,30})/[\w-]{8,200}", rf"\1/{HIDDEN}"),
    (r"\b\d{6,12}:[A-Za-z0-9_-]{30,60}\b", HIDDEN),  # Telegram's bot token
    (r"\beyJ[\w-]{10,4000}\.[\w-]{10,4000}\.[\w-]{10,4000}", HIDDEN),  # JSON web token
    (r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b", HIDDEN),
    (rf"\b(?:{_VENDORS})[\w-]{{16,255}}", HIDDEN),
    (r"(?i)\b(bearer|basic)(\s+)[\w.~+/=-]{8,4000}", rf"\1\2{HIDDEN}"),
    (rf"(?i)({_SEED_WORD}{_GLUE}){_WORDS}", rf"\1{HIDDEN}"),
    (
        rf"(?i)([\w-]{{0,40}}(?:{_SECRET_WORD}|{_SEED_WORD}){_GLUE}){_NOT_YET}[^\s\"',;&}}\]]{{1,4000}}",
        rf"\1{HIDDEN}",
    ),
    # A token of a trading bot is mostly a coin: only what is long and no address is a secret.
    (rf"(?i)([\w-]{{0,40}}token{_GLUE}){_NOT_YET}(?!0x)[\w.~+/=-]{{16,4000}}", rf"\1{HIDDEN}"),
    (r"(?i)(\b(?:key|secret|seed)\b\W{0,4})(?:0x)?[0-9a-f]{64}\b", rf"\1{HIDDEN}"),
)
PATTERNS: tuple[Swap, ...] = (
    *((re.compile(pattern), swap) for pattern, swap in _RAW),
    (re.compile(r"(?<=[\w.:\]])(/(?:[\w.-]{1,20}/){0,4})([\w-]{24,200})(?=[/?#\s\"']|$)"), _segment),
)


class Redactor:
    """Hides the given secrets wherever they stand, and what the patterns find."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        self._known: re.Pattern[str] | None = None
        self.learn(*secrets)

    def learn(self, *secrets: str) -> None:
        """Hide these, too; a secret of a file may change while the keeper runs."""
        fresh = {secret for secret in secrets if len(secret) >= 4} - self._secrets
        if fresh:
            self._secrets |= fresh
            ordered = sorted(self._secrets, key=len, reverse=True)
            self._known = re.compile("|".join(map(re.escape, ordered)))

    def text(self, text: str) -> str:
        """Return a text without secrets."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        for pattern, swap in PATTERNS:
            text = pattern.sub(swap, text)
        return text

    def pairs(self, pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Return labels or annotations without secrets; a pair whose name says secret loses its value."""
        return tuple((name, self.value(name, value)) for name, value in pairs)

    def value(self, name: str, value: str) -> str:
        return HIDDEN if value and _NAME.search(name) else self.text(value)
