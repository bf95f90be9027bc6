"""Addresses of the contracts that orders are signed for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contracts:
    """Polymarket's contracts on Polygon. Nothing is deployed here: they enter signatures."""

    exchange: str = "0xE111180000d2663C0091e4f400237545B87B996B"
    neg_risk_exchange: str = "0xe2222d279d744050d28e00520010520000310F59"
    conditional_tokens: str = "0x4D97DCd97eC945f40cF65F87097ACe5EA0476045"
    neg_risk_adapter: str = "0xd91E80cF2E7be2e162c6513ceD06f1dD0dA35296"
    collateral: str = "0xC011a7E12a19f7B1f670d46F03B03f3342E82DFB"


CONTRACTS = Contracts()
