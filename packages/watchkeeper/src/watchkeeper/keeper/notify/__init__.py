"""Telling: one module per channel, and the outbox that owes each channel what it has not taken yet.

NotifyError
└── ChannelError    a channel did not take a notice; it says whether trying again can help
"""

from watchkeeper.keeper.notify.channel import Channel, ChannelError, NotifyError, Telling
from watchkeeper.keeper.notify.cursor import Cursor
from watchkeeper.keeper.notify.jsonl import JsonlChannel
from watchkeeper.keeper.notify.log import LogChannel
from watchkeeper.keeper.notify.outbox import Delivery, Outbox

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
