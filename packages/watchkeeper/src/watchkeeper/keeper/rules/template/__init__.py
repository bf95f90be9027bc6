"""Templates of labels and annotations: the language of Go's text/template with Prometheus' functions.

A template is parsed once and expanded for every alert, within bounds. `query` is the one function that
reaches outside; its caller gives it.
"""

from .builtins import BUILTINS, EARLY
from .errors import TemplateError, TemplateFailure, TemplateLimit, TemplateSyntaxError
from .functions import NAMES, Query, Samples, prometheus
from .nodes import Template
from .parser import parse
from .runner import Bounds, expand
from .values import Record

FUNCTIONS = frozenset({*BUILTINS, *EARLY, *NAMES})
VARIABLES = ("$labels", "$externalLabels", "$externalURL", "$value")

__all__ = [
    "FUNCTIONS",
    "VARIABLES",
    "Bounds",
    "Query",
    "Record",
    "Samples",
    "Template",
    "TemplateError",
    "TemplateFailure",
    "TemplateLimit",
    "TemplateSyntaxError",
    "expand",
    "parse",
    "prometheus",
]
