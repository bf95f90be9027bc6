"""From the judge's word to alerts on the desk: posted, renewed, ended, picked up after a restart."""

from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.alerts import Alert, Posted, fingerprint
from watchkeeper.keeper.feeding import AGAIN_SECONDS, LASTING_SECONDS, Feed
from watchkeeper.keeper.judge import Standing

SUBJECT = "component/arb/feed"
BASE = "http://keeper:8080"


def standing(reason: str = "silent", since: float = 90.0) -> dict[str, Standing]:
    return {SUBJECT: Standing(SUBJECT, "unhealthy", since, reason)}


def posts(feed: Feed, now: float, *firing: str, reason: str = "silent") -> list[Posted]:
    return feed.posts(dict.fromkeys(firing, "critical"), standing(reason), [], now)


def test_what_fires_is_posted_with_its_words() -> None:
    """Labels, annotations, the start, an end to come, and where to look."""
    (post,) = posts(Feed(BASE), 100.0, SUBJECT)
    assert post.labels == {
        "alertname": "ComponentUnhealthy",
        "bot": "arb",
        "component": "feed",
        "severity": "critical",
    }
    assert post.annotations["reason"] == "silent"
    assert (post.starts_at, post.ends_at) == (90.0, 100.0 + LASTING_SECONDS)
    name = fingerprint(tuple(sorted(post.labels.items())))
    assert post.generator_url == f"{BASE}/#/alerts/{name}"


def test_it_is_posted_again_each_minute_and_when_its_words_change() -> None:
    """In between nothing is said twice."""
    feed = Feed(BASE)
    assert len(posts(feed, 100.0, SUBJECT)) == 1
    assert posts(feed, 101.0, SUBJECT) == []
    assert posts(feed, 102.0, SUBJECT, reason="dead")[0].annotations["reason"] == "dead"
    assert posts(feed, 102.0 + AGAIN_SECONDS - 1, SUBJECT, reason="dead") == []
    assert len(posts(feed, 102.0 + AGAIN_SECONDS, SUBJECT, reason="dead")) == 1


def test_what_fires_no_longer_ends_now() -> None:
    """Once, under the labels that it was posted with."""
    feed = Feed(BASE)
    (begun,) = posts(feed, 100.0, SUBJECT)
    (ended,) = posts(feed, 130.0)
    assert (ended.labels, ended.ends_at) == (begun.labels, 130.0)
    assert posts(feed, 131.0) == []


def test_a_restart_ends_our_alerts_that_no_longer_fire() -> None:
    """Those of others, and those that fire on, are left alone."""

    def kept(name: str, url: str) -> Alert:
        labels = {"alertname": name, "bot": "arb", "component": "feed", "severity": "critical"}
        return Alert(tuple(sorted(labels.items())), (), 50.0, 400.0, url)

    ours, still, other = (
        kept("Gone", f"{BASE}/#component/arb/feed"),
        kept("ComponentUnhealthy", f"{BASE}/#component/arb/feed"),
        kept("Foreign", "http://prometheus/graph"),
    )
    found = Feed(BASE).posts({SUBJECT: "critical"}, standing(), [ours, still, other], 100.0)
    assert {one.labels["alertname"]: one.ends_at for one in found} == {
        "ComponentUnhealthy": 100.0 + LASTING_SECONDS,
        "Gone": 100.0,
    }


def test_a_targets_alert_has_the_bot_that_the_target_is_labelled_with() -> None:
    """To its end; other alerts know their bot by themselves, and a target without one has none."""
    feed, subject = Feed(BASE), "target/job/h:1"
    firing = {subject: "critical", SUBJECT: "critical", "target/job/h:2": "critical"}
    found = feed.posts(firing, {}, [], 100.0, {subject: "arb", SUBJECT: "none"})
    bots = [one.labels.get("bot") for one in found]
    assert bots == ["arb", "arb", None]
    ended = feed.posts({}, {}, [], 130.0)
    assert [one.labels for one in ended] == [one.labels for one in found]


def test_external_labels_are_added_and_never_overrule() -> None:
    """As Prometheus adds them."""
    (post,) = posts(Feed(BASE, {"site": "home", "bot": "none"}), 100.0, SUBJECT)
    assert (post.labels["site"], post.labels["bot"]) == ("home", "arb")


@given(st.lists(st.tuples(st.floats(0.1, 90), st.booleans()), max_size=40))
def test_what_was_posted_lasts_as_long_as_it_fires(steps: list[tuple[float, bool]]) -> None:
    """However rounds follow each other, the last post is of the future exactly while the subject fires."""
    feed, now, ends_at = Feed(BASE), 1000.0, 0.0
    for pause, fires in steps:
        now += pause
        for one in posts(feed, now, *([SUBJECT] if fires else [])):
            ends_at = one.ends_at or 0.0
        assert (ends_at > now) is fires
