"""Continuous profiles: one of each bot per minute, kept as rows, merged and compared when asked for.

ProfilesError
├── ProfilesUnwritable    the file cannot be opened or written
└── NoProfile             nothing was kept of this bot in this time
"""

from watchkeeper.keeper.profiles.errors import NoProfile, ProfilesError, ProfilesUnwritable
from watchkeeper.keeper.profiles.fetching import Fetching
from watchkeeper.keeper.profiles.flame import Flame, Paired, flame_of, paired
from watchkeeper.keeper.profiles.merging import Range, merged_range, nanoseconds
from watchkeeper.keeper.profiles.shelf import Kept, ProfileShelf

__all__ = [
    "Fetching",
    "Flame",
    "Kept",
    "NoProfile",
    "Paired",
    "ProfileShelf",
    "ProfilesError",
    "ProfilesUnwritable",
    "Range",
    "flame_of",
    "merged_range",
    "nanoseconds",
    "paired",
]
