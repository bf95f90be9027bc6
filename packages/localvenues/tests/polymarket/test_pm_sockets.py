"""Sockets: first the book, then its changes; an account's own news; everybody's trades."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from localvenues.polymarket.exchange.money import ONE, micro
from localvenues.polymarket.world.world import Population


@pytest.fixture
def population() -> Population:
    return Population(leaders=12, crowd_rate=4.0, leader_rate=4.0)


class Listener:
    """A socket's client: it reads up to the answer to its own PING, so that nothing is missed."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.raw: list[str] = []

    async def frames(self) -> list[Any]:
        """Return the events that were sent until now."""
        await self.socket.send_str("PING")
        texts = []
        while True:
            message = await self.socket.receive(timeout=5)
            assert message.type is aiohttp.WSMsgType.TEXT, message
            if message.data == "PONG":
                break
            texts.append(message.data)
        self.raw += texts
        rows = [json.loads(text) for text in texts if text]
        return [one for row in rows for one in (row if isinstance(row, list) else [row])]


@asynccontextmanager
async def listening(guest: Any, door: str, path: str, request: Any) -> AsyncIterator[Listener]:
    async with guest.session.ws_connect(guest.url(door, path)) as socket:
        await socket.send_json(request)
        yield Listener(socket)


def of(rows: list[Any], kind: str) -> list[Any]:
    return [row for row in rows if row["event_type"] == kind]


async def test_the_market_socket_begins_with_an_array_of_books(guest: Any, venue: Any, launch: Any) -> None:
    request = {"type": "market", "assets_ids": list(launch.tokens)}
    async with listening(guest, "clob_ws", "/ws/market", request) as line:
        books = of(await line.frames(), "book")
        assert [one["asset_id"] for one in books] == list(launch.tokens)
        assert line.raw[0].startswith("[")


async def test_changes_applied_to_the_first_book_give_the_later_one(
    guest: Any, venue: Any, find: Any
) -> None:
    """Law: a client that applies each new level total holds the same book as REST tells."""
    market = find("btc-updown")
    request = {"type": "market", "assets_ids": list(market.tokens)}
    async with listening(guest, "clob_ws", "/ws/market", request) as line:
        books: dict[str, dict[str, dict[str, str]]] = {}
        for _ in range(30):
            await venue.advance(1)
            for row in await line.frames():
                if row["event_type"] == "book":
                    sides = {"BUY": row["bids"], "SELL": row["asks"]}
                    books[row["asset_id"]] = {
                        side: {one["price"]: one["size"] for one in levels} for side, levels in sides.items()
                    }
                for change in row.get("price_changes", ()):
                    side = books[change["asset_id"]][change["side"]]
                    side[change["price"]] = change["size"]
                    if change["size"] == "0":
                        del side[change["price"]]
        for token in market.tokens:
            _, now = await guest.get("clob", f"/book?token_id={token}")
            assert books[token]["BUY"] == {one["price"]: one["size"] for one in now["bids"]}
            assert books[token]["SELL"] == {one["price"]: one["size"] for one in now["asks"]}


async def test_too_many_tokens_get_no_first_book(guest: Any, venue: Any, launch: Any) -> None:
    request = {"type": "market", "assets_ids": [*launch.tokens, *map(str, range(500))]}
    async with listening(guest, "clob_ws", "/ws/market", request) as line:
        assert of(await line.frames(), "book") == []


async def test_tokens_can_be_added_and_dropped(guest: Any, venue: Any, launch: Any, find: Any) -> None:
    other = find("rate")
    request = {"type": "market", "assets_ids": [launch.tokens[0]]}
    async with listening(guest, "clob_ws", "/ws/market", request) as line:
        await line.frames()
        await line.socket.send_json({"operation": "subscribe", "assets_ids": [other.tokens[0]]})
        await line.socket.send_json({"operation": "unsubscribe", "assets_ids": [launch.tokens[0]]})
        assert [one["asset_id"] for one in of(await line.frames(), "book")] == [other.tokens[0]]
        await venue.advance(60)
        told = {one["market"] for one in await line.frames()}
        assert told <= {other.condition_id}


async def test_a_last_trade_comes_a_tenth_of_a_second_after_the_match(
    guest: Any, venue: Any, launch: Any, book_of: Any
) -> None:
    request = {"type": "market", "assets_ids": list(launch.tokens)}
    async with listening(guest, "clob_ws", "/ws/market", request) as line:
        await line.frames()
        _, ask = book_of(launch, launch.tokens[0])
        _, said = await guest.market_buy(launch.tokens[0], "25", str(ask / ONE))
        hashes = {one["transaction_hash"] for one in of(await line.frames(), "last_trade_price")}
        assert said["transactionsHashes"][0] not in hashes
        await venue.advance(0.1)
        last = of(await line.frames(), "last_trade_price")
        mine = [one for one in last if one["transaction_hash"] == said["transactionsHashes"][0]]
        assert [(one["side"], one["size"]) for one in mine] == [("BUY", said["takingAmount"])]
        assert not any("0x" + one["market"][2:42] == guest.address for one in last)


async def test_custom_features_tell_best_prices_new_markets_and_resolutions(
    guest: Any, venue: Any, find: Any
) -> None:
    market = find("btc-updown")
    request = {"type": "market", "assets_ids": list(market.tokens), "custom_feature_enabled": True}
    async with listening(guest, "clob_ws", "/ws/market", request) as line:
        await venue.advance(100)
        rows = await line.frames()
        assert of(rows, "best_bid_ask")
        assert of(rows, "new_market")
        assert [one["winning_asset_id"] for one in of(rows, "market_resolved")] == [market.winner]


async def test_without_custom_features_they_are_not_told(guest: Any, venue: Any, find: Any) -> None:
    request = {"type": "market", "assets_ids": list(find("btc-updown").tokens)}
    async with listening(guest, "clob_ws", "/ws/market", request) as line:
        await venue.advance(100)
        kinds = {one["event_type"] for one in await line.frames()}
        assert kinds <= {"book", "price_change", "last_trade_price", "tick_size_change"}


def user_request(guest: Any) -> dict[str, Any]:
    creds = guest.creds
    auth = {"apiKey": creds["apiKey"], "secret": creds["secret"], "passphrase": creds["passphrase"]}
    return {"type": "user", "auth": auth}


async def test_the_user_socket_tells_an_orders_and_a_trades_whole_life(
    guest: Any, venue: Any, launch: Any, book_of: Any
) -> None:
    async with listening(guest, "clob_ws", "/ws/user", user_request(guest)) as line:
        await line.frames()
        _, ask = book_of(launch, launch.tokens[0])
        _, said = await guest.market_buy(launch.tokens[0], "25", str(ask / ONE))
        rows = await line.frames()
        changes = [(one["type"], one["status"]) for one in of(rows, "order")]
        assert changes == [("PLACEMENT", "LIVE"), ("UPDATE", "MATCHED")]
        assert of(rows, "order")[-1]["size_matched"] == said["takingAmount"]
        await venue.advance(10)
        statuses = [one["status"] for one in of(rows + await line.frames(), "trade")]
        assert statuses == ["MATCHED", "MINED", "CONFIRMED"]


async def test_the_user_socket_tells_a_makers_fill_and_a_cancel(
    guest: Any, venue: Any, launch: Any, book_of: Any
) -> None:
    """A resting order at the best price is hit by the crowd; what remains is cancelled."""
    bid, ask = book_of(launch, launch.tokens[0])
    price = min(bid + launch.tick.size, ask - launch.tick.size)
    async with listening(guest, "clob_ws", "/ws/user", user_request(guest)) as line:
        await line.frames()
        _, said = await guest.limit(launch.tokens[0], "BUY", str(price / ONE), "2000")
        trades: list[Any] = []
        for _ in range(40):
            await venue.advance(5)
            trades += of(await line.frames(), "trade")
            if any(one["status"] == "CONFIRMED" for one in trades):
                break
        mine = [part for one in trades for part in one["maker_orders"] if part["order_id"] == said["orderID"]]
        assert {one["trader_side"] for one in trades} == {"MAKER"}
        assert mine
        assert {part["price"] for part in mine} == {str(price / ONE)}
        await guest.ask("DELETE", "/order", {"orderID": said["orderID"]})
        changes = of(await line.frames(), "order")
        assert changes[-1]["type"] == "CANCELLATION"
        assert micro(changes[-1]["size_matched"]) > 0


async def test_the_user_socket_hangs_up_on_a_wrong_secret(guest: Any) -> None:
    request = user_request(guest)
    request["auth"]["secret"] = "AAAA"
    async with guest.session.ws_connect(guest.url("clob_ws", "/ws/user")) as socket:
        await socket.send_json(request)
        message = await socket.receive(timeout=5)
        assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)


RTDS = {
    "action": "subscribe",
    "subscriptions": [
        {"topic": "activity", "type": "trades"},
        {"topic": "activity", "type": "orders_matched"},
    ],
}


async def test_rtds_begins_with_an_empty_frame_and_tells_each_fill_once(guest: Any, venue: Any) -> None:
    """Law: trades holds a row per part, orders_matched a row per transaction: the taker's."""
    async with listening(guest, "rtds", "/", RTDS) as line:
        first = await line.frames()
        assert line.raw[0] == ""
        assert first == []
        before = venue.world.history.newest(1)[0].number if venue.world.history.newest(1) else 0
        await venue.advance(60)
        rows = await line.frames()
        truth = [
            one for one in venue.world.history.newest(10_000) if one.number > before and one.kind == "TRADE"
        ]
        trades = [one["payload"] for one in rows if one["type"] == "trades"]
        matched = [one["payload"] for one in rows if one["type"] == "orders_matched"]
        assert len(trades) == len(truth) > 100
        assert len(matched) == len({one.transaction for one in truth})
        told = sorted((one["transactionHash"], one["proxyWallet"], one["size"]) for one in trades)
        real = sorted((one.transaction, one.wallet, one.shares / ONE) for one in truth)
        assert told == real


async def test_rtds_and_the_data_api_tell_the_same_row(guest: Any, venue: Any) -> None:
    """Law: hash, token, side, size and time agree, so that one key serves both; v2 rounds the price."""
    async with listening(guest, "rtds", "/", RTDS) as line:
        await venue.advance(20)
        pushed = [one["payload"] for one in await line.frames() if one["type"] == "trades"]
        await venue.advance(15)
        _, v1 = await guest.get("data", "/trades?takerOnly=false&limit=1000")
        _, v2 = await guest.get("data", "/v2/trades?taker_only=false&limit=1000")

        def keys(rows: list[Any], names: str) -> set[Any]:
            return {tuple(row[name] for name in names.split()) for row in rows}

        told = keys(pushed, "transactionHash asset side size timestamp proxyWallet")
        assert len(told) > 100
        assert told <= keys(v1, "transactionHash asset side size timestamp proxyWallet")
        assert told <= keys(v2["data"], "transaction_hash token_id side size timestamp proxy_wallet")
        exact = {(row["transactionHash"], row["proxyWallet"], row["size"]): row["price"] for row in v1}
        for row in v2["data"]:
            price = exact.get((row["transaction_hash"], row["proxy_wallet"], row["size"]))
            assert price is None or abs(price - row["price"]) < 1e-9 or row["size"] < 1


async def test_rtds_falls_silent_for_a_client_that_does_not_ping(guest: Any, venue: Any) -> None:
    async with listening(guest, "rtds", "/", RTDS) as line:
        await line.frames()
        await venue.advance(370)
        quiet = max(one["timestamp"] for one in await line.frames())
        assert quiet < venue.clock.now() - 5_000
        await venue.advance(5)
        assert max(one["timestamp"] for one in await line.frames()) > venue.clock.now() - 5_000


@pytest.mark.parametrize("text", ["{", "[]", "null", '{"type":"market","assets_ids":7}', '"x"'])
async def test_nonsense_on_a_socket_ends_that_socket_alone(
    guest: Any, venue: Any, launch: Any, text: str
) -> None:
    async with guest.session.ws_connect(guest.url("clob_ws", "/ws/market")) as socket:
        await socket.send_str(text)
        message = await socket.receive(timeout=5)
        assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
    assert (await guest.get("clob", f"/book?token_id={launch.tokens[0]}"))[0] == 200
