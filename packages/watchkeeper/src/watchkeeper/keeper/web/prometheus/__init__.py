"""Prometheus' HTTP API under /api/v1 and /federate, over the keeper's store, rules and targets."""

from watchkeeper.keeper.web.prometheus.receiving import Receiving
from watchkeeper.keeper.web.prometheus.routes import routes
from watchkeeper.keeper.web.prometheus.source import Running, Source

__all__ = ["Receiving", "Running", "Source", "routes"]
