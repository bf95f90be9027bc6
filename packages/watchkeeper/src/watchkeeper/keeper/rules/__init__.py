"""Recording and alerting rules: Prometheus' rule files, evaluated over any store that can select series.

Files become groups (`load`, `read`), a group with its memory becomes an outcome (`evaluate`), `Schedule`
does so at the right times. What is done with alerts is somebody else's.
"""

from .alert import RuleAlert
from .errors import Problem, RuleFailure, RuleFileError, RulesError
from .evaluate import Setting, evaluate
from .expansion import Origin
from .files import load, read
from .outcome import Failure, GroupMemory, Outcome, RuleMemory, carried
from .restore import Tolerance, restore
from .rule import AlertingRule, Group, RecordingRule, Rule, RuleFile

__all__ = [
    "AlertingRule",
    "Failure",
    "Group",
    "GroupMemory",
    "Origin",
    "Outcome",
    "Problem",
    "RecordingRule",
    "Rule",
    "RuleAlert",
    "RuleFailure",
    "RuleFile",
    "RuleFileError",
    "RuleMemory",
    "RulesError",
    "Setting",
    "Tolerance",
    "carried",
    "evaluate",
    "load",
    "read",
    "restore",
]
