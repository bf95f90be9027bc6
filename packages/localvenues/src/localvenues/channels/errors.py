"""What can go wrong in these channels.

ChannelsError
├── ScriptError     a script of answers cannot be read
└── MessageRefused  a message does not have its vendor's shape
"""

from __future__ import annotations


class ChannelsError(Exception):
    """The root of this room's errors."""


class ScriptError(ChannelsError):
    """Say which part of a script cannot be read."""


class MessageRefused(ChannelsError):
    """Say what a vendor finds wrong with a message."""
