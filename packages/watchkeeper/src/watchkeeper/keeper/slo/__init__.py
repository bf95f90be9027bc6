"""Objectives: what is promised, compiled to rules that any Prometheus evaluates; pure, texts in and out.

`read_objectives` reads Sloth's files, OpenSLO and a short form of our own; `compiled` makes groups of
rules, `rule_file` their text; `Budget` tells what is left.
"""

from watchkeeper.keeper.slo.budget import Budget
from watchkeeper.keeper.slo.compiling import compiled, custom_resource, rule_file
from watchkeeper.keeper.slo.errors import ObjectiveInvalid, SliUnknown, SloError, WindowsInvalid
from watchkeeper.keeper.slo.objective import Guard, Objective
from watchkeeper.keeper.slo.reading import read_objectives, read_windows
from watchkeeper.keeper.slo.rules import Alert, Recording, RuleGroup
from watchkeeper.keeper.slo.windows import AlertWindows, BurnWindow, windows_for

__all__ = [
    "Alert",
    "AlertWindows",
    "Budget",
    "BurnWindow",
    "Guard",
    "Objective",
    "ObjectiveInvalid",
    "Recording",
    "RuleGroup",
    "SliUnknown",
    "SloError",
    "WindowsInvalid",
    "compiled",
    "custom_resource",
    "read_objectives",
    "read_windows",
    "rule_file",
    "windows_for",
]
