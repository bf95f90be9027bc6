"""Know what every pool holds and what a swap does to it, to the last unit, with no I/O.

Loading gives the calls that read pools from a node; Market keeps their curves, confirmed and
predicted; a curve prices a trade exactly as the contract does.
"""

from arbbot.pools.calls import Call
from arbbot.pools.curve import PIPS, Curve, Loaded, Pool, Segment, Trade
from arbbot.pools.discovery import Discovery, Factory
from arbbot.pools.errors import BadAnswer, BadLog, PoolError, Reverts, UnknownTicks
from arbbot.pools.loading import Loading, PoolSpec
from arbbot.pools.logs import TOPICS, Log
from arbbot.pools.market import Market, Reconciliation
from arbbot.pools.stable import StableCurve
from arbbot.pools.tickmap import TickLiquidity, TickMap
from arbbot.pools.v2 import ProductCurve
from arbbot.pools.v3 import TickCurve

__all__ = [
    "PIPS",
    "TOPICS",
    "BadAnswer",
    "BadLog",
    "Call",
    "Curve",
    "Discovery",
    "Factory",
    "Loaded",
    "Loading",
    "Log",
    "Market",
    "Pool",
    "PoolError",
    "PoolSpec",
    "ProductCurve",
    "Reconciliation",
    "Reverts",
    "Segment",
    "StableCurve",
    "TickCurve",
    "TickLiquidity",
    "TickMap",
    "Trade",
    "UnknownTicks",
]
