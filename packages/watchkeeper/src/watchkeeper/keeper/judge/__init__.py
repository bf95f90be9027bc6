"""The judge: from what was scraped and told to one standing per subject, and to flips.

Pure: time is an argument. `targets`, `components` and `silence` each turn observations into
findings; `Judge` settles findings into standings and says what flipped; `overall` sums up.
"""

from watchkeeper.keeper.judge.components import Health, component_findings, read_health
from watchkeeper.keeper.judge.finding import Finding, Flipped, Standing
from watchkeeper.keeper.judge.judge import Judge
from watchkeeper.keeper.judge.overall import Overall, overall
from watchkeeper.keeper.judge.silence import Movement, SilenceRule, silence_finding
from watchkeeper.keeper.judge.targets import Contact, target_finding

__all__ = [
    "Contact",
    "Finding",
    "Flipped",
    "Health",
    "Judge",
    "Movement",
    "Overall",
    "SilenceRule",
    "Standing",
    "component_findings",
    "overall",
    "read_health",
    "silence_finding",
    "target_finding",
]
