"""The Data API's traps: late, cached, blind to makers by default, several fills in one transaction."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from localvenues.polymarket.exchange.money import ONE
from localvenues.polymarket.world.world import Population


@pytest.fixture
def population() -> Population:
    return Population(leaders=12, crowd_rate=4.0, leader_rate=4.0)


async def test_a_row_appears_two_to_ten_seconds_after_its_block(guest: Any, venue: Any) -> None:
    """Law: 2 to 6 s of lag, rounded up to a refresh every 4 s."""
    await venue.advance(60)
    rows = venue.world.history.newest(200)
    assert len(rows) > 50
    for row in rows:
        assert 2_000 <= row.visible - row.at < 10_000
        assert row.visible % 4_000 == 0


async def test_one_url_is_answered_from_the_cache_and_another_parameter_is_not(
    guest: Any, venue: Any
) -> None:
    """Law: /trades repeats itself for 300 s, /activity for 15 s; a changing parameter sees the new rows."""
    await venue.advance(30)
    _, first = await guest.get("data", "/trades?limit=5")
    await venue.advance(60)
    async with guest.session.get(guest.url("data", "/trades?limit=5")) as response:
        assert response.headers["Age"] == "60"
        assert response.headers["Cache-Control"] == "public, max-age=300"
        assert await response.json() == first
    _, fresh = await guest.get("data", "/trades?limit=5&_=1")
    assert fresh[0]["timestamp"] > first[0]["timestamp"]
    await venue.advance(241)
    _, again = await guest.get("data", "/trades?limit=5")
    assert again != first


async def test_activity_is_cached_for_fifteen_seconds(guest: Any, venue: Any) -> None:
    await venue.advance(60)
    path = f"/v2/activity?user={venue.world.leaders.all[1].wallet}"
    statuses = []
    for pause in (0, 14, 1):
        await venue.advance(pause)
        async with guest.session.get(guest.url("data", path)) as response:
            statuses.append(response.headers["CF-Cache-Status"])
    assert statuses == ["MISS", "HIT", "MISS"]


@pytest.mark.parametrize(("path", "word"), [("/trades", "takerOnly"), ("/v2/trades", "taker_only")])
async def test_a_makers_fills_are_hidden_by_default(guest: Any, venue: Any, path: str, word: str) -> None:
    """Law: without the parameter just the taker's rows are shown; with it, all."""
    await venue.advance(120)
    hidden = 0
    for leader in venue.world.leaders.all:
        seen = venue.world.history.seen(venue.clock.now(), leader.wallet)
        roles = Counter(row.role for row in seen if row.kind == "TRADE")
        _, few = await guest.get("data", f"{path}?user={leader.wallet}&limit=1000")
        _, every = await guest.get("data", f"{path}?user={leader.wallet}&limit=1000&{word}=false")
        counts = [len(one["data"] if isinstance(one, dict) else one) for one in (few, every)]
        assert counts == [roles["taker"], roles["taker"] + roles["maker"]]
        hidden += roles["maker"]
    assert hidden > 0


async def test_one_transaction_holds_several_equal_fills_of_a_wallet(guest: Any, venue: Any) -> None:
    """Law: a key without a counter, let alone the hash, loses fills."""
    await venue.advance(900)
    fills = [row for one in venue.world.leaders.all for row in venue.world.history.truth(one.wallet)]
    keys = Counter((row.wallet, row.transaction, row.token, row.side, row.cash, row.shares) for row in fills)
    hashes = Counter((row.wallet, row.transaction) for row in fills if row.kind == "TRADE")
    assert max(keys.values()) > 1
    assert max(hashes.values()) > 1


async def test_a_list_of_wallets_selects_nothing(guest: Any, venue: Any) -> None:
    await venue.advance(60)
    both = ",".join(one.wallet for one in venue.world.leaders.all[:2])
    assert (await guest.get("data", f"/trades?user={both}"))[1] == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/trades?offset=10001", 400),
        ("/trades?offset=10000", 200),
        ("/v2/trades?offset=1", 400),
        ("/activity", 400),
        ("/activity?user=0x12", 400),
        ("/trades?limit=x", 400),
        ("/v2/trades?cursor=nonsense", 400),
    ],
)
async def test_limits_of_the_query_are_kept(guest: Any, path: str, status: int) -> None:
    assert (await guest.get("data", path))[0] == status


async def test_times_are_honoured_only_with_a_user(guest: Any, venue: Any) -> None:
    await venue.advance(120)
    late = venue.clock.now() // 1000 + 10**6
    assert (await guest.get("data", f"/trades?start={late}"))[1]
    wallet = venue.world.leaders.all[0].wallet
    assert (await guest.get("data", f"/trades?user={wallet}&start={late}"))[1] == []


async def test_pages_of_v2_hold_each_row_once_though_new_ones_arrive(guest: Any, venue: Any) -> None:
    """Law: following the cursor gives each row that was there at first, once."""
    await venue.advance(120)
    expected = [one for one in venue.world.history.seen(venue.clock.now()) if one.role == "taker"]
    cursor, seen, more = "", 0, True
    hashes: Counter[str] = Counter()
    while more:
        _, page = await guest.get("data", f"/v2/trades?limit=20{cursor}")
        more = page["pagination"]["has_more"]
        cursor = f"&cursor={page['pagination']['next_cursor']}"
        seen += len(page["data"])
        hashes.update(row["transaction_hash"] for row in page["data"])
        await venue.advance(1)
    assert max(hashes.values()) == 1
    assert seen >= len(expected)


async def test_filters_select(guest: Any, venue: Any) -> None:
    await venue.advance(120)
    _, rows = await guest.get("data", "/trades?side=SELL&filterType=CASH&filterAmount=20&limit=1000")
    assert rows
    assert all(row["side"] == "SELL" and row["size"] * row["price"] >= 19.999 for row in rows)
    condition = rows[0]["conditionId"]
    _, rows = await guest.get("data", f"/trades?market={condition}")
    assert {row["conditionId"] for row in rows} == {condition}


async def test_positions_follow_the_ledger(guest: Any, venue: Any, launch: Any, book_of: Any) -> None:
    _, ask = book_of(launch, launch.tokens[0])
    _, said = await guest.market_buy(launch.tokens[0], "25", str(ask / ONE))
    await venue.advance(3)
    _, page = await guest.get("data", f"/v2/positions?user={guest.address}")
    row = page["data"][0]
    assert row["current_size"] == float(said["takingAmount"])
    assert row["entry_cost_usdc"] == 25.0
    assert row["entry_fees_usdc"] == int((await guest.truth())["fees"]) / ONE > 0
    assert row["status"] == "OPEN"
    await guest.post("control", "/resolve", {"condition_id": launch.condition_id, "winner": launch.tokens[1]})
    _, page = await guest.get("data", f"/v2/positions?user={guest.address}&status=REDEEMABLE_LOST")
    assert (page["data"][0]["status"], page["data"][0]["current_value"]) == ("REDEEMABLE", 0.0)


async def test_new_markets_hydrate(guest: Any, venue: Any) -> None:
    """Law: a market that is listed has no token ids and no book until it opens."""
    await venue.advance(90)
    now = venue.clock.now()
    market = next(one for one in venue.world.exchange.markets.values() if one.opens > now)
    _, rows = await guest.get("gamma", f"/markets?condition_ids={market.condition_id}")
    assert (rows[0]["clobTokenIds"], rows[0]["acceptingOrders"]) == ("[]", False)
    assert (await guest.get("clob", f"/book?token_id={market.tokens[0]}"))[0] == 404
    await venue.advance((market.opens - now) / 1000 + 1)
    _, rows = await guest.get("gamma", f"/markets?condition_ids={market.condition_id}")
    assert rows[0]["acceptingOrders"]
    assert (await guest.get("clob", f"/book?token_id={market.tokens[0]}"))[0] == 200


async def test_gammas_keyset_ignores_a_cursor_named_cursor(guest: Any) -> None:
    _, first = await guest.get("gamma", "/markets/keyset?limit=5")
    _, wrong = await guest.get("gamma", f"/markets/keyset?limit=5&cursor={first['next_cursor']}")
    _, right = await guest.get("gamma", f"/markets/keyset?limit=5&after_cursor={first['next_cursor']}")
    names = [[one["id"] for one in page["markets"]] for page in (first, wrong, right)]
    assert names[0] == names[1]
    assert not set(names[0]) & set(names[2])


async def test_a_closed_markets_book_is_gone(guest: Any, venue: Any, launch: Any) -> None:
    await guest.post("control", "/resolve", {"condition_id": launch.condition_id, "winner": launch.tokens[1]})
    assert (await guest.get("clob", f"/book?token_id={launch.tokens[0]}"))[0] == 404


@pytest.mark.parametrize("number", ["x²", "inf", "-inf", "1e400", "9" * 5000])
@pytest.mark.parametrize(
    ("door", "path"),
    [
        ("data", "/trades?filterAmount={}&x=1"),
        ("data", "/v2/trades?filter_amount={}"),
        ("data", "/trades?limit={}"),
        ("data", "/activity?user={user}&start={}"),
        ("data", "/positions?user={user}&sizeThreshold={}"),
        ("gamma", "/markets?limit={}"),
        ("gamma", "/events/keyset?limit={}"),
        ("control", "/requests?after={}"),
    ],
)
async def test_what_is_no_number_is_the_askers_error(guest: Any, door: str, path: str, number: str) -> None:
    """Law: a parameter that cannot be read answers 400 (422 at Gamma), never 500."""
    status, said = await guest.get(door, path.format(number, user=guest.address))
    assert status == (422 if door == "gamma" else 400)
    assert "error" in said


@pytest.mark.parametrize("path", ["/v2/trades?limit=0", "/trades?limit=0", "/v2/activity?user={}&limit=0"])
async def test_a_page_of_nothing_has_no_successor(guest: Any, venue: Any, path: str) -> None:
    await venue.advance(30)
    leader = venue.world.leaders.all[0].wallet
    status, said = await guest.get("data", path.format(leader))
    assert status == 200
    assert said in ([], {"data": [], "pagination": {"next_cursor": None, "has_more": False}})
