"""Remote write both ways: samples taken from others, and sent on to any engine that speaks the protocol.

The protocol is Prometheus' remote write 1.0: snappy-compressed protobuf over HTTP.
"""

from watchkeeper.keeper.remote.commit import Commit
from watchkeeper.keeper.remote.errors import Malformed, PositionsLost, RemoteError, TooLarge, Undelivered
from watchkeeper.keeper.remote.intake import Bounds, Intake, Taken
from watchkeeper.keeper.remote.post import Destination
from watchkeeper.keeper.remote.sender import Sender, SenderTally

__all__ = [
    "Bounds",
    "Commit",
    "Destination",
    "Intake",
    "Malformed",
    "PositionsLost",
    "RemoteError",
    "Sender",
    "SenderTally",
    "Taken",
    "TooLarge",
    "Undelivered",
]
