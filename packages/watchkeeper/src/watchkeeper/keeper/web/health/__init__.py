"""The past of a bot's health, for people and for export."""

from watchkeeper.keeper.web.health.routes import PATHS, routes

__all__ = ["PATHS", "routes"]
