"""The bot's own alerts: trades, errors and the breaker, to a chat of the environment it runs in."""

from copybot.alerts.messages import Repeats, Templates
from copybot.alerts.telegram import Telegram

__all__ = ["Repeats", "Telegram", "Templates"]
