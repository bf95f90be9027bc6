"""Telling: one module per channel, and the outbox that owes each channel what it has not taken yet.

The first floor tells rows by a cursor (`Outbox`, `Cursor`, `Telling`); notifications of groups go through
`notify.outbox` to the senders of `notify.channels`.
"""

from watchkeeper.keeper.notify.channel import Channel, Telling
from watchkeeper.keeper.notify.cursor import Cursor
from watchkeeper.keeper.notify.errors import ChannelError, NotifyError
from watchkeeper.keeper.notify.jsonl import JsonlChannel
from watchkeeper.keeper.notify.log import LogChannel
from watchkeeper.keeper.notify.telling import Delivery, Outbox

__all__ = [
    "Channel",
    "ChannelError",
    "Cursor",
    "Delivery",
    "JsonlChannel",
    "LogChannel",
    "NotifyError",
    "Outbox",
    "Telling",
]
