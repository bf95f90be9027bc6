"""How much memory each part of the bot holds: counts times the size of one entry, as measured once.

An estimate by counting, so that a check costs microseconds; the process's own figure is exact.
"""

from __future__ import annotations

from collections.abc import Callable

from copybot.bot import Bot

KEY_BYTES = 330  # a fill's key with its slot in a dict
MARKET_BYTES = 3_000  # a market, named by two tokens
BOOK_BYTES = 12_000  # a live book of some 100 levels
TASK_BYTES = 6_000  # a fill or an order under way


def footprints(bot: Bot) -> dict[str, Callable[[], float]]:
    """Return a function per part that estimates its bytes."""
    return {
        "wallet_monitor": lambda: float(len(bot.wallet_rows.recent) * KEY_BYTES),
        "scanner": lambda: float(len(bot.catalogue) * MARKET_BYTES + len(bot.books) * BOOK_BYTES),
        "executor": lambda: float(bot.trader.waiting * TASK_BYTES),
    }
