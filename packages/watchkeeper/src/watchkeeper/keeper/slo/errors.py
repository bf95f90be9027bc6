"""What can go wrong in this room.

SloError
├── ObjectiveInvalid   an objective cannot be used; the text names its place in the file
├── WindowsInvalid     a table of alert windows cannot be used
└── SliUnknown         an objective asks for an indicator plugin that nobody has defined
"""

from __future__ import annotations


class SloError(Exception):
    """Stand above every error of this room."""


class ObjectiveInvalid(SloError):
    """Say where an objective is wrong, and how."""


class WindowsInvalid(SloError):
    """Say why alert windows cannot be used."""


class SliUnknown(SloError):
    """Say which indicator plugin is not known."""
