"""The last runs of the checks, for export; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from watchkeeper.agent.health.trend import Run

COLUMNS = ("at", "component", "status", "duration", "reason")


@dataclass(frozen=True, slots=True)
class Executed:
    """One run of one component's check."""

    component: str
    run: Run

    def row(self) -> dict[str, object]:
        """Return it for export; `at` in Unix seconds, `duration` in seconds."""
        run = self.run
        values = (run.at, self.component, run.status.value, run.duration, run.reason)
        return dict(zip(COLUMNS, values, strict=True))


def history(runs: Mapping[str, Iterable[Run]]) -> list[Executed]:
    """Return the runs of all components, oldest first."""
    found = [Executed(name, run) for name, some in runs.items() for run in some]
    return sorted(found, key=lambda one: one.run.at)


def as_csv(executed: Iterable[Executed]) -> str:
    """Return runs as RFC 4180 with a line of names."""
    import csv  # seldom needed, and not small
    import io

    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(one.row() for one in executed)
    return text.getvalue()
