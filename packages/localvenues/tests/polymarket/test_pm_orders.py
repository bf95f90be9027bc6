"""Orders over HTTP: keys, signatures, answers, and the ledger behind them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localvenues.polymarket.exchange.money import ONE, micro
from localvenues.polymarket.exchange.settlement import GHOST


async def test_a_key_is_made_once_and_derived_ever_after(guest: Any) -> None:
    async with guest.session.post(guest.url("clob", "/auth/api-key"), headers=guest.l1()) as response:
        assert response.status == 400
    async with guest.session.get(guest.url("clob", "/auth/derive-api-key"), headers=guest.l1()) as response:
        assert await response.json() == guest.creds
    assert await guest.ask("GET", "/auth/api-keys") == (200, {"apiKeys": [guest.creds["apiKey"]]})


@pytest.mark.parametrize("header", ["POLY_SIGNATURE", "POLY_ADDRESS", "POLY_TIMESTAMP", "POLY_NONCE"])
async def test_a_forged_attestation_gets_no_key(guest: Any, header: str) -> None:
    wrong = {"POLY_NONCE": "7", "POLY_ADDRESS": "0x" + "12" * 20, "POLY_TIMESTAMP": "1"}.get(
        header, "0x" + "1" * 130
    )
    headers = guest.l1() | {header: wrong}
    async with guest.session.post(guest.url("clob", "/auth/api-key"), headers=headers) as response:
        assert response.status == 401


@pytest.mark.parametrize("number", ["²", str(2**256), "9" * 5000])
@pytest.mark.parametrize("header", ["POLY_TIMESTAMP", "POLY_NONCE"])
async def test_an_attestation_with_no_number_gets_no_key(guest: Any, header: str, number: str) -> None:
    headers = guest.l1() | {header: number}
    async with guest.session.get(guest.url("clob", "/auth/derive-api-key"), headers=headers) as response:
        assert response.status == 401


@pytest.mark.parametrize("expiration", ["²", "-1", "9" * 5000])
async def test_an_expiration_that_is_no_number_is_invalid(guest: Any, launch: Any, expiration: str) -> None:
    order = guest.signed(launch.tokens[0], "BUY", 500_000, 10_000_000) | {"expiration": expiration}
    said = await guest.ask("POST", "/order", guest.body(order, "GTD"))
    assert said == (400, {"error": "invalid expiration"})


@pytest.mark.parametrize(
    "header", ["POLY_SIGNATURE", "POLY_ADDRESS", "POLY_TIMESTAMP", "POLY_API_KEY", "POLY_PASSPHRASE"]
)
async def test_each_l2_header_is_checked(guest: Any, header: str) -> None:
    headers = guest.l2("GET", "/data/orders") | {header: "0"}
    async with guest.session.get(guest.url("clob", "/data/orders"), headers=headers) as response:
        assert response.status == 401
        assert await response.json() == {"error": "Unauthorized/Invalid api key"}


async def test_the_signature_covers_the_body(guest: Any) -> None:
    headers = guest.l2("DELETE", "/order", '{"orderID":"0x1"}')
    url = guest.url("clob", "/order")
    async with guest.session.delete(url, headers=headers, data='{"orderID":"0x2"}') as response:
        assert response.status == 401


async def test_a_market_buy_is_answered_with_its_amounts_and_booked_with_its_fee(
    guest: Any, launch: Any, book_of: Any, venue: Any
) -> None:
    token = launch.tokens[0]
    _, ask = book_of(launch, token)
    status, said = await guest.market_buy(token, "25", str(ask / ONE))
    assert status == 200
    assert (said["success"], said["status"], said["errorMsg"]) == (True, "matched", "")
    assert said["makingAmount"] == "25"
    assert len(said["tradeIDs"]) == len(said["transactionsHashes"]) == 1
    before = await guest.truth()
    assert (before["cash"], before["unsettled"]) == (str(10_000 * ONE), 1)
    await venue.advance(3)
    after = await guest.truth()
    fee = launch.fees.fee(micro(said["takingAmount"]), ask)
    assert int(after["cash"]) == 9_975 * ONE - fee
    assert int(after["fees"]) == fee > 0
    assert after["positions"][0]["shares"] == str(micro(said["takingAmount"]))


async def test_the_orders_id_is_known_before_it_is_sent(guest: Any, launch: Any) -> None:
    """A client that lost the answer asks for the digest that it signed."""
    order = guest.signed(launch.tokens[0], "BUY", 500_000, 10_000_000)
    _, said = await guest.ask("POST", "/order", guest.body(order, "GTC"))
    assert said["orderID"] == guest.digest
    status, row = await guest.ask("GET", f"/data/order/{guest.digest}")
    assert (status, row["status"], row["original_size"], row["size_matched"]) == (200, "LIVE", "10", "0")


async def test_an_id_that_was_never_accepted_is_not_found(guest: Any) -> None:
    assert (await guest.ask("GET", "/data/order/0x" + "ab" * 32))[0] == 404


async def test_the_same_signed_order_is_taken_once(guest: Any, launch: Any) -> None:
    body = guest.body(guest.signed(launch.tokens[0], "BUY", 500_000, 10_000_000), "GTC")
    assert (await guest.ask("POST", "/order", body))[0] == 200
    status, said = await guest.ask("POST", "/order", body)
    assert (status, said["error"]) == (400, "order is invalid. Duplicated.")


async def test_an_order_signed_for_the_wrong_exchange_is_refused(guest: Any, find: Any) -> None:
    token = find("mayor").tokens[0]
    status, said = await guest.limit(token, "BUY", "0.01", "10")
    assert (status, said["error"]) == (400, "invalid signature")
    assert (await guest.limit(token, "BUY", "0.01", "10", neg_risk=True))[0] == 200


@pytest.mark.parametrize("field", ["salt", "makerAmount", "takerAmount", "timestamp", "metadata", "side"])
async def test_a_changed_order_has_an_invalid_signature(guest: Any, launch: Any, field: str) -> None:
    order = guest.signed(launch.tokens[0], "BUY", 500_000, 10_000_000)
    other = {"salt": 99, "makerAmount": "600000", "takerAmount": "5000000", "timestamp": "1"}
    order[field] = other.get(field) or {"metadata": "0x" + "01" * 32, "side": "SELL"}[field]
    assert await guest.ask("POST", "/order", guest.body(order, "GTC")) == (
        400,
        {"error": "invalid signature"},
    )


@pytest.mark.parametrize(
    ("price", "size", "more", "why"),
    [
        ("0.505", "10", {}, "minimum tick size"),
        ("0.01", "4", {}, "lower than the minimum"),
        ("0.01", "10.001", {}, "max accuracy"),
        ("0.99", "20000", {}, "not enough balance / allowance"),
        ("0.01", "10", {"postOnly": True, "kind": "FOK"}, "invalid"),
        ("0.01", "10", {"kind": "GTD", "expiration": "1"}, "invalid expiration"),
        ("0.01", "10", {"kind": "IOC"}, "order type"),
    ],
)
async def test_bad_orders_are_refused_with_a_reason(
    guest: Any, launch: Any, price: str, size: str, more: dict[str, Any], why: str
) -> None:
    status, said = await guest.limit(launch.tokens[0], "BUY", price, size, **more)
    assert status == 400
    assert why in said["error"]


@pytest.mark.parametrize("body", [{}, {"order": 1}, [], "x", {"order": {}, "orderType": "GTC", "owner": ""}])
async def test_malformed_bodies_are_answered_with_400(guest: Any, body: Any) -> None:
    assert (await guest.ask("POST", "/order", body))[0] == 400


async def test_an_unknown_token_has_no_orderbook(guest: Any) -> None:
    status, said = await guest.limit("123", "BUY", "0.5", "10")
    assert (status, said["error"]) == (404, "No orderbook exists for the requested token id")


async def test_a_batch_answers_each_order_and_takes_fifteen_at_most(guest: Any, launch: Any) -> None:
    token = launch.tokens[0]
    good = guest.body(guest.signed(token, "BUY", 500_000, 10_000_000), "GTC")
    bad = guest.body(guest.signed(token, "BUY", 500_000, 1_000_000), "GTC")
    status, said = await guest.ask("POST", "/orders", [good, bad])
    assert status == 200
    assert [one["success"] for one in said] == [True, False]
    assert "invalid price" not in said[0]["errorMsg"] and said[1]["errorMsg"]
    assert (await guest.ask("POST", "/orders", [good] * 16))[0] == 400


async def test_cancels_tell_what_was_and_what_was_not(guest: Any, launch: Any) -> None:
    _, first = await guest.limit(launch.tokens[0], "BUY", "0.01", "10")
    _, second = await guest.limit(launch.tokens[1], "BUY", "0.01", "10")
    status, said = await guest.ask("DELETE", "/orders", [first["orderID"], "0xdead"])
    assert (status, said["canceled"], list(said["not_canceled"])) == (200, [first["orderID"]], ["0xdead"])
    _, said = await guest.ask("DELETE", "/cancel-market-orders", {"asset_id": launch.tokens[1]})
    assert said["canceled"] == [second["orderID"]]
    _, row = await guest.ask("GET", f"/data/order/{second['orderID']}")
    assert row["status"] == "CANCELED"
    assert (await guest.ask("DELETE", "/cancel-all"))[1] == {"canceled": [], "not_canceled": {}}


async def test_a_trade_is_told_with_its_makers_and_a_prefixed_status(
    guest: Any, launch: Any, book_of: Any, venue: Any
) -> None:
    _, ask = book_of(launch, launch.tokens[0])
    _, said = await guest.market_buy(launch.tokens[0], "25", str(ask / ONE))
    for seconds, status in ((0, "MATCHED"), (2.5, "MINED"), (5, "CONFIRMED")):
        await venue.advance(seconds)
        _, page = await guest.ask("GET", "/data/trades")
        row = page["data"][0]
        assert (row["id"], row["status"]) == (said["tradeIDs"][0], f"TRADE_STATUS_{status}")
    assert row["trader_side"] == "TAKER"
    assert row["size"] == said["takingAmount"]
    assert page["next_cursor"] == "LTE="


async def test_a_ghost_fill_is_matched_and_never_booked(
    guest: Any, launch: Any, book_of: Any, venue: Any
) -> None:
    venue.world.exchange.settlement.fate = lambda _: GHOST
    _, ask = book_of(launch, launch.tokens[0])
    _, said = await guest.market_buy(launch.tokens[0], "25", str(ask / ONE))
    assert said["status"] == "matched"
    await venue.advance(30)
    _, page = await guest.ask("GET", "/data/trades")
    assert page["data"][0]["status"] == "TRADE_STATUS_FAILED"
    truth = await guest.truth()
    assert (truth["cash"], truth["held"], truth["positions"]) == (str(10_000 * ONE), "0", [])


async def test_balances_are_settled_units(guest: Any, launch: Any, book_of: Any, venue: Any) -> None:
    _, ask = book_of(launch, launch.tokens[0])
    _, said = await guest.market_buy(launch.tokens[0], "25", str(ask / ONE))
    query = f"?asset_type=CONDITIONAL&token_id={launch.tokens[0]}"
    assert (await guest.ask("GET", "/balance-allowance", query=query))[1]["balance"] == "0"
    await venue.advance(3)
    assert (await guest.ask("GET", "/balance-allowance", query=query))[1]["balance"] == str(
        micro(said["takingAmount"])
    )


async def test_a_redemption_is_a_separate_step(guest: Any, launch: Any, book_of: Any, venue: Any) -> None:
    """A winner is paid only after it was redeemed, and the Data API shows the recorded REDEEM row."""
    _, ask = book_of(launch, launch.tokens[0])
    await guest.market_buy(launch.tokens[0], "25", str(ask / ONE))
    await venue.advance(3)
    before = int((await guest.truth())["cash"])
    shares = int((await guest.truth())["positions"][0]["shares"])
    await guest.post("control", "/resolve", {"condition_id": launch.condition_id, "winner": launch.tokens[0]})
    assert int((await guest.truth())["cash"]) == before
    body = {"type": "REDEEM", "conditionId": launch.condition_id}
    status, made = await guest.ask("POST", "/submit", body, door="relayer")
    assert (status, made["state"]) == (200, "STATE_NEW")
    await venue.advance(20)
    assert int((await guest.truth())["cash"]) == before + shares
    _, rows = await guest.get("relayer", f"/transaction?id={made['transactionID']}")
    assert rows[0]["state"] == "STATE_CONFIRMED"
    _, activity = await guest.get("data", f"/activity?user={guest.address}&type=REDEEM")
    assert [(row["asset"], row["side"], row["price"], row["outcomeIndex"]) for row in activity] == [
        ("", "", 0, 999)
    ]


async def test_a_redemption_of_nothing_fails_on_the_chain(guest: Any, launch: Any, venue: Any) -> None:
    body = {"type": "REDEEM", "conditionId": launch.condition_id}
    _, made = await guest.ask("POST", "/submit", body, door="relayer")
    await venue.advance(5)
    _, rows = await guest.get("relayer", f"/transaction?id={made['transactionID']}")
    assert (rows[0]["state"], rows[0]["error_msg"]) == ("STATE_FAILED", "execution reverted")


async def test_a_missed_heartbeat_cancels_all_orders(guest: Any, launch: Any, venue: Any) -> None:
    await guest.limit(launch.tokens[0], "BUY", "0.01", "10")
    _, beat = await guest.ask("POST", "/v1/heartbeats", {})
    status, said = await guest.ask("POST", "/v1/heartbeats", {"heartbeat_id": "wrong"})
    assert (status, said["heartbeat_id"]) == (400, beat["heartbeat_id"])
    await venue.advance(14)
    assert len((await guest.ask("GET", "/data/orders"))[1]["data"]) == 1
    await venue.advance(2)
    assert (await guest.ask("GET", "/data/orders"))[1]["data"] == []


async def test_answers_to_orders_tell_the_signers_bucket(guest: Any, launch: Any) -> None:
    body = guest.body(guest.signed(launch.tokens[0], "BUY", 500_000, 10_000_000), "GTC")
    text = json.dumps(body, separators=(",", ":"))
    headers = guest.l2("POST", "/order", text)
    async with guest.session.post(guest.url("clob", "/order"), data=text, headers=headers) as response:
        assert float(response.headers["Poly-RateLimit-Remaining"]) > 0
        assert response.headers["Poly-RateLimit-Tier"]
