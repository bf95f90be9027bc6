"""A is healthy only if B is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper import DependencyCycle, Outcome, Status, UnknownDependency, degraded, healthy, unhealthy
from watchkeeper.agent.health.dependencies import checked_order, effective

NAMES = "abcdef"


def told(graph: dict[str, tuple[str, ...]], own: dict[str, Outcome]) -> dict[str, Outcome]:
    return effective(graph, own, checked_order(graph))


def test_a_defect_goes_up_the_chain_with_its_reason() -> None:
    graph = {"executor": ("pools",), "pools": ("rpc",), "rpc": ()}
    own = {"executor": healthy(), "pools": healthy(), "rpc": unhealthy("429")}
    seen = told(graph, own)
    assert seen["pools"] == unhealthy("depends on rpc: 429")
    assert seen["executor"] == unhealthy("depends on pools: depends on rpc: 429")


def test_a_components_own_defect_is_named_before_an_equal_one_of_another() -> None:
    own = {"a": unhealthy("own"), "b": unhealthy("other")}
    assert told({"a": ("b",), "b": ()}, own)["a"] == unhealthy("own")


def test_a_worse_dependency_outweighs_the_own_lesser_defect() -> None:
    own = {"a": degraded("own"), "b": unhealthy("other")}
    assert told({"a": ("b",), "b": ()}, own)["a"].status is Status.UNHEALTHY


def test_a_dependency_that_is_not_known_leaves_the_dependant_unknown() -> None:
    own = {"a": healthy(), "b": Outcome(Status.UNKNOWN, "not checked yet")}
    assert told({"a": ("b",), "b": ()}, own)["a"].status is Status.UNKNOWN


def test_an_unregistered_dependency_and_a_circle_are_errors_that_name_them() -> None:
    with pytest.raises(UnknownDependency, match="'a' depends on 'ghost'"):
        checked_order({"a": ("ghost",)})
    with pytest.raises(DependencyCycle, match=r"a|b"):
        checked_order({"a": ("b",), "b": ("a",)})


@given(
    st.dictionaries(st.sampled_from(NAMES), st.sets(st.sampled_from(NAMES))),
    st.lists(st.sampled_from(list(Status)), min_size=6, max_size=6),
)
def test_a_component_is_as_bad_as_the_worst_it_reaches(
    graph: dict[str, set[str]], status: list[Status]
) -> None:
    """Law: the effective rank is the maximum over the component and all that it depends on, near or far."""
    acyclic = {name: tuple(sorted(other for other in graph.get(name, ()) if other > name)) for name in NAMES}
    own = {name: Outcome(one, "r") for name, one in zip(NAMES, status, strict=True)}
    seen = told(acyclic, own)
    for name in NAMES:
        reached, todo = set(), [name]
        while todo:
            one = todo.pop()
            reached.add(one)
            todo += acyclic[one]
        assert seen[name].status.rank == max(own[one].status.rank for one in reached)
