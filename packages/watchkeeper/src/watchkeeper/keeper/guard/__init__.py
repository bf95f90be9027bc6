"""The stress guard: the monitor must not hurt. While it is tripped the costly parts rest, paging does not."""

from watchkeeper.keeper.guard.breaker import Breaker, Limits, Pressure
from watchkeeper.keeper.guard.gauge import PressureGauge
from watchkeeper.keeper.guard.guard import REFRESH_SECONDS, SUBJECT, StressGuard
from watchkeeper.keeper.guard.shedding import Shedding

__all__ = [
    "REFRESH_SECONDS",
    "SUBJECT",
    "Breaker",
    "Limits",
    "Pressure",
    "PressureGauge",
    "Shedding",
    "StressGuard",
]
