"""Positions: own trades counted when confirmed, reconciled, redeemed; profit and loss with fees."""

from copybot.positions.accounts import Lot
from copybot.positions.ledger import PositionLedger, Totals
from copybot.positions.reconcile import Difference, differences
from copybot.positions.redeemer import Redeemer, resolved_prices
from copybot.positions.settler import Settler

__all__ = [
    "Difference",
    "Lot",
    "PositionLedger",
    "Redeemer",
    "Settler",
    "Totals",
    "differences",
    "resolved_prices",
]
