"""The web room: the HTTP API, the event stream and the built page."""

from watchkeeper.keeper.web.app import create_app
from watchkeeper.keeper.web.boards import Shelf
from watchkeeper.keeper.web.live import Live
from watchkeeper.keeper.web.operations import Reports
from watchkeeper.keeper.web.profiles import Gallery
from watchkeeper.keeper.web.recovery import Recovery
from watchkeeper.keeper.web.sight import Pages, Samples, Sight
from watchkeeper.keeper.web.users import Desk, Policy

__all__ = [
    "Desk",
    "Gallery",
    "Live",
    "Pages",
    "Policy",
    "Recovery",
    "Reports",
    "Samples",
    "Shelf",
    "Sight",
    "create_app",
]
