"""The store of unit tests, against the plain store in memory."""

from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.promql import Matcher
from watchkeeper.keeper.promql.testing import MemoryStore
from watchkeeper.keeper.rules.unittest.storage import TestStore

NAMES = ["a", "b"]
samples = st.tuples(
    st.sampled_from(NAMES), st.sampled_from(["x", "y"]), st.integers(0, 60), st.integers(0, 9)
)
matchers = st.one_of(
    st.sampled_from(NAMES).map(lambda name: Matcher("__name__", "=", name)),
    st.just(Matcher("__name__", "=~", "a|b")),
    st.sampled_from(["x", ""]).map(lambda value: Matcher("job", "!=", value)),
)


@given(
    st.lists(samples, max_size=80),
    st.lists(matchers, min_size=1, max_size=2),
    st.integers(0, 60),
    st.integers(0, 60),
)
def test_it_holds_what_the_plain_store_holds(
    added: list[tuple[str, str, int, int]], chosen: list[Matcher], start: int, end: int
) -> None:
    """In whatever order samples come, late and twice too, the same series and samples are found."""
    plain, grown = MemoryStore(), TestStore()
    for name, job, time, value in added:
        for store in (plain, grown):
            store.add((("__name__", name), ("job", job)), [(time, float(value))])
    wanted, got = (
        sorted(
            (one.labels, one.times.tolist(), one.values.tolist()) for one in store.select(chosen, start, end)
        )
        for store in (plain, grown)
    )
    assert got == wanted
