"""Alertmanager's template data: its names, and the methods that templates call on them.

Source of the names: Alertmanager's notification template reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from watchkeeper.keeper.notify.message.times import time_record
from watchkeeper.keeper.notify.message.view import Told, View
from watchkeeper.keeper.rules.template import Record, TemplateFailure

Methods = Mapping[str, Callable[..., Any]]


class Labels(dict[str, str]):
    """Labels or annotations: .SortedPairs, .Remove NAMES, .Names, .Values."""

    @property
    def methods(self) -> Methods:
        return {
            "SortedPairs": self.pairs,
            "Remove": self.without,
            "Names": lambda: self.pairs().names(),
            "Values": lambda: self.pairs().values(),
        }

    def pairs(self) -> PairList:
        """Return name and value records, `alertname` first."""
        names = sorted(self, key=lambda name: (name != "alertname", name))
        return PairList(Record("template.Pair", {"Name": name, "Value": self[name]}) for name in names)

    def without(self, names: object) -> Labels:
        """Return the pairs whose names are not in a list."""
        if not isinstance(names, list):
            raise TemplateFailure("Remove wants a list of names")
        return Labels((name, value) for name, value in self.items() if name not in names)


class PairList(list[Record]):
    """Names and values in order: .Names, .Values."""

    @property
    def methods(self) -> Methods:
        return {"Names": self.names, "Values": self.values}

    def names(self) -> list[str]:
        return [str(pair.fields["Name"]) for pair in self]

    def values(self) -> list[str]:
        return [str(pair.fields["Value"]) for pair in self]


class Alerts(list[Record]):
    """The alerts of a notification: .Firing, .Resolved."""

    @property
    def methods(self) -> Methods:
        return {"Firing": lambda: self.of("firing"), "Resolved": lambda: self.of("resolved")}

    def of(self, status: str) -> Alerts:
        """Return the alerts of one status."""
        return Alerts(alert for alert in self if alert.fields["Status"] == status)


def data_of(view: View) -> Record:
    """Return the data of a view: Alertmanager's names, and Reason, Urgency, People, AckURL of our own."""
    return Record(
        "template.Data",
        {
            "Receiver": view.receiver,
            "Status": view.status,
            "Alerts": Alerts(map(alert_record, view.alerts)),
            "GroupLabels": Labels(view.group_labels),
            "CommonLabels": Labels(view.common_labels),
            "CommonAnnotations": Labels(view.common_annotations),
            "ExternalURL": view.external_url,
            "GroupKey": view.group_key,
            "NotificationReason": view.reason,
            "Reason": view.reason,
            "Urgency": view.urgency,
            "People": list(view.people),
            "AckURL": view.ack_url,
        },
    )


def alert_record(alert: Told) -> Record:
    """Return one alert as templates see it."""
    return Record(
        "template.Alert",
        {
            "Status": alert.status,
            "Labels": Labels(alert.labels),
            "Annotations": Labels(alert.annotations),
            "StartsAt": time_record(alert.starts_at),
            "EndsAt": time_record(alert.ends_at),
            "GeneratorURL": alert.generator_url,
            "Fingerprint": alert.fingerprint,
        },
    )


def join_texts(separator: object, texts: object) -> str:
    """Join a list by a separator, in the order of Alertmanager's `join`."""
    if not isinstance(separator, str) or not isinstance(texts, Iterable) or isinstance(texts, str):
        raise TemplateFailure("join wants a text and a list")
    return separator.join(map(str, texts))
