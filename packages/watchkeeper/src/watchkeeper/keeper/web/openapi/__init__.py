"""The description of the keeper's own API in OpenAPI 3.1, made from the shapes that the handlers use."""

from watchkeeper.keeper.web.openapi.document import document
from watchkeeper.keeper.web.openapi.endpoint import Endpoint, Parameter
from watchkeeper.keeper.web.openapi.routes import routes
from watchkeeper.keeper.web.openapi.table import ENDPOINTS

__all__ = ["ENDPOINTS", "Endpoint", "Parameter", "document", "routes"]
