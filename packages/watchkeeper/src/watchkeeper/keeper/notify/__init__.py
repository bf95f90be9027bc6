"""Telling: one module per channel, and the outbox that owes each channel what it has not taken yet.

`notify.outbox` carries notifications to the senders of `notify.channels`; `notify.opening` makes both of a
configuration.
"""

from watchkeeper.keeper.notify.errors import ChannelError, NotifyError

__all__ = ["ChannelError", "NotifyError"]
