"""What messages say: Alertmanager's template data, default texts, and the plain form when all else fails."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from watchkeeper.keeper.alerts.groups import Notification
from watchkeeper.keeper.notify.errors import TextFailed
from watchkeeper.keeper.notify.message import Texts, View, plain_text, view_of
from watchkeeper.keeper.notify.redaction import Redactor

Notify = Callable[..., Notification]
MakeAlert = Callable[..., Any]


@pytest.fixture
def view(notify: Notify, alert: MakeAlert) -> View:
    """Return a view of one alert that fires and one that is over."""
    told = notify(alert("Down", summary="a <b> & c"), alert("Up", end=1100.0, start=1000.5))
    return view_of(told, "key", Redactor(), "http://keeper:8080", lambda one: "tok")


CASES = [
    ("{{ .Status }} {{ .Receiver }} {{ .ExternalURL }}", "firing team http://keeper:8080"),
    ("{{ .Alerts | len }} {{ .Alerts.Firing | len }} {{ len .Alerts.Resolved }}", "2 1 1"),
    ("{{ range .Alerts.Firing }}{{ .Labels.bot }}={{ .Annotations.summary }}{{ end }}", "arb=a <b> & c"),
    ("{{ .GroupLabels.SortedPairs.Values | join \"+\" }}", "Down"),
    ("{{ .CommonLabels.Names | join \",\" }}", "bot,severity"),
    ("{{ with .CommonLabels.Remove (stringSlice \"bot\") }}{{ .Values | join \" \" }}{{ end }}", "critical"),
    ("{{ (.CommonLabels.Remove .GroupLabels.Names).Names | join \" \" }}", "bot severity"),
    ("{{ range .CommonLabels.SortedPairs }}{{ .Name }}:{{ .Value }};{{ end }}", "bot:arb;severity:critical;"),
    ("{{ (index .Alerts 1).StartsAt.Format \"2006-01-02T15:04:05.000Z07:00\" }}", "1970-01-01T00:16:40.500Z"),
    ("{{ (index .Alerts 0).StartsAt | tz \"Europe/Paris\" | date \"15:04 MST\" }}", "01:16 CET"),
    ("{{ since (index .Alerts 0).StartsAt }}", "3m20s"),
    ("{{ (index .Alerts 1).EndsAt.Unix }}", "1100"),
    ("{{ .GroupLabels | toJson }}", '{"alertname":"Down"}'),
    ("{{ if match \"^fir\" .Status }}y{{ end }}{{ reReplaceAll \"i.*\" \"\" .Status }}", "yf"),
    ("{{ .Status | toUpper | title }}{{ \" x \" | trimSpace }}{{ \"a%20b\" | urlUnescape }}", "Firingxa b"),
    ("{{ title \"hello wORLD it's e.g. a-b x_y 3rd\" }}", "Hello World It's E.g. A-B X_y 3Rd"),
    ("{{ (index .Alerts 1).StartsAt | date \"02.01.2006 15:04 002 Month\" }}", "01.01.1970 00:16 001 Month"),
    ("{{ (index .Alerts 1).StartsAt | date \"05.00,0 .999\" }}", "40.50,5 .5"),
    ("{{ (index .Alerts 1).EndsAt.Sub (index .Alerts 1).StartsAt }}", "1m39.5s"),
    ("{{ (index .Alerts 1).EndsAt.Sub (index .Alerts 1).StartsAt | humanizeDuration }}", "1m 39s"),
    ("{{ ((index .Alerts 1).EndsAt.Sub (index .Alerts 1).StartsAt).Seconds }}", "99.5"),
    ("{{ since (index .Alerts 0).StartsAt | humanizeDuration }}", "3m 20s"),
    ("{{ (since (index .Alerts 0).StartsAt).Minutes | printf \"%.1f\" }}", "3.3"),
    ("{{ now.Unix }} {{ now | date \"15:04\" }} {{ now.Month }} {{ now.Weekday }} {{ now.YearDay }}",
     "1200 00:20 January Thursday 1"),
    ("{{ (index .Alerts 0).StartsAt.Before now }}{{ now.After now }}{{ now.Equal now }}", "truefalsetrue"),
    ("{{ (index .Alerts 1).StartsAt.UnixMilli }} {{ now.Year }}-{{ now.Day }}", "1000500 1970-1"),
    ("{{ now | tz \"\" | date \"MST\" }} {{ now.UTC.String }}", "UTC 1970-01-01 00:20:00 +0000 UTC"),
    ("{{ eq (now.Local | date \"15:04 -0700\") (now | tz \"Local\" | date \"15:04 -0700\") }}", "true"),
    ("{{ toJson .GroupLabels.SortedPairs }}", '[{"Name":"alertname","Value":"Down"}]'),
    ("{{ toJson (dict \"b\" 1 \"a\" \"<&>\") }}", '{"a":"\\u003c\\u0026\\u003e","b":1}'),
    ("{{ toJson (index .Alerts 1).StartsAt }}", '"1970-01-01T00:16:40.5Z"'),
    ("{{ toJson .Alerts.Resolved | len | lt 100 }}", "true"),
    ("{{ .CommonLabels.nothing }}{{ .CommonAnnotations.summary }}", ""),
    ("{{ define \"mine\" }}<{{ .Receiver }}>{{ end }}{{ template \"mine\" . }}", "<team>"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_templates_see_alertmanagers_data(view: View, text: str, expected: str) -> None:
    """The names, methods and functions that existing templates use."""
    assert Texts().expand("text", text, view) == expected


def test_the_data_as_json_have_alertmanagers_names(view: View) -> None:
    """What a template hands on as JSON is what the webhook has, and no method is in it."""
    found = json.loads(Texts().expand("text", "{{ toJson . }}", view))
    assert {"receiver", "status", "alerts", "groupLabels", "commonLabels", "externalURL"} <= set(found)
    assert found["alerts"][1] == {
        "status": "resolved",
        "labels": {"alertname": "Up", "bot": "arb", "severity": "critical"},
        "annotations": {"summary": "Up is wrong"},
        "startsAt": "1970-01-01T00:16:40.5Z",
        "endsAt": "1970-01-01T00:18:20Z",
        "generatorURL": "",
        "fingerprint": view.alerts[1].fingerprint,
    }


def test_html_escapes_what_it_inserts_unless_it_is_marked(view: View) -> None:
    """The template's own markup stays, an alert's text does not become markup."""
    text = '<i>{{ (index .Alerts 0).Annotations.summary }}</i>{{ "<hr>" | safeHtml }}'
    assert Texts().expand("html", text, view, html=True) == "<i>a &lt;b&gt; &amp; c</i><hr>"


def test_a_configuration_may_replace_a_default_text(view: View) -> None:
    """A template file that defines a default's name takes its place, also within other defaults."""
    texts = Texts(['{{ define "__subject" }}our own{{ end }}'])
    assert texts.expand("title", '{{ template "slack.default.title" . }}', view) == "our own"


@pytest.mark.parametrize(
    "text",
    [
        "{{ template \"a\" . }}{{ define \"a\" }}{{ template \"a\" . }}{{ end }}",
        "{{ range $i, $a := .Alerts }}{{ range 100000 }}{{ range 100000 }}x{{ end }}{{ end }}{{ end }}",
        "{{ .Nothing }}",
        "{{ index .Alerts 99 }}",
        "{{ .CommonLabels.Remove 1 }}",
        "{{ toJson .StartsAt }}",
        "{{ nosuch }}",
        "{{ if }}",
        "{{ tz \"Mars/Base\" (index .Alerts 0).StartsAt }}",
    ],
)  # fmt: skip
def test_a_text_that_loops_or_fails_says_so(view: View, text: str) -> None:
    """Whatever is wrong with a template comes out as one error that names the field."""
    with pytest.raises(TextFailed, match=r"^title: "):
        Texts().expand("title", text, view)


def test_the_plain_form_says_everything_and_why_it_is_plain(view: View) -> None:
    """Status, alerts, times, the link, and what went wrong with the better form."""
    lines = plain_text(view, "title: it loops").splitlines()
    assert lines[0] == "[FIRING:1] Down"
    assert lines[1] == "firing Down: a <b> & c (since 1970-01-01T00:16:40Z)"
    assert lines[2] == "resolved Up: Up is wrong (at 1970-01-01T00:18:20Z)"
    assert lines[3] == "acknowledge: http://keeper:8080/ack?token=tok"
    assert "it loops" in lines[4]


def test_a_view_keeps_secrets_and_dangerous_links_back(notify: Notify, alert: MakeAlert) -> None:
    """Labels, annotations and links are clean; the fingerprint is that of the real labels."""
    real = alert("Down", reason="api_key=abc123 refused")
    told = view_of(notify(real), "key", Redactor())
    assert told.alerts[0].fingerprint == real.fingerprint
    assert "abc123" not in str(told)
    script = view_of(notify(alert("Down")), "key", Redactor()).alerts[0]
    assert script.generator_url == ""


def test_a_thousand_alerts_are_counted_and_not_listed(notify: Notify, alert: MakeAlert) -> None:
    """A default text of a storm stays readable and within its bounds."""
    storm = view_of(notify(*(alert(f"A{number}") for number in range(1000))), "key", Redactor())
    text = Texts().expand("text", '{{ template "slack.default.text" . }}', storm)
    assert "and more: 1000 in all" in text and len(text.splitlines()) < 25
    assert "and more: 1000 in all" in plain_text(storm)
