"""Alertmanager's API v2 over the desk, and what people say of alerts beside it.

Source: Alertmanager, api/v2/openapi.yaml; errors as version 0.25 answers them.
"""

from watchkeeper.keeper.web.alertmanager.routes import routes

__all__ = ["routes"]
