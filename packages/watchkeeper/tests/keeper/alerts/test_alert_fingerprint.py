"""The identity of an alert."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.alerts import Alert, fingerprint, fingerprints
from watchkeeper.keeper.alerts.fingerprints import MOST_KNOWN, columns_summed, sum_up, summed, text_of
from watchkeeper.keeper.alerts.labels import labelset

LABELS = st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=8), max_size=6)


@pytest.mark.parametrize(
    ("labels", "known"),
    [
        # Prometheus' common library, model/signature_test.go: the empty set and a known one.
        ({}, 14695981039346656037),
        ({"name": "garland, briggs", "fear": "love is not enough"}, 5799056148416392346),
    ],
)
def test_the_fingerprint_is_that_of_prometheus(labels: dict[str, str], known: int) -> None:
    """A label set has the same identity here and in Alertmanager."""
    assert int(fingerprint(labels.items()), 16) == known


@given(LABELS)
def test_order_and_empty_values_do_not_matter(labels: dict[str, str]) -> None:
    """The fingerprint depends on the set of non-empty pairs alone."""
    backwards = list(labels.items())[::-1]
    full = [pair for pair in labels.items() if pair[1]]
    assert fingerprint(backwards) == fingerprint(labels.items()) == fingerprint(full)


def test_neighbouring_texts_do_not_run_together() -> None:
    """The separator keeps {ab: c} and {a: bc} apart."""
    assert fingerprint([("ab", "c")]) != fingerprint([("a", "bc")])


def test_an_alert_fires_until_it_has_an_end() -> None:
    """Status and fingerprint follow from the alert's own fields; annotations are not identity."""
    labels = (("alertname", "A"), ("severity", "critical"))
    firing = Alert(labels, (("summary", "x"),), 5.0)
    resolved = Alert(labels, (("summary", "y"),), 5.0, 9.0)
    assert (firing.status, resolved.status) == ("firing", "resolved")
    assert firing.fingerprint == resolved.fingerprint
    assert firing.severity == "critical"


TEXTS = st.text(max_size=8) | st.text(min_size=500, max_size=530) | st.text("ä\U0001f600", max_size=5)
SETS = st.dictionaries(st.text(min_size=1, max_size=8), TEXTS, max_size=6)


@given(st.lists(SETS, max_size=20, unique_by=labelset))
def test_sums_made_together_are_those_made_alone(sets: list[dict[str, str]]) -> None:
    """For texts of any length and alphabet, few or many of them, the longest first or not."""
    texts = sorted(map(text_of, map(labelset, sets)), key=len, reverse=True)
    alone = [summed(text) for text in texts]
    assert (columns_summed(texts) if texts else []) == alone
    sum_up(map(labelset, sets))
    told = [fingerprint(labelset(one)) for one in sets]
    assert told == [f"{summed(text_of(labelset(one))):016x}" for one in sets]


def test_what_is_known_of_fingerprints_is_bounded() -> None:
    """A flood of label sets that never come again leaves no trace beyond the bound."""
    for number in range(MOST_KNOWN + 50):
        fingerprint((("n", str(number)),))
    assert len(fingerprints._known) <= MOST_KNOWN
    assert fingerprint((("n", "1"),)) == f"{summed(text_of((('n', '1'),))):016x}"
