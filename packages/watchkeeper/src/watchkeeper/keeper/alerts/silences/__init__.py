"""Silences: what people mute for a time, with who and why."""

from watchkeeper.keeper.alerts.silences.book import Silences
from watchkeeper.keeper.alerts.silences.silence import (
    ACTIVE,
    EXPIRED,
    PENDING,
    Silence,
    can_update,
    check_new,
    check_silence,
)

__all__ = [
    "ACTIVE",
    "EXPIRED",
    "PENDING",
    "Silence",
    "Silences",
    "can_update",
    "check_new",
    "check_silence",
]
