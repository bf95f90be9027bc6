"""The web room: the HTTP API, the event stream and the built page."""

from watchkeeper.keeper.web.app import create_app
from watchkeeper.keeper.web.live import Live
from watchkeeper.keeper.web.sight import Pages, Samples, Sight

__all__ = ["Live", "Pages", "Samples", "Sight", "create_app"]
