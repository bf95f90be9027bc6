"""Integrity and recovery: what an operator can have checked and mended by the keeper."""

from watchkeeper.keeper.web.recovery.routes import PATHS, Recovery, routes

__all__ = ["PATHS", "Recovery", "routes"]
