"""What can go wrong in this room."""

from __future__ import annotations


class AlertStoreError(Exception):
    """Stand above every error of this room."""


class AlertStoreUnwritable(AlertStoreError):
    """Say why the file cannot be opened or written."""
