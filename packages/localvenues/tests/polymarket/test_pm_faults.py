"""Each fault does what it says, while it lasts, and nothing afterwards."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from localvenues.faults import Fault
from localvenues.polymarket.doors.disturb import Disturber
from localvenues.polymarket.doors.outages import FAULTS, Outages, storm
from localvenues.polymarket.exchange.money import ONE
from localvenues.polymarket.world.world import Population


@pytest.fixture
def population() -> Population:
    return Population(leaders=12, crowd_rate=6.0, leader_rate=4.0)


async def begin(guest: Any, name: str, seconds: float = 20.0) -> None:
    status, _ = await guest.post("control", "/fault", {"name": name, "seconds": seconds, "seed": 3})
    assert status == 202


async def test_429_tells_how_long_to_wait_on_every_host(guest: Any, venue: Any) -> None:
    await begin(guest, "http_429")
    for door, path in (("clob", "/time"), ("data", "/trades"), ("gamma", "/markets")):
        async with guest.session.get(guest.url(door, path)) as response:
            assert response.status == 429
            assert int(response.headers["Retry-After"]) > 0
    await venue.advance(20)
    assert (await guest.get("clob", "/time"))[0] == 200


async def test_500_strikes_some_requests(guest: Any, venue: Any) -> None:
    await begin(guest, "http_500")
    statuses = [(await guest.get("clob", "/time"))[0] for _ in range(30)]
    assert statuses[0] == 500
    assert set(statuses) == {200, 500}


async def test_a_throttled_answer_waits_for_the_venues_clock(guest: Any, venue: Any) -> None:
    await begin(guest, "http_throttle")
    asked = asyncio.ensure_future(guest.get("clob", "/time"))
    await venue.clock.somebody_sleeps()
    assert not asked.done()
    await venue.advance(3)
    assert (await asked)[0] == 200


async def test_a_restart_answers_425_and_then_takes_post_only_orders_alone(
    guest: Any, venue: Any, launch: Any
) -> None:
    """Law: as long as the fault lasts 425; for four thirds of that, post-only; then all."""
    token = launch.tokens[0]
    await begin(guest, "clob_restart", 90)
    assert (await guest.limit(token, "BUY", "0.01", "10"))[0] == 425
    await venue.advance(91)
    status, said = await guest.limit(token, "BUY", "0.01", "10")
    assert (status, said["code"]) == (503, "post_only_mode")
    assert (await guest.limit(token, "BUY", "0.01", "10", postOnly=True))[0] == 200
    await venue.advance(120)
    assert (await guest.limit(token, "BUY", "0.01", "10"))[0] == 200


async def test_cancel_only_refuses_orders_and_takes_cancels(guest: Any, venue: Any, launch: Any) -> None:
    _, said = await guest.limit(launch.tokens[0], "BUY", "0.01", "10")
    await begin(guest, "clob_cancel_only")
    status, refused = await guest.limit(launch.tokens[0], "BUY", "0.01", "10")
    assert status == 503
    assert "cancel-only" in refused["error"]
    assert (await guest.ask("DELETE", "/order", {"orderID": said["orderID"]}))[1]["canceled"]


async def test_a_disabled_exchange_refuses_even_cancels(guest: Any, venue: Any) -> None:
    await begin(guest, "clob_disabled")
    assert (await guest.ask("DELETE", "/order", {"orderID": "0x1"}))[0] == 503


async def test_a_lost_answer_leaves_an_accepted_order(
    guest: Any, venue: Any, launch: Any, book_of: Any
) -> None:
    """Law: the order is there, can be asked for by its digest, and is not taken twice."""
    await begin(guest, "order_lost")
    body = guest.body(guest.signed(launch.tokens[0], "BUY", 500_000, 10_000_000), "GTC")
    with pytest.raises(aiohttp.ClientError):
        await guest.ask("POST", "/order", body)
    digest = guest.digest
    status, row = await guest.ask("GET", f"/data/order/{digest}")
    assert (status, row["status"]) == (200, "LIVE")
    await venue.advance(20)
    assert (await guest.ask("POST", "/order", body))[1]["error"] == "order is invalid. Duplicated."
    _, rows = await guest.get("control", f"/truth/orders?address={guest.address}")
    assert [one["id"] for one in rows] == [digest]


async def test_a_slow_answer_comes_after_the_order_was_matched(
    guest: Any, venue: Any, launch: Any, book_of: Any
) -> None:
    await begin(guest, "order_slow", 5)
    _, ask = book_of(launch, launch.tokens[0])
    asked = asyncio.ensure_future(guest.market_buy(launch.tokens[0], "25", str(ask / ONE)))
    await venue.clock.somebody_sleeps()
    _, rows = await guest.get("control", f"/truth/orders?address={guest.address}")
    assert [one["status"] for one in rows] == ["MATCHED"]
    await venue.advance(15)
    assert (await asked)[1]["status"] == "matched"


async def test_a_forgotten_order_is_null_but_its_trade_is_told(
    guest: Any, venue: Any, launch: Any, book_of: Any
) -> None:
    _, ask = book_of(launch, launch.tokens[0])
    _, said = await guest.market_buy(launch.tokens[0], "25", str(ask / ONE))
    await begin(guest, "order_forgotten")
    assert await guest.ask("GET", f"/data/order/{said['orderID']}") == (200, None)
    _, page = await guest.ask("GET", "/data/trades")
    assert page["data"][0]["taker_order_id"] == said["orderID"]
    await venue.advance(20)
    assert (await guest.ask("GET", f"/data/order/{said['orderID']}"))[1]["status"] == "MATCHED"


async def test_ghost_fills_fail_and_are_in_no_history(
    guest: Any, venue: Any, launch: Any, book_of: Any
) -> None:
    await begin(guest, "ghost_fills", 60)
    failed = 0
    for _ in range(6):
        _, ask = book_of(launch, launch.tokens[0])
        await guest.market_buy(launch.tokens[0], "5", str((ask + launch.tick.size) / ONE))
        await venue.advance(1)
    await venue.advance(60)
    _, page = await guest.ask("GET", "/data/trades")
    failed = sum(one["status"] == "TRADE_STATUS_FAILED" for one in page["data"])
    assert 0 < failed < len(page["data"])
    _, rows = await guest.get("control", f"/truth/fills?address={guest.address}")
    assert len(rows) == len(page["data"]) - failed


async def test_a_stalled_indexer_catches_up_at_its_end(guest: Any, venue: Any) -> None:
    await venue.advance(20)
    await begin(guest, "data_stall", 60)
    start = venue.clock.now()
    await venue.advance(50)
    _, rows = await guest.get("data", "/trades?limit=1&_=1")
    assert rows[0]["timestamp"] * 1000 < start + 10_000
    await venue.advance(20)
    _, rows = await guest.get("data", "/trades?limit=1&_=2")
    assert rows[0]["timestamp"] * 1000 > start + 50_000


async def test_shuffled_pages_hold_the_same_rows(guest: Any, venue: Any) -> None:
    await venue.advance(60)
    _, straight = await guest.get("data", "/trades?limit=50&_=1")
    await begin(guest, "data_shuffle")
    _, shuffled = await guest.get("data", "/trades?limit=50&_=2")
    assert straight != shuffled
    key = json.dumps
    assert sorted(map(key, straight)) == sorted(map(key, shuffled))


SOCKETS = {
    "market": ("clob_ws", "/ws/market"),
    "rtds": ("rtds", "/"),
}


async def connect(guest: Any, venue: Any, kind: str) -> aiohttp.ClientWebSocketResponse:
    door, path = SOCKETS[kind]
    socket: aiohttp.ClientWebSocketResponse = await guest.session.ws_connect(guest.url(door, path))
    tokens = [token for one in venue.world.open_markets(venue.clock.now()) for token in one.tokens]
    topics = [{"topic": "activity", "type": "trades"}]
    request = {
        "market": {"type": "market", "assets_ids": tokens},
        "rtds": {"action": "subscribe", "subscriptions": topics},
    }
    await socket.send_json(request[kind])
    await hear(socket)
    return socket


async def hear(socket: aiohttp.ClientWebSocketResponse, patience: float = 5.0) -> list[str] | None:
    """Return the texts before the PONG, or None if there is none."""
    await socket.send_str("PING")
    texts: list[str] = []
    while True:
        try:
            message = await socket.receive(timeout=patience)
        except TimeoutError:
            return None
        if message.data == "PONG":
            return texts
        texts.append(message.data)


async def test_a_silent_market_socket_pongs_and_a_new_one_works(guest: Any, venue: Any) -> None:
    """Law: mute for as long as the connection lasts, even after the fault's end."""
    socket = await connect(guest, venue, "market")
    await begin(guest, "market_silent", 5)
    await venue.advance(60)
    assert await hear(socket) == []
    fresh = await connect(guest, venue, "market")
    await venue.advance(30)
    assert await hear(fresh)


async def test_a_frozen_rtds_does_not_even_pong_and_a_new_one_works(guest: Any, venue: Any) -> None:
    socket = await connect(guest, venue, "rtds")
    await begin(guest, "rtds_freeze", 5)
    await venue.advance(60)
    assert await hear(socket, 0.2) is None
    fresh = await connect(guest, venue, "rtds")
    await venue.advance(10)
    assert await hear(fresh)


async def test_trades_can_be_off_while_the_socket_is_well(guest: Any, venue: Any) -> None:
    socket = await connect(guest, venue, "rtds")
    await begin(guest, "rtds_trades_off", 30)
    await venue.advance(29)
    assert await hear(socket) == []
    await venue.advance(10)
    assert await hear(socket)


async def test_a_missing_pong_leaves_the_data(guest: Any, venue: Any) -> None:
    socket = await connect(guest, venue, "rtds")
    await begin(guest, "ws_no_pong", 30)
    await socket.send_str("PING")
    await venue.advance(10)
    assert (await socket.receive(timeout=5)).data not in ("PONG", "")


async def test_a_slow_socket_sends_a_frame_every_two_seconds(guest: Any, venue: Any) -> None:
    socket = await connect(guest, venue, "rtds")
    await begin(guest, "ws_slow", 60)
    await socket.send_str("PING")
    await venue.clock.somebody_sleeps()
    with pytest.raises(TimeoutError):
        await socket.receive(timeout=0.1)
    await venue.advance(2)
    assert (await socket.receive(timeout=5)).data == "PONG"


async def test_sockets_are_closed_with_1013_and_refused_until_the_end(guest: Any, venue: Any) -> None:
    socket = await connect(guest, venue, "market")
    await begin(guest, "ws_close", 10)
    message = await socket.receive(timeout=5)
    assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1013)
    again = await guest.session.ws_connect(guest.url("rtds", "/"))
    assert (await again.receive(timeout=5)).data == 1013
    await venue.advance(10)
    assert await hear(await connect(guest, venue, "market")) == []


def disturbed(name: str) -> list[int]:
    """Return the numbers of a hundred frames as a fault sends them, and of two more after its end."""
    outages = Outages()
    outages.schedule(0, Fault(name, 0.0, 1.0, 3))
    outages.step(0)
    disturber = Disturber(outages)
    sent = [frame for number in range(100) for frame in disturber.frames(str(number))]
    outages.step(1_000)
    return list(map(int, sent + [frame for number in (100, 101) for frame in disturber.frames(str(number))]))


def test_duplicated_frames_follow_their_twin() -> None:
    sent = disturbed("ws_duplicate")
    assert sent == sorted(sent)
    assert 130 < len(sent) < 180
    assert set(sent) == set(range(102))


def test_reordered_frames_change_places_and_none_is_lost() -> None:
    sent = disturbed("ws_reorder")
    assert sent[:4] == [1, 0, 3, 2]
    assert sorted(sent) == list(range(102))


async def test_broken_frames_come_before_true_ones(guest: Any, venue: Any) -> None:
    socket = await connect(guest, venue, "rtds")
    await begin(guest, "ws_malformed", 60)
    await venue.advance(30)
    good = bad = 0
    for text in await hear(socket) or []:
        try:
            good += "payload" in json.loads(text)
        except (ValueError, TypeError):
            bad += 1
    assert bad > 0
    assert good > bad


async def test_changed_ticks_are_told_and_kept_to(guest: Any, venue: Any) -> None:
    socket = await connect(guest, venue, "market")
    before = {one.condition_id: str(one.tick) for one in venue.world.open_markets(venue.clock.now())}
    await begin(guest, "tick_change")
    rows = [json.loads(text) for text in await hear(socket) or []]
    told = {
        one["market"]: one["new_tick_size"] for one in rows if one.get("event_type") == "tick_size_change"
    }
    now = {one.condition_id: str(one.tick) for one in venue.world.open_markets(venue.clock.now())}
    assert told
    assert told == {key: tick for key, tick in now.items() if tick != before[key]}


async def test_the_limiter_slows_down_and_then_refuses(guest: Any, venue: Any) -> None:
    """Law: beyond 150 in ten seconds answers wait; beyond 225 they are 429."""
    path = f"/positions?user={guest.address}"
    asked = [asyncio.ensure_future(guest.get("data", path)) for _ in range(300)]
    for _ in range(200):
        await asyncio.sleep(0.005)
        if venue.record.count >= 200:
            break
    await venue.advance(3)
    statuses = [status for status, _ in await asyncio.gather(*asked)]
    assert statuses.count(200) == 225
    assert statuses.count(429) == 75
    await venue.advance(20)
    assert (await guest.get("data", path))[0] == 200


def test_a_storm_has_every_fault_and_the_seed_decides_it() -> None:
    faults = storm(5, 10, 10_000, 60)
    assert faults == storm(5, 10, 10_000, 60)
    assert faults != storm(6, 10, 10_000, 60)
    assert {one.name for one in faults} == set(FAULTS)
    assert all(10 <= one.start < 10_000 for one in faults)


async def test_an_unknown_fault_is_refused_with_the_nearest_name(guest: Any) -> None:
    status, said = await guest.post("control", "/fault", {"name": "rtds_freez"})
    assert status == 400
    assert "rtds_freeze" in said["error"]


def test_calm_ends_what_is_on_and_forgets_what_is_planned() -> None:
    """Law: after calm no fault is on, now or ever, until another is planned."""
    outages = Outages()
    for fault in storm(3, 0.0, 600.0, 5.0):
        outages.schedule(0, fault)
    outages.step(60_000)
    assert outages.active
    outages.calm()
    outages.step(10_000_000)
    assert outages.active == []
    assert not outages.post_only(60_001)
    assert outages.done


async def test_leaders_rest_while_the_crowd_goes_on(guest: Any, venue: Any) -> None:
    """Law: resting leaders take nothing more; told to, they trade again."""

    def taken(leader: str) -> int:
        return sum(
            row.kind == "TRADE" and row.role == "taker" for row in venue.world.history.truth(leader, 0)
        )

    def total() -> int:
        return sum(taken(one.wallet) for one in venue.world.leaders.all)

    await venue.advance(30)
    assert (await guest.post("control", "/leaders", {"trading": False}))[0] == 202
    await venue.advance(5)  # what was matched is mined
    resting, trades = total(), venue.world.exchange.trades
    await venue.advance(30)
    assert 0 < resting == total()
    assert venue.world.exchange.trades > trades
    assert (await guest.post("control", "/leaders", {"trading": True}))[0] == 202
    await venue.advance(30)
    assert total() > resting
    assert (await guest.post("control", "/leaders", {"trading": "x"}))[0] == 400
