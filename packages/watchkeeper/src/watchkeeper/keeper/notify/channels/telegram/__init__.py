"""Telegram: messages with a button that acknowledges, and the listener that hears the button."""

from watchkeeper.keeper.notify.channels.telegram.bot import LIMIT, Telegram, TelegramSettings
from watchkeeper.keeper.notify.channels.telegram.listener import Listener, Press

__all__ = ["LIMIT", "Listener", "Press", "Telegram", "TelegramSettings"]
