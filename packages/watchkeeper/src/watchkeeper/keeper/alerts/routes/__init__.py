"""The route tree: which receivers an alert goes to, in which groups, how often."""

from watchkeeper.keeper.alerts.routes.route import DEFAULTS, Draft, Route, Terms, build

__all__ = ["DEFAULTS", "Draft", "Route", "Terms", "build"]
