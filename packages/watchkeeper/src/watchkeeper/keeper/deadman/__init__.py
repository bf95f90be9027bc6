"""Dead-man's switches: bots that must ping here (`PingBook`), and our own ping elsewhere (`Pinger`)."""

from watchkeeper.keeper.deadman.expecting import Expectations, Expected, Ping
from watchkeeper.keeper.deadman.pinging import Beacon, Pinger
from watchkeeper.keeper.deadman.pings import PingBook, read_pings

__all__ = ["Beacon", "Expectations", "Expected", "Ping", "PingBook", "Pinger", "read_pings"]
