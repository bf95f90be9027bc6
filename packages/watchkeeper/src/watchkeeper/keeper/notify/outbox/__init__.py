"""What every channel is owed, as rows that are written before anything is sent.

`Outbox.put` takes the notifications that a dispatcher's tick returns; `Outbox.run` carries them.
"""

from watchkeeper.keeper.notify.outbox.delivery import Delivery
from watchkeeper.keeper.notify.outbox.outbox import Outbox
from watchkeeper.keeper.notify.outbox.parcel import Line, Parcel, key_of, line_of

__all__ = ["Delivery", "Line", "Outbox", "Parcel", "key_of", "line_of"]
