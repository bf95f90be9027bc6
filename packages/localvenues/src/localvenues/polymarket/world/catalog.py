"""Which markets there are: series that list one market after another, and long questions that stay open."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from localvenues.polymarket.exchange.fees import FREE, FeeSchedule
from localvenues.polymarket.exchange.model import Event, Market
from localvenues.polymarket.exchange.ticks import TICKS
from localvenues.polymarket.world.identity import digest, token_id

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
SPORTS_DELAY = 3_000
HYDRATION = (15_000, 90_000)
ICON = "https://polymarket-upload.s3.us-east-2.amazonaws.com/local-{}.png"
_TEAMS = ("Otters", "Comets", "Harbour", "Foxes", "Giants", "Pilots", "Ravens", "Saints", "Wolves", "Sparks")
UP = ("Up", "Down")
_CITIES = ("Lisbon", "Oslo", "Nairobi", "Lima", "Osaka", "Quito", "Perth", "Tampere")


def schedule(rate: str, exponent: int = 1) -> FeeSchedule:
    """Return a fee schedule for takers."""
    return FeeSchedule(Decimal(rate), exponent)


@dataclass(frozen=True, slots=True)
class Series:
    """A kind of market. count is the markets per event; a neg-risk event has more than one.

    length is in milliseconds; first is how long the first one of a run lasts (0: as the others).
    """

    name: str
    tag: str
    length: int
    title: Callable[[random.Random, int], str]
    fees: FeeSchedule = FREE
    tick: str = "0.01"
    outcomes: tuple[str, str] = ("Yes", "No")
    count: int = 1
    delay: int = 0
    first: int = 0


def _updown(coin: str) -> Callable[[random.Random, int], str]:
    def title(_: random.Random, end: int) -> str:
        moment = datetime.fromtimestamp(end / 1000, UTC)
        return f"{coin} Up or Down - {moment:%B %-d, %H:%M:%S} UTC"

    return title


def _match(chance: random.Random, _: int) -> str:
    home, away = chance.sample(_TEAMS, 2)
    return f"{home} vs. {away}"


def _city(words: str) -> Callable[[random.Random, int], str]:
    return lambda chance, _: words.format(chance.choice(_CITIES))


def _said(words: str) -> Callable[[random.Random, int], str]:
    return lambda _, __: words


SERIES = (
    Series(
        "btc-updown-5m",
        "Crypto",
        5 * MINUTE,
        _updown("BTC"),
        schedule("0.072"),
        outcomes=UP,
        first=75_000,
    ),
    Series(
        "eth-updown-5m",
        "Crypto",
        5 * MINUTE,
        _updown("ETH"),
        schedule("0.25", 2),
        outcomes=UP,
        first=150_000,
    ),
    Series("match-a", "Sports", HOUR, _match, schedule("0.03"), delay=SPORTS_DELAY),
    Series("match-b", "Sports", 2 * HOUR, _match, schedule("0.03"), delay=SPORTS_DELAY),
    Series("rain", "Weather", HOUR, _city("Will it rain in {} today?"), schedule("0.05"), "0.005"),
    Series("heat", "Weather", 3 * HOUR, _city("Will {} be above 25 °C?"), schedule("0.05"), "0.0025"),
    Series("mayor", "Politics", 30 * DAY, _city("Who will be mayor of {}?"), schedule("0.04"), count=4),
    Series("speech", "Mentions", 2 * HOUR, _city("What will {}'s mayor say?"), schedule("0.04"), count=3),
    Series("treaty", "Geopolitics", 60 * DAY, _said("Will the river treaty be signed?"), tick="0.001"),
    Series("launch", "Tech", 20 * DAY, _said("Will the probe launch in its window?"), schedule("0.04")),
    Series("rate", "Finance", 10 * DAY, _said("Will the bank cut its rate next?"), schedule("0.04")),
    Series("film", "Culture", 15 * DAY, _said("Will the film win best picture?"), schedule("0.05"), "0.1"),
    Series("record", "Culture", 45 * DAY, _said("Will the record fall?"), schedule("0.05"), "0.0001"),
)


class Catalog:
    """Draws the next markets of each series; the seed decides everything but the time."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._count = 0
        self._events = 0

    def draw(self, series: Series, now: int, first: bool) -> list[Market]:
        """Return the markets of a series' next event; the first ones of a run are open at once."""
        self._events += 1
        chance = random.Random(f"{self._seed} {series.name} {self._events}")
        end = now + (series.first if first and series.first else series.length)
        opens = now if first else now + chance.randrange(*HYDRATION)
        title = series.title(chance, end)
        slug = f"{series.name}-{end // 1000}"
        event = Event(
            290_000 + self._events, slug, title, series.tag, ICON.format(series.name), series.count > 1
        )
        names = chance.sample(_TEAMS, series.count) if series.count > 1 else [""]
        return [self._market(series, event, name, now, opens, end) for name in names]

    def _market(self, series: Series, event: Event, name: str, now: int, opens: int, end: int) -> Market:
        self._count += 1
        key = (self._seed, event.slug, name)
        outcomes = series.outcomes
        if series.tag == "Sports":
            home, away = event.title.split(" vs. ")
            outcomes = (home, away)
        return Market(
            id=1_660_000 + self._count,
            condition_id="0x" + digest("condition", *key),
            question=f"{event.title.rstrip('?')}: {name}?" if name else event.title,
            slug=f"{event.slug}-{name.lower()}" if name else event.slug,
            tokens=(token_id(*key, 0), token_id(*key, 1)),
            event=event,
            created=now,
            opens=opens,
            end=end,
            outcomes=outcomes,
            tick=TICKS[series.tick],
            fees=series.fees,
            fee_type=f"{series.tag.lower()}_fees" if series.fees is not FREE else None,
            delay=series.delay,
        )
