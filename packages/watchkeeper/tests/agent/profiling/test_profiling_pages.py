"""The paths under /debug/: who may ask, what is refused, what the formats are; over real sockets."""

import http.client
import json
import threading
import tracemalloc
from collections.abc import Iterator

import pytest

from watchkeeper import Watch
from watchkeeper.agent.profiling.reading import read
from watchkeeper.agent.server.guard import objection
from watchkeeper.agent.server.request import Request

LONG = 30.0


def ask(watch: Watch, path: str, **headers: str) -> tuple[int, bytes]:
    assert watch.port is not None
    connection = http.client.HTTPConnection("127.0.0.1", watch.port, timeout=LONG)
    try:
        connection.request(
            "GET", path, headers={name.replace("_", "-"): one for name, one in headers.items()}
        )
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def watch() -> Iterator[Watch]:
    with Watch("pages", port=0, environment={}, profile_hz=50) as running:
        yield running


def test_the_index_names_every_profile(watch: Watch) -> None:
    status, body = ask(watch, "/debug/pprof/")
    assert status == 200
    for name in ("profile", "heap", "threads", "tasks", "block"):
        assert name in body.decode()
    assert ask(watch, "/debug/pprof")[0] == 200


@pytest.mark.parametrize(
    "name", ["profile?past=60", "profile?since=0", "profile?seconds=0", "heap?seconds=0"]
)
def test_a_profile_is_served_in_pprofs_format(watch: Watch, name: str) -> None:
    status, body = ask(watch, f"/debug/pprof/{name}")
    assert status == 200
    assert len(read(body).kinds) == 2


def test_formats_agree_about_the_threads(watch: Watch) -> None:
    for form in ("?debug=1", "?format=text", "?format=folded"):
        status, body = ask(watch, f"/debug/pprof/threads{form}")
        assert status == 200
        assert b"watchkeeper-agent" in body
    assert b"thread=watchkeeper-agent" in ask(watch, "/debug/pprof/threads?format=folded")[1]


@pytest.mark.parametrize(
    "query",
    ["profile?seconds=61", "profile?seconds=-1", "profile?seconds=x", "profile?seconds=nan",
     "profile?past=1e9", "heap?seconds=inf", "threads?format=xml", "profile?since=yesterday",
     "threads?" + "&".join(f"a{number}=1" for number in range(30))],
)  # fmt: skip
def test_a_query_that_makes_no_sense_is_answered_with_400(watch: Watch, query: str) -> None:
    assert ask(watch, f"/debug/pprof/{query}")[0] == 400


@pytest.mark.parametrize("path", ["/debug/pprof/nothing", "/debug/", "/debug/secrets", "/debug/operations/x"])
def test_other_paths_are_not_there(watch: Watch, path: str) -> None:
    assert ask(watch, path)[0] == 404


def test_probes_answer_while_a_profile_is_being_taken(watch: Watch) -> None:
    """A window of a second holds up nobody: the probe's answer comes while the window is open."""
    done = threading.Event()
    asker = threading.Thread(target=lambda: (ask(watch, "/debug/pprof/profile?seconds=1"), done.set()))
    asker.start()
    assert ask(watch, "/health/live")[0] == 200
    assert not done.is_set()
    asker.join()


def test_allocations_are_traced_for_one_at_a_time_and_only_while_asked(watch: Watch) -> None:
    assert not tracemalloc.is_tracing()
    answers: list[int] = []
    first = threading.Thread(target=lambda: answers.append(ask(watch, "/debug/pprof/heap?seconds=1")[0]))
    first.start()
    while not tracemalloc.is_tracing():
        pass
    assert ask(watch, "/debug/pprof/heap?seconds=1")[0] == 409
    first.join()
    assert answers == [200]
    assert not tracemalloc.is_tracing()


def test_who_goes_away_ends_the_tracing(watch: Watch) -> None:
    """A client that hangs up must not leave a bot ten times slower."""
    assert watch.port is not None
    connection = http.client.HTTPConnection("127.0.0.1", watch.port, timeout=LONG)
    connection.request("GET", "/debug/pprof/heap?seconds=60")
    while not tracemalloc.is_tracing():
        pass
    connection.close()
    gone = threading.Event()
    while tracemalloc.is_tracing():
        gone.wait(0.01)
    assert ask(watch, "/debug/pprof/heap?seconds=0")[0] == 200


def test_a_program_that_traces_by_itself_goes_on_tracing(watch: Watch) -> None:
    tracemalloc.start(2)
    try:
        assert ask(watch, "/debug/pprof/heap?seconds=0")[0] == 200
        assert tracemalloc.is_tracing()
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example:9090"}, {"Origin": "http://evil.example"}, {"Sec_Fetch_Site": "cross-site"}],
)
def test_a_page_of_somebody_else_gets_nothing(watch: Watch, headers: dict[str, str]) -> None:
    """Neither a rebound name nor a foreign page may make the bot slow."""
    assert ask(watch, "/debug/pprof/threads", **headers)[0] == 403
    assert ask(watch, "/debug/operations", **headers)[0] == 403


@pytest.mark.parametrize("host", ["127.0.0.1:9090", "localhost:9090", "[::1]:9090", "localhost"])
def test_this_machine_may_ask_under_its_names(host: str) -> None:
    assert objection(Request("GET", "/debug/pprof/", {"host": host}, True)) == ""


def test_with_a_token_the_token_decides() -> None:
    with Watch("pages", port=0, environment={"METRICS_TOKEN": "secret"}) as watch:
        assert ask(watch, "/debug/pprof/threads")[0] == 401
        assert (
            ask(watch, "/debug/pprof/threads", Authorization="Bearer secret", Host="bot.internal")[0] == 200
        )


def test_operations_are_there_as_json_and_as_text(watch: Watch) -> None:
    with watch.operation("parse"):
        pass
    status, body = ask(watch, "/debug/operations")
    assert status == 200
    (row,) = json.loads(body)["operations"]
    assert (row["name"], row["count"], row["errors"]) == ("parse", 1, 0)
    assert b"parse" in ask(watch, "/debug/operations?format=text")[1]


def test_switched_off_profiles_say_so() -> None:
    with Watch("pages", port=0, environment={"PROFILE_HZ": "0"}) as watch:
        status, body = ask(watch, "/debug/pprof/profile?past=10")
        assert (status, b"PROFILE_HZ" in body) == (400, True)
