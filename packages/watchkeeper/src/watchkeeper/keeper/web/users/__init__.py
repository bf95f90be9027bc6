"""Who asks, what they may do, and the trail of what they did: the gate before the API, and its own paths."""

from watchkeeper.keeper.web.users.entrance import Desk
from watchkeeper.keeper.web.users.gate import Gate
from watchkeeper.keeper.web.users.policy import Policy
from watchkeeper.keeper.web.users.routes import routes
from watchkeeper.keeper.web.users.visitor import Visitor

__all__ = ["Desk", "Gate", "Policy", "Visitor", "routes"]
