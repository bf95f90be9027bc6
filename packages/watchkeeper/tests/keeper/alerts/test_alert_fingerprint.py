"""The identity of an alert."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.alerts import Alert, fingerprint

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
