"""A component is healthy only if all that it depends on is; pure."""

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from watchkeeper.agent.errors import DependencyCycle, UnknownDependency
from watchkeeper.agent.health.outcome import Outcome, Status, worst

Graph = Mapping[str, Sequence[str]]


def checked_order(graph: Graph) -> list[str]:
    """Return the components, dependencies first; raise `UnknownDependency`, `DependencyCycle`."""
    for name, wanted in graph.items():
        for other in wanted:
            if other not in graph:
                raise UnknownDependency(f"component {name!r} depends on {other!r}, which is not registered")
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise DependencyCycle(f"components depend on each other: {' -> '.join(error.args[1])}") from None


def effective(graph: Graph, own: Mapping[str, Outcome], order: Sequence[str]) -> dict[str, Outcome]:
    """Return what holds for each component once its dependencies are taken into account.

    `order` is that of `checked_order`. The component's own defect is named before an equal one of another.
    """
    told: dict[str, Outcome] = {}
    for name in order:
        told[name] = worst([own[name], *(_through(other, told[other]) for other in graph[name])])
    return told


def _through(name: str, outcome: Outcome) -> Outcome:
    if outcome.status is Status.HEALTHY:
        return outcome
    return Outcome(outcome.status, f"depends on {name}: {outcome.reason or outcome.status}")
