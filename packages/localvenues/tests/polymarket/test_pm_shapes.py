"""Answers have the field names, types and number formats of the recorded real ones."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from localvenues.polymarket.world.world import Population


@pytest.fixture
def population() -> Population:
    return Population(leaders=12, crowd_rate=4.0, leader_rate=4.0)


def kind(value: Any) -> str:
    """Return a JSON value's kind; whole and broken numbers are one kind here."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    return type(value).__name__


def kinds(row: dict[str, Any]) -> dict[str, str]:
    return {key: kind(value) for key, value in row.items()}


def load(recorded: Path, name: str) -> Any:
    return json.loads((recorded / name).read_text())


async def busy(venue: Any) -> None:
    """Let two minutes pass, so that there is something to tell."""
    await venue.advance(120)


async def leader_with(guest: Any, venue: Any, path: str, enough: int = 1) -> list[dict[str, Any]]:
    """Return the first leader's rows that are enough."""
    for leader in venue.world.leaders.all:
        _, rows = await guest.get("data", path.format(leader.wallet))
        rows = rows["data"] if isinstance(rows, dict) else rows
        if len(rows) >= enough:
            return list(rows)
    raise AssertionError(f"no leader has rows in {path}")


async def test_a_book_is_as_recorded_and_worst_first(
    guest: Any, venue: Any, recorded: Path, launch: Any
) -> None:
    """Law: same fields in the same order, levels as texts, the best bid and ask last."""
    real = load(recorded, "polymarket-cli/book.json")
    _, ours = await guest.get("clob", f"/book?token_id={launch.tokens[0]}")
    assert list(ours) == list(real)
    assert kinds(ours) == kinds(real)
    assert kinds(ours["asks"][0]) == kinds(real["asks"][0])
    for book in (ours, real):
        assert [Decimal(one["price"]) for one in book["asks"]] == sorted(
            (Decimal(one["price"]) for one in book["asks"]), reverse=True
        )
        assert [Decimal(one["price"]) for one in book["bids"]] == sorted(
            Decimal(one["price"]) for one in book["bids"]
        )
    assert len(ours["hash"]) == len(real["hash"])
    assert len(ours["timestamp"]) == len(real["timestamp"])


@pytest.mark.parametrize(
    ("path", "name"),
    [("/midpoint", "midpoint.json"), ("/last-trade-price", "last_trade_price.json")],
)
async def test_single_prices_are_as_recorded(
    guest: Any, venue: Any, recorded: Path, launch: Any, path: str, name: str
) -> None:
    _, ours = await guest.get("clob", f"{path}?token_id={launch.tokens[0]}")
    assert kinds(ours) == kinds(load(recorded, f"polymarket-cli/{name}"))


async def test_price_history_is_as_recorded(guest: Any, venue: Any, recorded: Path, find: Any) -> None:
    await busy(venue)
    real = load(recorded, "polymarket-cli/price_history.json")
    market = max(venue.world.open_markets(venue.clock.now()), key=lambda one: one.volume)
    _, ours = await guest.get("clob", f"/prices-history?market={market.tokens[0]}")
    assert list(ours) == list(real)
    assert kinds(ours["history"][0]) == kinds(real["history"][0])


async def test_v1_trades_are_as_recorded(guest: Any, venue: Any, recorded: Path) -> None:
    await busy(venue)
    real = load(recorded, "polymarket-cli/trades.json")
    _, ours = await guest.get("data", "/trades")
    assert ours
    assert list(ours[0]) == list(real[0])
    assert all(kinds(row) == kinds(real[0]) for row in ours)


async def test_v1_activity_is_as_recorded(guest: Any, venue: Any, recorded: Path) -> None:
    await busy(venue)
    real = load(recorded, "pscanner/activity.json")
    ours = await leader_with(guest, venue, "/activity?user={}&type=TRADE")
    assert list(ours[0]) == list(real[0])
    assert all(kinds(row) == kinds(real[0]) for row in ours)


async def test_whole_numbers_of_v1_have_no_point_and_those_of_v2_have_one(guest: Any, venue: Any) -> None:
    """Recorded: size 11 in v1, current_size 400000.0 in v2."""
    await busy(venue)
    for leader in venue.world.leaders.all:
        for path in ("/activity?user={}", "/v2/activity?user={}"):
            async with guest.session.get(guest.url("data", path.format(leader.wallet))) as response:
                rows = json.loads(await response.text(), parse_float=str, parse_int=str)
            rows = rows["data"] if isinstance(rows, dict) else rows
            whole = [row["size"] for row in rows if Decimal(row["size"]) % 1 == 0]
            assert all(("." in size) is path.startswith("/v2") for size in whole)


@pytest.mark.parametrize("feed", ["trades", "activity", "positions"])
async def test_v2_rows_are_as_recorded(guest: Any, venue: Any, recorded: Path, feed: str) -> None:
    await busy(venue)
    real = load(recorded, f"py-sdk_data_v2/{feed}.json")
    query = {"activity": "&type=TRADE", "trades": "&taker_only=false"}.get(feed, "")
    ours = await leader_with(guest, venue, f"/v2/{feed}?user={{}}{query}")
    assert list(ours[0]) == list(real[0])
    assert all(kinds(row) == kinds(real[0]) for row in ours)


async def test_v2_trades_have_the_recorded_oddities(guest: Any, venue: Any, recorded: Path) -> None:
    await busy(venue)
    _, page = await guest.get("data", "/v2/trades")
    real = load(recorded, "py-sdk_data_v2/trades.json")
    for row in (*page["data"], *real):
        assert (row["outcome_index"], row["event_slug"]) == (999, "")


async def test_v2_value_and_holders_are_as_recorded(
    guest: Any, venue: Any, recorded: Path, launch: Any
) -> None:
    await busy(venue)
    _, value = await guest.get("data", f"/v2/value?user={guest.address}")
    assert kinds(value["data"]) == kinds(load(recorded, "py-sdk_data_v2/value.json"))
    _, page = await guest.get("data", f"/v2/holders?condition_id={launch.condition_id}")
    real = load(recorded, "py-sdk_data_v2/holders.json")
    assert kinds(page["data"][0]) == kinds(real[0])
    assert list(page["data"][0]["holders"][0]) == list(real[0]["holders"][0])
    assert kinds(page["data"][0]["holders"][0]) == kinds(real[0]["holders"][0])


async def test_v1_positions_and_closed_ones_are_as_recorded(guest: Any, venue: Any, recorded: Path) -> None:
    await busy(venue)
    await venue.advance(60)
    ours = await leader_with(guest, venue, "/positions?user={}")
    real = load(recorded, "pscanner/positions.json")
    assert list(ours[0]) == list(real[0])
    assert all(kinds(row) == kinds(real[0]) for row in ours)
    closed = await leader_with(guest, venue, "/closed-positions?user={}")
    assert kinds(closed[0]) == kinds(load(recorded, "pscanner/closed_positions.json")[0])


async def test_the_leaderboard_is_as_recorded(guest: Any, recorded: Path) -> None:
    _, ours = await guest.get("data", "/leaderboard")
    real = load(recorded, "pscanner/leaderboard.json")
    assert list(ours[0]) == list(real[0])
    assert kinds(ours[0]) == kinds(real[0])


MARKETS = ("polymarket-cli/market_detail.json", "pscanner/market.json")


async def test_a_gamma_market_has_all_fields_that_recorded_ones_share(
    guest: Any, venue: Any, recorded: Path, launch: Any
) -> None:
    """Law: each field of every recorded open market is there with its type; arrays are JSON in strings."""
    reals = [load(recorded, name) for name in MARKETS]
    shared = {key for key in reals[0] if all(key in one for one in reals)}
    _, ours = await guest.get("gamma", f"/markets?slug={launch.slug}")
    market = ours[0]
    ignored = {"feeType", "submitted_by", "competitive", "customLiveness"}
    missing = shared - set(market) - ignored
    assert missing == set()
    wrong = {key for key in shared & set(market) - ignored if kind(market[key]) != kind(reals[0][key])}
    assert wrong == set()
    for key in ("outcomes", "outcomePrices", "clobTokenIds"):
        assert isinstance(market[key], str)
        assert len(json.loads(market[key])) == 2
    assert market["feeSchedule"].keys() == reals[0]["feeSchedule"].keys()


async def test_a_resolved_gamma_market_has_the_recorded_times(
    guest: Any, venue: Any, recorded: Path, launch: Any
) -> None:
    real = load(recorded, "pscanner/event.json")["markets"][0]
    await guest.post("control", "/resolve", {"condition_id": launch.condition_id, "winner": launch.tokens[1]})
    _, ours = await guest.get("gamma", f"/markets/{launch.id}")
    for key in ("closed", "acceptingOrders", "closedTime", "umaEndDate", "umaResolutionStatus"):
        assert kind(ours[key]) == kind(real[key])
    assert json.loads(ours["outcomePrices"]) == json.loads(real["outcomePrices"])
    assert len(ours["closedTime"]) == len(real["closedTime"])


async def test_events_and_search_have_the_recorded_fields(guest: Any, venue: Any, recorded: Path) -> None:
    real = load(recorded, "pscanner/event.json")
    _, ours = await guest.get("gamma", "/events?limit=1")
    flaky = {"gmpChartMode", "cumulativeMarkets"}
    assert set(real) - set(ours[0]) - flaky == set()
    shared = set(real) & set(ours[0])
    assert {key for key in shared if kind(ours[0][key]) != kind(real[key])} == set()
    _, found = await guest.get("gamma", "/public-search?q=bank")
    search = load(recorded, "polymarket-cli/public_search.json")
    assert list(found) == list(search)
    assert set(search["events"][0]["markets"][0]) <= set(found["events"][0]["markets"][0])
    assert kinds(found["pagination"]) == kinds(search["pagination"])


async def test_a_closed_position_keeps_the_average_that_was_paid(guest: Any, venue: Any, launch: Any) -> None:
    """Recorded: avgPrice 0.27 and totalBought of positions whose shares are gone."""
    split = {"type": "SPLIT", "conditionId": launch.condition_id, "amount": "20"}
    await guest.ask("POST", "/submit", split, door="relayer")
    await venue.advance(3)
    assert {row["mergeable"] for row in await rows_of(guest, "/positions")} == {True}
    await guest.ask("POST", "/submit", split | {"type": "MERGE"}, door="relayer")
    await venue.advance(3)
    closed = await rows_of(guest, "/closed-positions")
    assert {(row["avgPrice"], row["totalBought"]) for row in closed} == {(0.5, 20)}
    second = (await rows_of(guest, "/v2/positions", "&status=CLOSED"))["data"]
    assert {row["avg_price"] for row in second} == {0.5}


async def rows_of(guest: Any, path: str, more: str = "") -> Any:
    """Return what the Data API says of the guest."""
    return (await guest.get("data", f"{path}?user={guest.address}{more}"))[1]


async def test_holders_of_v1_are_in_camel_case_and_of_several_markets(
    guest: Any, venue: Any, launch: Any, find: Any
) -> None:
    await busy(venue)
    both = launch, find("treaty")
    query = ",".join(one.condition_id for one in both)
    _, rows = await guest.get("data", f"/holders?market={query}")
    assert [row["token"] for row in rows] == [*both[0].tokens, *both[1].tokens]
    assert {"proxyWallet", "asset", "amount", "outcomeIndex", "pseudonym"} <= set(rows[0]["holders"][0])


async def test_an_event_is_found_by_its_own_id_and_slug(guest: Any, venue: Any, find: Any) -> None:
    """The markets of a neg-risk event have slugs and ids of their own."""
    event = find("mayor").event
    for query in (f"slug={event.slug}", f"id={event.id}", f"slug={event.slug}&active=true&closed=false"):
        for path, key in (("/events", None), ("/events/keyset", "events")):
            _, said = await guest.get("gamma", f"{path}?{query}")
            rows = said if key is None else said[key]
            assert [(row["slug"], len(row["markets"])) for row in rows] == [(event.slug, 4)]


async def test_an_event_is_closed_when_all_its_markets_are(guest: Any, venue: Any, find: Any) -> None:
    event = find("mayor").event
    markets = [one for one in venue.world.open_markets(venue.clock.now()) if one.event is event]
    for place, one in enumerate(markets, 1):
        await guest.post("control", "/resolve", {"condition_id": one.condition_id, "winner": one.tokens[1]})
        _, still = await guest.get("gamma", f"/events?slug={event.slug}&closed=false")
        _, over = await guest.get("gamma", f"/events?slug={event.slug}&closed=true")
        assert (len(still), len(over)) == ((1, 0) if place < len(markets) else (0, 1))
    assert (await guest.get("gamma", "/markets?active=false"))[1] == []
