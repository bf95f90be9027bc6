"""What can go wrong with a pool.

PoolError
├── Reverts              the pool's contract would refuse this swap
│   ├── NoInput          nothing goes in, or nothing comes out where the contract wants something
│   ├── TooMuch          more is asked for than the pool holds
│   ├── PriceLimit       the limit lies on the wrong side of the price, or outside the range of prices
│   ├── Overflows        a number leaves the width that the contract gives it
│   └── Slippage         the transaction accepts less loss than the swap would bring
├── UnknownTicks         the swap leaves the part of the tick map that was loaded
├── BadAnswer            the node's answer is not what the call returns
└── BadLog               a log's topics or data do not have the event's shape
"""


class PoolError(Exception):
    """A swap, an answer or a log that the pools room cannot take."""


class Reverts(PoolError):
    """The pool's contract would refuse this swap."""


class NoInput(Reverts):
    """Nothing goes in, or nothing comes out where the contract wants something."""


class TooMuch(Reverts):
    """More is asked for than the pool holds."""


class PriceLimit(Reverts):
    """The price limit lies on the wrong side of the price, or outside the range of prices."""


class Overflows(Reverts):
    """A number leaves the width that the contract gives it."""


class Slippage(Reverts):
    """The transaction accepts less loss than the swap would bring."""


class UnknownTicks(PoolError):
    """The swap leaves the part of the tick map that was loaded."""


class BadAnswer(PoolError):
    """The node's answer is not what the call returns."""


class BadLog(PoolError):
    """A log's topics or data do not have the event's shape."""
