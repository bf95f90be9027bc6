"""Who may ask for what costs the bot something or shows its inside: nobody through somebody's browser.

The agent off loopback needs a token for everything. On loopback without one, any page that a person on this
machine opens could still send requests here, or reach us under a name of its own (DNS rebinding).
"""

from watchkeeper.agent.server.request import Request
from watchkeeper.agent.settings import on_loopback

SAME_SITE = frozenset({"", "none", "same-origin"})


def objection(request: Request) -> str:
    """Say why a request that shows no token is refused; empty where it is not."""
    host = request.headers.get("host", "localhost")
    if not on_loopback(host_alone(host)):
        return f"the Host {host[:100]} is not this machine"
    if request.headers.get("sec-fetch-site", "") not in SAME_SITE:
        return "asked for by a page of another site"
    origin = request.headers.get("origin", "")
    if origin and origin != f"http://{host}":
        return "asked for by a page of another origin"
    return ""


def host_alone(host: str) -> str:
    """Take the port off a Host header."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
