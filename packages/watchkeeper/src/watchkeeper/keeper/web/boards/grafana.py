"""A board as a Grafana dashboard (schema 39), to be imported with any Prometheus data source."""

from __future__ import annotations

import re
from typing import Any

from watchkeeper.keeper.web.boards.shapes import Board, Widget

SCHEMA = 39
SOURCE = {"type": "prometheus", "uid": "${DS_PROMETHEUS}"}
KINDS = {
    "stat": "stat",
    "series": "timeseries",
    "bars": "bargauge",
    "table": "table",
    "timeline": "state-timeline",
    "text": "text",
    "flame": "text",
}
UNITS = {
    "per_second": "cps",
    "seconds": "s",
    "wei": "none",
    "dollars": "currencyUSD",
    "ratio": "percentunit",
    "bytes": "bytes",
    "count": "short",
    "none": "none",
}
# Grafana's grid has 24 columns and rows of half our height.
WIDER, HIGHER = 2, 2
NO_FLAME = "Flame graphs are on Watchkeeper's own page: Prometheus keeps no profiles."
_LABEL = re.compile(r"\{([a-zA-Z_][a-zA-Z0-9_]*)\}")


def dashboard(board: Board) -> dict[str, Any]:
    """Return the dashboard; it asks for the data source when it is imported."""
    content = board.board
    source = {"name": "DS_PROMETHEUS", "label": "Prometheus", "type": "datasource", "pluginId": "prometheus"}
    return {
        "__inputs": [source | {"description": "", "pluginName": "Prometheus"}],
        "uid": f"watchkeeper-{board.id}",
        "title": content.title,
        "description": content.description,
        "tags": list(content.tags),
        "schemaVersion": SCHEMA,
        "version": board.version,
        "editable": True,
        "time": {"from": f"now-{content.range}s", "to": "now"},
        "refresh": f"{content.refresh}s",
        "templating": {"list": []},
        "annotations": {"list": []},
        "panels": [panel(number, widget) for number, widget in enumerate(content.widgets, 1)],
    }


def panel(number: int, widget: Widget) -> dict[str, Any]:
    """Return one panel."""
    place = widget.place
    made: dict[str, Any] = {
        "id": number,
        "type": KINDS[widget.kind],
        "title": widget.title,
        "gridPos": {
            "x": place.x * WIDER,
            "y": place.y * HIGHER,
            "w": place.w * WIDER,
            "h": place.h * HIGHER,
        },
    }
    if widget.kind in ("text", "flame"):
        return made | {"options": {"mode": "markdown", "content": widget.text or NO_FLAME}}
    return made | {
        "datasource": SOURCE,
        "targets": [
            target(widget, place, query.expr, query.legend) for place, query in enumerate(widget.queries)
        ],
        "fieldConfig": {"defaults": defaults(widget), "overrides": []},
        "options": options(widget),
    }


def target(widget: Widget, place: int, expr: str, legend: str) -> dict[str, Any]:
    """Return one query; `{label}` in a legend is `{{label}}` there."""
    over_time = widget.kind in ("series", "timeline")
    return {
        "refId": chr(ord("A") + place),
        "datasource": SOURCE,
        "expr": expr,
        "legendFormat": _LABEL.sub(r"{{\1}}", legend) or "__auto",
        "range": over_time,
        "instant": not over_time,
        "format": "table" if widget.kind == "table" else "time_series",
    }


def defaults(widget: Widget) -> dict[str, Any]:
    made: dict[str, Any] = {"unit": UNITS[widget.unit]}
    if widget.kind == "series":
        scale = {"type": "log", "log": 10} if widget.scale == "log" else {"type": "linear"}
        made["custom"] = {"scaleDistribution": scale}
    return made


def options(widget: Widget) -> dict[str, Any]:
    if widget.kind in ("stat", "bars"):
        return {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}
    return {}
