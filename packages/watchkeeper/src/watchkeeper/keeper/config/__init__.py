"""The keeper's configuration: one frozen tree, parsed once at the door.

ConfigError
└── raised for a file that cannot be read, is not YAML, names an unknown key or has a wrong value
"""

from watchkeeper.keeper.config.jobs import jobs_of
from watchkeeper.keeper.config.reading import ConfigError, load, parse
from watchkeeper.keeper.config.tree import (
    Config,
    GlobalScrape,
    JsonlChannel,
    Listen,
    Log,
    LogChannel,
    Notify,
    RemoteWrite,
    Retention,
    ScrapeConfig,
    StaticConfig,
    settings,
)
from watchkeeper.keeper.config.values import Duration, Size

__all__ = [
    "Config",
    "ConfigError",
    "Duration",
    "GlobalScrape",
    "JsonlChannel",
    "Listen",
    "Log",
    "LogChannel",
    "Notify",
    "RemoteWrite",
    "Retention",
    "ScrapeConfig",
    "Size",
    "StaticConfig",
    "jobs_of",
    "load",
    "parse",
    "settings",
]
