"""Live trading through the exchange's official client, imported in live mode alone.

Source: `polymarket-client` 0.14 (PyPI, import `polymarket`): AsyncSecureClient creates, signs and posts
orders. An order's name is computed here from the signed fields before it is posted, so that a lost answer can
be asked for; reading orders and trades stays with our own client, whose credentials are the same.
"""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Sequence
from typing import Any

from copybot.clob.errors import (
    ClobError,
    ClobLimited,
    ClobRefused,
    ClobRestarting,
    ClobTimeout,
    ClobUnavailable,
)
from copybot.clob.orders import Prepared
from copybot.clob.signing import UnsignedOrder, order_digest
from copybot.clob.trading import Trading
from copybot.model import OrderType, Placed, Plan, dollars, micro


class LiveUnavailable(ClobError):
    """The official client is not installed."""

    reason = "no_live_client"
    retryable = False


def official() -> Any:
    """Import the official client; raise LiveUnavailable where it is not installed."""
    try:
        return importlib.import_module("polymarket")
    except ImportError:
        raise LiveUnavailable("live trading needs the extra: pip install 'copybot[live]'") from None


class LiveTrading(Trading):
    """Trading whose orders, cancellations and redemptions go through the official client."""

    def __init__(self, paper: Trading, client: Any, errors: Any) -> None:
        self.__dict__.update(paper.__dict__)
        self._client, self._errors = client, errors

    @classmethod
    async def connect(cls, paper: Trading, key: bytes) -> LiveTrading:
        """Log in with the official client; raise ClobError."""
        package = official()
        errors = importlib.import_module("polymarket.errors")
        made = package.AsyncSecureClient.create(private_key="0x" + key.hex())
        return cls(paper, await translated(errors, made), errors)

    async def close(self) -> None:
        """Close the official client."""
        await self._client.close()

    @property
    def address(self) -> str:
        """Return the address that holds money and positions: a deposit wallet, where the account has one."""
        return str(self._client.wallet).lower()

    async def prepare(self, plan: Plan, kind: OrderType, until: int = 0) -> Prepared:
        """Sign an order with the official client, without sending it, and compute its name."""
        price, shares = dollars(plan.price), dollars(plan.size)
        if kind in ("GTC", "GTD"):
            made = self._client.create_limit_order(
                token_id=plan.token, price=price, size=shares, side=plan.side, expiration=until or None
            )
        elif plan.side == "BUY":
            made = self._client.create_market_order(
                token_id=plan.token, side="BUY", amount=dollars(plan.value), max_price=price, order_type=kind
            )
        else:
            made = self._client.create_market_order(
                token_id=plan.token, side="SELL", shares=shares, min_price=price, order_type=kind
            )
        signed = await translated(self._errors, made)
        digest = order_digest(fields_of(signed), self._chain_id, self.exchange(plan.neg_risk))
        return Prepared("0x" + digest.hex(), {"side": plan.side, "signed": signed}, kind)

    async def place(self, prepared: Prepared) -> Placed:
        """Post a signed order, once."""
        answer = await translated(self._errors, self._client.post_order(prepared.wire["signed"]))
        if not answer.ok:
            raise ClobRefused(200, str(answer))
        matched = answer.taking_amount if prepared.side == "BUY" else answer.making_amount
        return Placed(str(answer.order_id), str(answer.status), micro(matched), tuple(answer.trade_ids))

    async def cancel(self, names: Sequence[str]) -> None:
        """Cancel orders."""
        await translated(self._errors, self._client.cancel_orders(order_ids=list(names)))

    async def cash(self) -> int:
        """Return the collateral in millionths; the client knows which kind of wallet holds it."""
        answer = self._client.get_balance_allowance(asset_type="COLLATERAL")
        return int((await translated(self._errors, answer)).balance)

    async def redeem(self, condition: str) -> str:
        """Redeem a resolved market and wait for the chain; return the transaction's name."""
        handle = await translated(self._errors, self._client.redeem_positions(condition_id=condition))
        await translated(self._errors, handle.wait())
        return "done"

    async def relayed(self, transaction: str) -> str:
        """Return the state of a redemption: `redeem` has waited for it."""
        return "STATE_CONFIRMED" if transaction == "done" else ""


def fields_of(signed: Any) -> UnsignedOrder:
    """Return the signed fields of the official client's order."""
    return UnsignedOrder(
        salt=int(signed.salt),
        maker=str(signed.maker),
        signer=str(signed.signer),
        token=int(signed.token_id),
        maker_amount=int(signed.maker_amount),
        taker_amount=int(signed.taker_amount),
        side=int(str(signed.side) not in ("BUY", "0")),
        timestamp=int(signed.timestamp),
        signature_type=int(signed.signature_type),
        metadata=bytes.fromhex(str(signed.metadata)[2:]),
        builder=bytes.fromhex(str(signed.builder)[2:]),
    )


async def translated(errors: Any, work: Awaitable[Any]) -> Any:
    """Await the official client's work; raise its errors as ours."""
    try:
        return await work
    except errors.RateLimitError as error:
        raise ClobLimited(float(getattr(error, "retry_after", None) or 1.0)) from None
    except errors.RequestRejectedError as error:
        if getattr(error, "restriction", None) == "restarting":
            raise ClobRestarting(str(error)) from None
        if int(error.status) >= 500:
            raise ClobUnavailable(str(error)) from None
        raise ClobRefused(int(error.status), str(error)) from None
    except errors.TimeoutError as error:
        raise ClobTimeout(str(error)) from None
    except (errors.TransportError, errors.UnexpectedResponseError) as error:
        raise ClobUnavailable(str(error)) from None
    except errors.PolymarketError as error:
        raise ClobRefused(0, f"{type(error).__name__}: {error}") from None
