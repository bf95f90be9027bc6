"""What every channel is owed, as rows that are written before anything is sent.

`Outbox.put` takes the notifications that a dispatcher's tick returns; `Outbox.run` carries them.
"""

from watchkeeper.keeper.notify.outbox.delivery import Delivery
from watchkeeper.keeper.notify.outbox.outbox import Outbox
from watchkeeper.keeper.notify.outbox.parcel import Line, Parcel, key_of, line_of
from watchkeeper.keeper.notify.outbox.undelivered import Fate, Undelivered

__all__ = ["Delivery", "Fate", "Line", "Outbox", "Parcel", "Undelivered", "key_of", "line_of"]
