"""What can go wrong in this room."""

from __future__ import annotations


class ProfilesError(Exception):
    """Stand above every error of this room."""


class ProfilesUnwritable(ProfilesError):
    """The file cannot be opened or written."""


class NoProfile(ProfilesError):
    """Nothing was kept of this bot in this time."""
