"""Wallets: who is followed, and every fill of theirs exactly once."""

from copybot.wallets.ledger import Detected, Mark, WalletLedger
from copybot.wallets.monitor import WalletMonitor

__all__ = ["Detected", "Mark", "WalletLedger", "WalletMonitor"]
