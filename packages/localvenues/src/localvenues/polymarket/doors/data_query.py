"""What is asked of the Data API: parameters of v1 and v2, and which rows they select."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from localvenues.polymarket.exchange.money import ONE
from localvenues.polymarket.wire.numbers import whole
from localvenues.polymarket.world.history import Row

MAX_OFFSET = 10_000
_WALLET = re.compile(r"0x[0-9a-fA-F]{40}")


class BadQuery(ValueError):
    """A parameter cannot be read; it answers 400."""


@dataclass(frozen=True, slots=True)
class Query:
    """A feed's filters. user is None where all wallets are asked for; a list of wallets selects none.

    A page of v2 goes on beyond the row that its cursor names, so that new rows shift nothing.
    """

    user: str | None
    conditions: frozenset[str]
    event: str
    side: str
    kinds: frozenset[str]
    taker_only: bool
    start: int
    end: int
    cash: int
    tokens: int
    limit: int
    offset: int
    ascending: bool = False
    nobody: bool = False
    beyond: int | None = None

    def takes(self, row: Row) -> bool:
        """Say whether a row is selected."""
        return (
            self._is_beyond(row)
            and (not self.conditions or row.market.condition_id in self.conditions)
            and (not self.event or str(row.market.event.id) in self.event.split(","))
            and (not self.side or (row.side is not None and row.side.value == self.side))
            and (not self.kinds or row.kind in self.kinds)
            and not (self.taker_only and row.role == "maker")
            and self.start <= row.at // 1000 <= self.end
            and row.cash >= self.cash
            and row.shares >= self.tokens
        )

    def _is_beyond(self, row: Row) -> bool:
        if self.beyond is None:
            return True
        return row.number > self.beyond if self.ascending else row.number < self.beyond

    def page(self, rows: Iterable[Row]) -> tuple[list[Row], bool]:
        """Return (the page's rows, whether there are more)."""
        if self.nobody:
            return [], False
        found: Iterator[Row] = (row for row in rows if self.takes(row))
        if self.ascending:
            found = iter(sorted(found, key=lambda row: row.number))
        page = list(islice(found, self.offset, self.offset + self.limit + 1))
        return page[: self.limit], len(page) > self.limit > 0


def _whole(words: Mapping[str, str], name: str, default: int, highest: int) -> int:
    text = words.get(name, "")
    if not text:
        return default
    number = whole(text)
    if number is None or number > highest:
        raise BadQuery(f"{name} must be a number up to {highest}")
    return number


def _set(words: Mapping[str, str], name: str) -> frozenset[str]:
    return frozenset(filter(None, words.get(name, "").split(",")))


def _truth(words: Mapping[str, str], name: str) -> bool:
    return words.get(name, "true").lower() not in ("false", "0")


def _user(words: Mapping[str, str], required: bool) -> tuple[str | None, bool]:
    """Return (user, whether a list was given). A list of users is no error, but selects nothing."""
    text = words.get("user", "")
    if not text and not required:
        return None, False
    if all(map(_WALLET.fullmatch, text.split(","))):
        return text.lower(), "," in text
    raise BadQuery("user must be an address")


def amount_of(words: Mapping[str, str], name: str, default: str) -> int:
    """Return a parameter's dollars or shares in micro-units; raise BadQuery."""
    try:
        return round(float(words.get(name, default)) * ONE)
    except (ValueError, OverflowError) as error:
        raise BadQuery(f"{name} must be a number") from error


def _amounts(words: Mapping[str, str], kind: str, amount: str) -> tuple[int, int]:
    least = amount_of(words, amount, "0")
    cash = words.get(kind, "CASH").upper() == "CASH"
    return (least, 0) if cash else (0, least)


def _span(words: Mapping[str, str], user: str | None) -> tuple[int, int]:
    """Start and end are honoured only together with a user."""
    if user is None:
        return 0, 1 << 40
    return _whole(words, "start", 0, 1 << 40), _whole(words, "end", 1 << 40, 1 << 40)


def read_v1(words: Mapping[str, str], feed: str) -> Query:
    """Read the parameters of GET /trades or /activity; raise BadQuery."""
    trades = feed == "trades"
    user, several = _user(words, required=not trades)
    most = 10_000 if trades else 500
    kinds = frozenset({"TRADE"}) if trades else _set(words, "type")
    return Query(
        user,
        _set(words, "market"),
        words.get("eventId", ""),
        words.get("side", "").upper(),
        kinds,
        trades and _truth(words, "takerOnly"),
        *_span(words, user),
        *_amounts(words, "filterType", "filterAmount"),
        min(most, _whole(words, "limit", 100, 1 << 31)),
        _whole(words, "offset", 0, MAX_OFFSET),
        words.get("sortDirection", "DESC").upper() == "ASC",
        several,
    )


def read_v2(words: Mapping[str, str], feed: str) -> Query:
    """Read the parameters of GET /v2/trades or /v2/activity; raise BadQuery."""
    if "offset" in words:
        raise BadQuery("offset is not supported, use cursor")
    trades = feed == "trades"
    user, several = _user(words, required=not trades)
    kinds = frozenset({"TRADE"}) if trades else _set(words, "type")
    return Query(
        user,
        _set(words, "condition_id"),
        words.get("event_id", ""),
        words.get("side", "").upper(),
        kinds,
        trades and _truth(words, "taker_only"),
        *_span(words, user),
        *_amounts(words, "filter_type", "filter_amount"),
        min(1000, _whole(words, "limit", 100, 1 << 31)),
        0,
        words.get("sort_direction", "DESC").upper() == "ASC",
        several,
        read_cursor(words["cursor"]) if words.get("cursor") else None,
    )


def cursor(offset: int) -> str:
    """Return an opaque cursor."""
    return base64.urlsafe_b64encode(f"after {offset}".encode()).decode()


def read_cursor(text: str) -> int:
    """Return where a cursor stands; raise BadQuery."""
    if not text:
        return 0
    try:
        word, number = base64.urlsafe_b64decode(text).decode().split()
        if word == "after" and number.isdigit():
            return int(number)
    except ValueError:
        pass
    raise BadQuery("invalid cursor")
