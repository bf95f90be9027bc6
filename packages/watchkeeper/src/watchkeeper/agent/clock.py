"""The two clocks of the agent, handed in so that tests can turn them."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """`wall`: Unix seconds, for people; `steady`: monotonic seconds, for intervals."""

    wall: Callable[[], float] = time.time
    steady: Callable[[], float] = time.monotonic
