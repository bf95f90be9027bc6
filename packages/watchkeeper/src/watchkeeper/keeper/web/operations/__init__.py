"""The paths of what a bot's agent tells of its operations."""

from watchkeeper.keeper.web.operations.reports import Reports
from watchkeeper.keeper.web.operations.routes import PATHS, routes

__all__ = ["PATHS", "Reports", "routes"]
