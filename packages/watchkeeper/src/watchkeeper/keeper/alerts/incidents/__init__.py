"""Incidents: alerts that belong together, by shared labels or because one depends on another."""

from watchkeeper.keeper.alerts.incidents.correlation import Correlation, Dependency, Incident, incidents

__all__ = ["Correlation", "Dependency", "Incident", "incidents"]
