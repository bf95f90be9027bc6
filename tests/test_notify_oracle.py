"""What we send beside what the real Alertmanager sends: its templates by amtool, its webhook's payload."""

from __future__ import annotations

import html
import json
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from watchkeeper.keeper.alerts.alert import Alert
from watchkeeper.keeper.alerts.groups import Notification, Slot, told_order
from watchkeeper.keeper.notify.channels.webhook import payload
from watchkeeper.keeper.notify.message import Texts, Told, View, view_of
from watchkeeper.keeper.notify.redaction import Redactor

FindPeer = Callable[[str], str]
START = datetime.fromisoformat("2026-01-02T03:04:05.500+00:00").timestamp()
NOTES = (("summary", "a <b> & 'c' \"d\""),)
ALERTS = (
    Told("0a", (("alertname", "Down"), ("bot", "arb"), ("n", "7")), NOTES, START, None, "http://x/g?a=1&b=2"),
    Told("0b", (("alertname", "Down"), ("bot", "copy")), (), START, START + 90, "http://x/h"),
)
GROUP = (("alertname", "Down"),)
VIEW = View("key", START + 100, "team", "{}:{}", GROUP, ALERTS, "first", external_url="http://am")
# What Alertmanager 0.25 knows; later functions (list, dict, toJson ...) have no peer here.
TEXTS = [
    "{{ .Receiver }} {{ .Status }} {{ .ExternalURL }} {{ .Status | toUpper }} {{ .Status | title }}",
    "{{ len .Alerts }} {{ .Alerts.Firing | len }} {{ len .Alerts.Resolved }}",
    "{{ range .Alerts }}{{ .Status }} {{ .Fingerprint }} {{ .GeneratorURL }};{{ end }}",
    "{{ range .Alerts }}{{ .Labels }} {{ .Annotations }};{{ end }}",
    "{{ range .Alerts.Firing }}{{ .StartsAt }} {{ .EndsAt }}{{ end }}{{ (index .Alerts 1).EndsAt.Unix }}",
    '{{ range .Alerts }}{{ .StartsAt.Format "2006-01-02T15:04:05.000Z07:00" }}{{ end }}',
    '{{ range .Alerts }}{{ .EndsAt.Format "Mon Jan _2 3:04PM" }}{{ end }}',
    '{{ (index .Alerts 0).StartsAt.Format "02 Jan 06 15:04 MST, Monday, January 2, .999999" }}',
    "{{ .GroupLabels.SortedPairs }} {{ .CommonLabels.SortedPairs.Names }} {{ .CommonLabels.Values }}",
    '{{ .CommonLabels.Remove (stringSlice "bot" "alertname") }}',
    "{{ .CommonLabels.Remove .GroupLabels.Names }}",
    "{{ with (index .Alerts 0).Labels.Remove .GroupLabels.Names }}{{ .SortedPairs.Values }}{{ end }}",
    '{{ with (index .Alerts 0).Labels }}{{ .Values | join ", " }}{{ end }}',
    "{{ range .CommonLabels.SortedPairs }}{{ .Name }}={{ .Value }} {{ end }}{{ .CommonAnnotations }}",
    '{{ if eq .Status "firing" }}a{{ else }}b{{ end }}',
    "{{ if gt (len .CommonLabels) (len .GroupLabels) }}c{{ end }}",
    '{{ reReplaceAll "(.)i" "$1_" .Status }} {{ match "^f" .Status }}',
    "{{ .GroupLabels.alertname }}{{ .GroupLabels.none }}",
    '{{ define "one" }}<{{ . }}>{{ end }}{{ range .Alerts }}{{ template "one" .Labels.bot }}{{ end }}',
    "{{ range $i, $a := .Alerts }}{{ if $i }}, {{ end }}{{ $a.Labels.bot }}{{ $.Receiver }}{{ end }}",
    "{{ range $name, $value := .GroupLabels }}{{ $name }}:{{ $value }}{{ end }}",
    '{{ printf "%q %-6s|%d %v" .Status "ab" (len .Alerts) .GroupLabels }}',
    '{{ index .GroupLabels "alertname" }} {{ .Alerts }}',
    "{{- /* nothing */ -}}  {{ .Status -}}  \n  !",
]
MARK = "|%%%%|"


def data(view: View) -> dict[str, Any]:
    """Return a view as amtool reads its data."""
    told = payload(view)
    return {**told, "externalURL": view.external_url}


def rendered(amtool: str, folder: Path, text: str, kind: str) -> str:
    """Return what the real templates make of a text."""
    (folder / "data.json").write_text(json.dumps(data(VIEW)))
    (folder / "none.tmpl").write_text("")
    words = [f"--template.glob={folder / 'none.tmpl'}", f"--template.data={folder / 'data.json'}"]
    words += [f"--template.text={text}", f"--template.type={kind}"]
    done = subprocess.run(
        [amtool, "template", "render", *words], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("kind", ["text", "html"])
def test_texts_come_out_as_alertmanagers(peer: FindPeer, tmp_path: Path, kind: str) -> None:
    """The same data and texts, expanded by amtool and by us; HTML escapes may be written differently."""
    text = MARK.join(TEXTS)
    theirs = rendered(peer("amtool"), tmp_path, text, kind)
    ours = Texts().expand("text", text, VIEW, html=kind == "html")
    if kind == "html":
        assert "<b>" not in ours and "<b>" not in theirs
        theirs, ours = html.unescape(theirs), html.unescape(ours)
    pairs = list(zip(theirs.split(MARK), ours.split(MARK), strict=True))
    assert [mine for _, mine in pairs] == [other for other, _ in pairs]
    print(f"{len(pairs)} texts come out as amtool's ({kind})")


class Sink(ThreadingHTTPServer):
    """A webhook that keeps what it gets."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Hook)
        self.bodies: list[dict[str, Any]] = []
        self.more = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Hook(BaseHTTPRequestHandler):
    """Takes a payload."""

    server: Sink

    def do_POST(self) -> None:
        self.server.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()
        self.server.more.set()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def alertmanager(program: str, folder: Path, url: str) -> Iterator[str]:
    """Run the real one and return its address."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    hook = {"url": url, "max_alerts": 2}
    route = {"receiver": "team", "group_by": ["alertname"], "group_wait": "300ms"}
    config = {"route": route, "receivers": [{"name": "team", "webhook_configs": [hook]}]}
    (folder / "am.yml").write_text(json.dumps(config))
    words = [
        f"--config.file={folder / 'am.yml'}",
        f"--storage.path={folder / 'am'}",
        "--cluster.listen-address=",
    ]
    words += [f"--web.listen-address=127.0.0.1:{port}", "--web.external-url=http://am"]
    with (folder / "am.log").open("wb") as log:
        process = subprocess.Popen([program, *words], stdout=log, stderr=log)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def post(address: str, alerts: list[dict[str, Any]]) -> None:
    """Post alerts as soon as the server answers."""
    request = urllib.request.Request(
        f"{address}/api/v2/alerts", json.dumps(alerts).encode(), {"Content-Type": "application/json"}
    )
    for _ in range(100):
        try:
            urllib.request.urlopen(request, timeout=5).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("Alertmanager does not answer")


def test_the_webhooks_payload_is_alertmanagers(peer: FindPeer, tmp_path: Path) -> None:
    """The same three alerts, at most two of them told: equal JSON, field for field."""
    sink = Sink()
    url = f"http://127.0.0.1:{sink.server_address[1]}/"
    posted = [
        {
            "labels": {"alertname": "Down", "instance": name, "kind": "<&> ü"},
            "annotations": {"summary": f'{name} is "down"'},
            "startsAt": "2026-01-02T03:04:05.250Z",
            "generatorURL": f"http://x/{name}",
        }
        for name in ("a", "b", "c")
    ]
    with alertmanager(peer("prometheus-alertmanager"), tmp_path, url) as address:
        post(address, posted)
        assert sink.more.wait(20)
    sink.shutdown()
    sink.server_close()
    told = sink.bodies[0]
    assert payload(view_like(told, posted), 2) == told


def view_like(told: dict[str, Any], posted: list[dict[str, Any]]) -> View:
    """Return our view of the posted alerts."""
    alerts = told_order(map(alert_of, posted))
    firing = frozenset(one.fingerprint for one in alerts)
    slot = Slot('{}:{alertname="Down"}', "team", "webhook", 0)
    one = Notification(START, slot, GROUP, tuple(alerts), firing, frozenset(), "first")
    return view_of(one, "key", Redactor(), told["externalURL"])


def alert_of(one: dict[str, Any]) -> Alert:
    """Return a posted alert."""
    labels, notes = tuple(sorted(one["labels"].items())), tuple(one["annotations"].items())
    starts_at = datetime.fromisoformat(one["startsAt"]).timestamp()
    return Alert(labels, notes, starts_at, generator_url=one["generatorURL"])
