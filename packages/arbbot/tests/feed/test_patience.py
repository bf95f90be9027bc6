"""The waits between connections."""

from hypothesis import given
from hypothesis import strategies as st

from arbbot.feed import Patience


def test_the_first_reconnect_is_immediate_and_the_waits_double_to_the_limit() -> None:
    """0, first, twice, ... limit."""
    patience = Patience(first=1.0, limit=5.0)
    assert [patience.wait() for _ in range(6)] == [0.0, 1.0, 2.0, 4.0, 5.0, 5.0]


def test_success_forgets_the_failures() -> None:
    """After a frame the next failure is the first again."""
    patience = Patience()
    patience.wait()
    patience.wait()
    patience.succeeded()
    assert patience.wait() == 0.0


@given(st.lists(st.none() | st.floats(0, 4000), min_size=1, max_size=100))
def test_the_server_s_own_wish_is_never_undercut(asked: list[float | None]) -> None:
    """Retry-After is a lower bound, and without it the limit is an upper one."""
    patience = Patience(first=0.5, limit=8.0)
    for wish in asked:
        wait = patience.wait(wish)
        assert wait >= (wish or 0.0)
        assert wait <= max(8.0, wish or 0.0)
