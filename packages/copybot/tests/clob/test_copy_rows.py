"""Reading what the venue really sends, and what it should not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copybot.clob.books import LiveBook, book_of, changes_of, market_events
from copybot.clob.gamma import market_of
from copybot.clob.orders import own_trades
from copybot.clob.rows import RowError, activity_rows, decode, fill_of, holding_of, page_of
from copybot.model import micro


def rows(path: Path) -> list[Any]:
    """Return a recorded array."""
    tree = decode(path.read_bytes())
    assert isinstance(tree, list)
    return tree


@pytest.mark.parametrize(
    "name",
    [
        "polymarket-cli/trades.json",
        "py-sdk_data_v2/trades.json",
        "pscanner/activity.json",
        "py-sdk_data_v2/activity.json",
    ],
)
def test_every_recorded_trade_is_read(recorded: Path, name: str) -> None:
    """v1 and v2, with outcome_index 999, an empty event slug and prices of 18 digits."""
    for row in rows(recorded / name):
        fill = fill_of(row)
        if row.get("type", "TRADE") != "TRADE":
            assert fill is None
            continue
        assert fill is not None
        assert fill.size == micro(row["size"]) and fill.price == micro(row["price"])
        assert fill.leader == row.get("proxyWallet", row.get("proxy_wallet"))


def test_rows_that_are_no_trades_are_none() -> None:
    """A REDEEM row has no token, no side, price 0 and outcome index 999."""
    row = {"type": "REDEEM", "asset": "", "side": "", "price": 0, "outcomeIndex": 999, "size": 5}
    assert fill_of(row) is None


@pytest.mark.parametrize("name", ["pscanner/positions.json", "py-sdk_data_v2/positions.json"])
def test_every_recorded_position_is_read(recorded: Path, name: str) -> None:
    """Both versions name the same things differently."""
    for row in rows(recorded / name):
        holding = holding_of(row)
        assert holding.size == micro(row.get("current_size", row.get("size")))


@pytest.mark.parametrize("name", ["pscanner/market.json", "polymarket-cli/market_detail.json"])
def test_arrays_inside_texts_are_read(recorded: Path, name: str) -> None:
    """Gamma's tokens, outcomes and prices are JSON in a text."""
    market = market_of(decode((recorded / name).read_bytes()))
    assert len(market.tokens) == len(market.outcomes) == len(market.prices) == 2
    assert sum(market.prices) == 1_000_000
    assert market.tick in (1_000, 10_000)


def test_a_market_without_tokens_is_hydrating() -> None:
    """A new market has no books for minutes."""
    with pytest.raises(RowError) as caught:
        market_of({"conditionId": "0x1", "clobTokenIds": "[]"})
    assert caught.value.reason == "hydrating"


def test_the_best_level_comes_first_however_the_venue_orders_them(recorded: Path) -> None:
    """The venue lists the worst level first; the naive first ask would be 0.999."""
    tree = decode((recorded / "polymarket-cli" / "book.json").read_bytes())
    book = book_of(tree, 0.0)
    assert book.ask == min(micro(row["price"]) for row in tree["asks"])
    assert tree["asks"][0]["price"] == "0.999" and book.ask != 999_000
    assert book.bid is None


def test_a_book_follows_its_changes() -> None:
    """A size is the level's new total, 0 removes the level; both shapes of the message are read."""
    row = {"asset_id": "1", "bids": [{"price": "0.4", "size": "5"}], "asks": [{"price": "0.6", "size": "7"}]}
    live = LiveBook(book_of(row, 0.0))
    new = {"price_changes": [{"asset_id": "1", "price": "0.5", "size": "3", "side": "BUY"}]}
    old = {"asset_id": "1", "changes": [{"price": "0.6", "size": "0", "side": "SELL"}]}
    for event in (new, old):
        for _, change in changes_of(event):
            live.change(change, 1.0)
    assert (live.book().bid, live.book().ask) == (500_000, None)


@pytest.mark.parametrize("data", [b"", b"  ", b"PONG", b"[]", b"3", b'"x"'])
def test_frames_without_an_event_are_nothing(data: bytes) -> None:
    """The first frame of the activity stream is empty; a PONG is no event."""
    assert market_events(data) == []


def test_an_array_of_messages_is_read_as_one_by_one() -> None:
    """Frames are one object or an array of them."""
    one = {"topic": "activity", "type": "trades", "payload": {"a": 1}}
    assert list(activity_rows(json.dumps([one, one]).encode())) == [("trades", {"a": 1})] * 2
    assert list(activity_rows(b"")) == []


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
    )
)
def test_no_json_crashes_a_reader(tree: Any) -> None:
    """Whatever the venue sends is read or refused with a reason."""
    data = json.dumps(tree, allow_nan=False, default=str).encode() if finite(tree) else b"{"
    for read in (
        lambda: [fill_of(row) for row in page_of(data).rows],
        lambda: list(activity_rows(data)),
        lambda: [book_of(row, 0.0) for row in market_events(data)],
        lambda: market_of(decode(data)),
        lambda: holding_of(decode(data)),
    ):
        try:
            read()
        except RowError as error:
            assert error.reason


def finite(tree: Any) -> bool:
    """Tell whether a tree has no NaN and no infinity."""
    return "NaN" not in (text := json.dumps(tree)) and "Infinity" not in text


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "proxyWallet",
                "asset",
                "conditionId",
                "transactionHash",
                "side",
                "price",
                "size",
                "timestamp",
                "type",
            ]
        ),
        st.text() | st.integers() | st.none() | st.booleans(),
    )
)
def test_a_row_with_the_right_fields_and_wrong_values_is_refused(row: dict[str, Any]) -> None:
    """A fill is whole or it is none."""
    try:
        fill = fill_of(row)
    except RowError:
        return
    assert fill is None or (fill.size > 0 and 0 < fill.price < 1_000_000 and fill.token and fill.tx)


def test_milliseconds_and_seconds_are_told_apart() -> None:
    """One feed has seconds, another milliseconds; ages are compared in seconds alone."""
    base = {
        "proxyWallet": "0xA",
        "asset": "1",
        "conditionId": "0x2",
        "transactionHash": "0x3",
        "side": "BUY",
        "price": "0.5",
        "size": 1,
    }
    stamps = [fill_of(base | {"timestamp": at}) for at in (1_790_000_000, 1_790_000_000_123, "1790000000")]
    assert {fill.timestamp for fill in stamps if fill} == {1_790_000_000}


@pytest.mark.parametrize(
    ("side", "orders"),
    [("TAKER", ["0xtaken", "0xmine"]), ("MAKER", ["0xmine"]), (None, ["0xtaken", "0xmine"])],
)
def test_a_trade_between_two_orders_of_ours_counts_for_both(side: str | None, orders: list[str]) -> None:
    """Two leaders on two sides: a resting order of ours is taken by another of ours, and a pair is minted."""
    maker = {
        "order_id": "0xmine",
        "maker_address": "0xABC",
        "asset_id": "1",
        "side": "BUY",
        "price": "0.08",
        "matched_amount": "19.2",
    }
    stranger = maker | {"order_id": "0xother", "maker_address": "0xdef", "matched_amount": "0.8"}
    row = {
        "id": "t",
        "taker_order_id": "0xtaken",
        "asset_id": "2",
        "market": "0xC0",
        "side": "BUY",
        "size": "20",
        "price": "0.92",
        "status": "MATCHED",
        "match_time": "1790000232",
        "trader_side": side,
        "maker_orders": [maker, stranger],
    }
    found = own_trades(row, "0xabc")
    assert [one.order for one in found] == orders
    assert found[-1].id != found[0].id or len(found) == 1
    assert (found[-1].cost, found[-1].taker) == (1_536_000, False)
    if len(found) == 2:
        assert found[0].cost + found[-1].cost + 64_000 == 20_000_000


@pytest.mark.parametrize(
    ("name", "value"),
    [*(("size", value) for value in ("1e999", "1e13", 2**70, -1, "sNaN")), ("timestamp", "9" * 400)],
)
def test_an_absurd_number_is_no_fill(name: str, value: Any) -> None:
    """It is counted and left out; no row of the books could hold it."""
    row = {
        "proxyWallet": "0xa", "asset": "1", "conditionId": "0xc", "transactionHash": "0x1",
        "side": "BUY", "price": "0.5", "size": 1, "timestamp": 1,
    }  # fmt: skip
    with pytest.raises(RowError):
        fill_of(row | {name: value})


@pytest.mark.parametrize(
    "change", [{"price": "0"}, {"price": "1"}, {"price": "5"}, {"size": "-1"}, {"size": "1e999"}]
)
def test_a_level_outside_the_market_is_refused(change: dict[str, str]) -> None:
    live = LiveBook(book_of({"asset_id": "1", "bids": [], "asks": []}, 0.0))
    with pytest.raises(RowError):
        live.change({"side": "BUY", "price": "0.5", "size": "3"} | change, 0.0)
    assert live.bids == {}


@pytest.mark.parametrize("tick", ["0", "-0.01", "1", "1790000000", "sNaN"])
def test_a_tick_that_is_none_is_refused(tick: str) -> None:
    """Prices are rounded to it: a tick of 0 would end the bot at the next fill."""
    with pytest.raises(RowError):
        book_of({"asset_id": "1", "bids": [], "asks": [], "tick_size": tick}, 0.0)
