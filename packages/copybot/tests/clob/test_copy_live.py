"""Live orders go through the official client; here a stand-in with its shapes (polymarket-client 0.14)."""

from __future__ import annotations

import sys
import types
from decimal import Decimal
from typing import Any

import pytest

from copybot.clob import ClobError, ClobRefused, LocalSigner, Trading
from copybot.clob.errors import ClobLimited, ClobTimeout, ClobUnavailable
from copybot.clob.live import LiveTrading, LiveUnavailable, official
from copybot.clob.signing import UnsignedOrder, order_digest
from copybot.model import MICRO, Plan

SIGNER = LocalSigner(b"\x11" * 32)
WALLET = "0x" + "Ab" * 20
PLAN = Plan("f#0", "0xa", "77", "0xc", "BUY", 500_000, 20 * MICRO, 10_000, False)


class PolymarketError(Exception): ...


class TransportError(PolymarketError): ...


class LateError(PolymarketError): ...


class UnexpectedResponseError(PolymarketError): ...


class RateLimitError(PolymarketError):
    retry_after = 3.0


class RequestRejectedError(PolymarketError):
    def __init__(self, message: str, status: int, restriction: str | None = None) -> None:
        super().__init__(message)
        self.status, self.restriction = status, restriction


class Client:
    """Keeps what it was asked; `answer` is what posting brings."""

    wallet = WALLET

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answer: Any = None
        self.closed = False

    @classmethod
    async def create(cls, *, private_key: str) -> Client:
        assert private_key == "0x" + "11" * 32
        return cls()

    async def create_market_order(self, **words: Any) -> Any:
        self.asked.append(("market", words))
        return types.SimpleNamespace(
            salt=9, maker=WALLET, signer=WALLET, token_id="77",
            maker_amount=10_000_000, taker_amount=20_000_000, side="BUY", signature_type=3,
            timestamp=1_790_000_000_000, metadata="0x" + "00" * 32, builder="0x" + "0b" * 32,
        )  # fmt: skip

    async def post_order(self, signed: Any) -> Any:
        self.asked.append(("post", {"signed": signed}))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def get_balance_allowance(self, *, asset_type: str) -> Any:
        assert asset_type == "COLLATERAL"
        return types.SimpleNamespace(balance=25_000_000, allowances={})

    async def close(self) -> None:
        self.closed = True


@pytest.fixture
async def live(monkeypatch: pytest.MonkeyPatch) -> LiveTrading:
    """Connect to the stand-in."""
    errors = types.ModuleType("polymarket.errors")
    for kind in (
        PolymarketError,
        TransportError,
        UnexpectedResponseError,
        RateLimitError,
        RequestRejectedError,
    ):
        setattr(errors, kind.__name__, kind)
    errors.RequestRejectedError = RequestRejectedError  # type: ignore[attr-defined]
    errors.TimeoutError = LateError  # type: ignore[attr-defined]
    package = types.ModuleType("polymarket")
    package.AsyncSecureClient = Client  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "polymarket", package)
    monkeypatch.setitem(sys.modules, "polymarket.errors", errors)
    paper = Trading(None, SIGNER, lambda: 0.0, lambda: 1)  # type: ignore[arg-type]
    return await LiveTrading.connect(paper, b"\x11" * 32)


def test_the_official_client_is_imported_in_live_mode_alone() -> None:
    """Paper costs none of its memory; where it is not installed, live says how to get it."""
    assert "polymarket" not in sys.modules
    with pytest.raises(LiveUnavailable, match=r"copybot\[live\]"):
        official()


async def test_an_order_is_named_before_it_is_posted(live: LiveTrading) -> None:
    """Its name is the digest of what the client signed, so a lost answer can be asked for."""
    prepared = await live.prepare(PLAN, "FAK")
    signed = UnsignedOrder(
        9, WALLET, WALLET, 77, 10_000_000, 20_000_000, 0, 1_790_000_000_000, 3, bytes(32), b"\x0b" * 32
    )
    assert prepared.order == "0x" + order_digest(signed, 137, live.exchange(False)).hex()
    kind, words = live._client.asked[0]
    assert kind == "market" and len(live._client.asked) == 1
    assert (words["amount"], words["max_price"], words["order_type"]) == (Decimal(10), Decimal("0.5"), "FAK")
    assert live.address == WALLET.lower()


@pytest.mark.parametrize(
    ("error", "kind", "uncertain"),
    [
        (LateError("?"), ClobTimeout, True),
        (TransportError("?"), ClobUnavailable, True),
        (RequestRejectedError("?", 503), ClobUnavailable, True),
        (RequestRejectedError("not enough balance", 400), ClobRefused, False),
        (RateLimitError("?"), ClobLimited, False),
    ],
)
async def test_its_errors_are_ours(
    live: LiveTrading, error: Any, kind: type[ClobError], uncertain: bool
) -> None:
    """What may have happened all the same is never taken for a refusal."""
    live._client.answer = error
    with pytest.raises(kind) as caught:
        await live.place(await live.prepare(PLAN, "FAK"))
    assert caught.value.uncertain is uncertain


async def test_cash_is_that_of_the_clients_own_wallet(live: LiveTrading) -> None:
    """A deposit wallet's money is not the signing key's, which a signature type of 0 would ask for."""
    assert await live.cash() == 25 * MICRO


async def test_an_answer_tells_the_shares(live: LiveTrading) -> None:
    """A buyer takes shares."""
    live._client.answer = types.SimpleNamespace(
        ok=True,
        order_id="0x1",
        status="matched",
        making_amount=Decimal(10),
        taking_amount=Decimal("20.5"),
        trade_ids=(),
    )
    placed = await live.place(await live.prepare(PLAN, "FAK"))
    assert (placed.matched, placed.status) == (20_500_000, "matched")
    await live.close()
    assert live._client.closed
