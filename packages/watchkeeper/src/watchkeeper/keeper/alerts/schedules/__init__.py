"""Schedules: who is on call at a time, by rotations and overrides."""

from watchkeeper.keeper.alerts.schedules.schedule import Override, Rotation, Schedule

__all__ = ["Override", "Rotation", "Schedule"]
