"""Inhibition: an alert that fires mutes others that it explains."""

from watchkeeper.keeper.alerts.inhibition.inhibitor import Inhibitor
from watchkeeper.keeper.alerts.inhibition.rule import InhibitRule

__all__ = ["InhibitRule", "Inhibitor"]
