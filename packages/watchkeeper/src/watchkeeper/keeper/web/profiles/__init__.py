"""The paths of continuous profiles."""

from watchkeeper.keeper.web.profiles.handlers import Gallery
from watchkeeper.keeper.web.profiles.routes import PATHS, routes

__all__ = ["PATHS", "Gallery", "routes"]
