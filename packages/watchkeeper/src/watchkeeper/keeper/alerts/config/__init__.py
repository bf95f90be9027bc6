"""Configuration: an `alertmanager.yml` as it is, and our additions in keys of their own."""

from watchkeeper.keeper.alerts.config.additions import read_additions
from watchkeeper.keeper.alerts.config.channels import KINDS, SENDABLE, lacking
from watchkeeper.keeper.alerts.config.document import document, looks_like_alertmanager
from watchkeeper.keeper.alerts.config.durations import length_text, seconds
from watchkeeper.keeper.alerts.config.tree import parse, read_alerting

__all__ = [
    "KINDS",
    "SENDABLE",
    "document",
    "lacking",
    "length_text",
    "looks_like_alertmanager",
    "parse",
    "read_additions",
    "read_alerting",
    "seconds",
]
