"""From the text of a file in any of the three languages to its objectives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from watchkeeper.keeper.slo.errors import ObjectiveInvalid, WindowsInvalid
from watchkeeper.keeper.slo.objective import Objective
from watchkeeper.keeper.slo.openslo import Shelf, openslo_objectives
from watchkeeper.keeper.slo.short import short_objectives
from watchkeeper.keeper.slo.sloth import alert_windows, sloth_objectives
from watchkeeper.keeper.slo.windows import MONTH, AlertWindows

Templates = Mapping[str, Mapping[str, str]]


def read_objectives(text: str, period: int = MONTH, templates: Templates | None = None) -> list[Objective]:
    """Return the objectives of a file: Sloth's, OpenSLO's or our own short form.

    period is for files that do not tell one (seconds), templates are indicator plugins by their id.
    Raise ObjectiveInvalid naming the place, SliUnknown for a plugin without a template.
    """
    # OpenSLO's own tools write many objects as one list.
    documents = [one for raw in loaded(text) for one in (raw if isinstance(raw, list) else [raw])]
    documents = [one for one in documents if one is not None]
    shelf = Shelf.of(documents)
    found = [one for raw in documents for one in objectives_of(raw, shelf, period, templates or {})]
    seen: set[str] = set()
    for one in found:
        if one.id in seen:
            raise ObjectiveInvalid(f"{one.id}: two objectives have the same service and name")
        seen.add(one.id)
    return found


def objectives_of(raw: Any, shelf: Shelf, period: int, templates: Templates) -> list[Objective]:
    """Return the objectives of one document."""
    if not isinstance(raw, dict):
        raise ObjectiveInvalid(f"expected a mapping, got {raw!r}")
    version, kind = str(raw.get("apiVersion", "")), raw.get("kind")
    if version.startswith("openslo"):
        return list(openslo_objectives(raw, shelf)) if kind == "SLO" else []
    if version.startswith("sloth.slok.dev") or "version" in raw:
        return list(sloth_objectives(raw, templates, period))
    return list(short_objectives(raw, period))


def read_windows(text: str) -> AlertWindows:
    """Return a file's table of alert windows, in Sloth's form; raise WindowsInvalid."""
    try:
        return alert_windows(next(iter(loaded(text)), None))
    except ObjectiveInvalid as error:
        raise WindowsInvalid(str(error)) from None


def loaded(text: str) -> list[Any]:
    try:
        return list(yaml.safe_load_all(text))
    except yaml.YAMLError as error:
        raise ObjectiveInvalid(f"not YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise ObjectiveInvalid("not YAML: it nests too deep") from None
