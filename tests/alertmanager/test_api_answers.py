"""Alertmanager's API: what it takes, what it refuses and in which words, what outlives a restart."""

from __future__ import annotations

import json
import re
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.web.alertmanager.masking import shown
from watchkeeper.keeper.web.alertmanager.times import moment, stamp

SPEC = Path(__file__).resolve().parents[3] / "shared/data/alertmanager/api_v2_openapi.yaml"
BOTH = """
route:
  {receiver: people, group_wait: 200ms, routes: [{receiver: people, continue: true}, {receiver: others}]}
receivers: [{name: people}, {name: others}]
"""
FUTURE, PAST = "2999-01-01T00:00:00Z", "2001-01-01T00:00:00Z"


def silence(**changed: Any) -> dict[str, Any]:
    matchers = [{"name": "bot", "value": "arb", "isRegex": False}]
    plain = {"startsAt": PAST, "endsAt": FUTURE, "createdBy": "me", "comment": "why"}
    return {"matchers": matchers, **plain, **changed}


def matcher(value: str, **more: bool) -> list[dict[str, Any]]:
    return [{"name": "bot", "value": value, "isRegex": False, **more}]


# What the real one of version 0.25 answers: status, and words of its answer.
BAD_ALERTS: list[tuple[bytes, int, str]] = [
    (b"{", 400, "parsing alerts body"),
    (b"{}", 400, "parsing alerts body"),
    (b"[1]", 400, "parsing alerts body"),
    (b"[{}]", 422, "0.labels in body is required"),
    (b'[{"labels": {"a": "b"}}, {"annotations": {}}]', 422, "1.labels in body is required"),
    (b'[{"labels": {}}]', 400, "at least one label pair required"),
    (b'[{"labels": {"a": ""}}]', 400, "at least one label pair required"),
    (b'[{"labels": {"a": 1}}]', 400, "parsing alerts body"),
    (b'[{"labels": {"": "b"}}]', 400, "invalid label set"),
    (b'[{"labels": {"a": "b"}, "startsAt": "soon"}]', 400, "parsing alerts body"),
    (b'[{"labels": {"a": "b"}, "startsAt": "2999-13-01T00:00:00Z"}]', 400, "parsing alerts body"),
    (
        b'[{"labels": {"a": "b"}, "generatorURL": "not url"}]',
        422,
        "0.generatorURL in body must be of type uri",
    ),
    (
        b'[{"labels": {"a": "b"}, "startsAt": "2026-01-02T00:00:00Z", "endsAt": "2026-01-01T00:00:00Z"}]',
        400,
        "start time must be before end time",
    ),
    (b'[{"labels": {"a": "' + b"x" * (1 << 20) + b'"}}]', 400, "characters are more than"),
    (b'[{"labels": {"a": "\xff"}}]', 400, "parsing alerts body"),
    (b"", 422, "alerts in body is required"),
    (b"[" * 100_000, 400, "parsing alerts body"),
]
BAD_SILENCES: list[tuple[Any, int, str]] = [
    ({}, 422, "comment in body is required"),
    (silence(matchers=[]), 422, "matchers in body should have at least 1 items"),
    (silence(matchers=matcher(".*", isRegex=True)), 400, "must not match the empty string"),
    (silence(matchers=matcher("")), 400, "must not match the empty string"),
    (silence(matchers=matcher("(", isRegex=True)), 400, 'invalid regular expression "("'),
    (silence(matchers=[{"name": "bot", "value": "x"}]), 422, "isRegex in body is required"),
    (silence(endsAt="2000-01-01T00:00:00Z"), 400, "start time must be before end time"),
    (silence(startsAt="2000-01-01T00:00:00Z", endsAt=PAST), 400, "end time can't be in the past"),
    (silence(endsAt="later"), 400, "parsing silence body"),
    (silence(id="00000000-0000-0000-0000-000000000000"), 404, "silence not found"),
]


@pytest.mark.parametrize(("body", "status", "said"), BAD_ALERTS, ids=lambda value: str(value)[:40])
def test_an_alert_that_makes_no_sense_is_refused(stand: Any, body: bytes, status: int, said: str) -> None:
    """Status and words are the real one's, and nothing of it is kept."""
    desk = stand()
    got, answer = desk.ask("/api/v2/alerts", "POST", body)
    assert got == status
    assert said in str(answer)
    if status != 400 or "label" not in said:
        assert desk.ask("/api/v2/alerts")[1] == []


@pytest.mark.parametrize(("body", "status", "said"), BAD_SILENCES, ids=lambda value: str(value)[:40])
def test_a_silence_that_makes_no_sense_is_refused(stand: Any, body: Any, status: int, said: str) -> None:
    """Above all one that would match everything, and one that ends before it begins."""
    desk = stand()
    got, answer = desk.ask("/api/v2/silences", "POST", body)
    assert got == status
    assert said in str(answer)
    assert desk.ask("/api/v2/silences")[1] == []


def test_the_good_alerts_of_a_post_are_kept_beside_the_bad(stand: Any) -> None:
    """The answer names the bad ones; a client that sends them again loses nothing."""
    desk = stand()
    status, said = desk.ask("/api/v2/alerts", "POST", [{"labels": {}}, {"labels": {"alertname": "Good"}}])
    assert (status, said) == (400, "at least one label pair required")
    assert [one["labels"] for one in desk.ask("/api/v2/alerts")[1]] == [{"alertname": "Good"}]


def test_a_post_of_more_alerts_than_are_kept_is_refused_whole(stand: Any) -> None:
    """100,000 alerts at once get a 413, and the next client an answer."""
    desk = stand(most=1000)
    many = [{"labels": {"alertname": "A", "n": str(n)}} for n in range(100_000)]
    status, said = desk.ask("/api/v2/alerts", "POST", many)
    assert (status, said["message"]) == (413, "at most 1000 alerts are kept, and 0 are")
    assert desk.ask("/api/v2/alerts", "POST", many[:1000])[0] == 200
    assert desk.ask("/api/v2/alerts", "POST", many[:1000])[0] == 200  # known ones may always come again
    assert desk.ask("/api/v2/alerts", "POST", many[1000:1001])[0] == 413


def test_a_post_of_many_alerts_keeps_nobody_waiting(stand: Any) -> None:
    """While tens of thousands are taken in at once, others are answered; then all of them are there."""
    desk = stand(most=100_000)
    many = json.dumps([{"labels": {"alertname": "A", "n": str(n)}} for n in range(20_000)]).encode()
    answers: list[int] = []
    post = threading.Thread(target=lambda: answers.append(desk.ask("/api/v2/alerts", "POST", many)[0]))
    post.start()
    meanwhile = 0
    while post.is_alive():
        meanwhile += desk.ask("/api/v2/receivers")[0] == 200
    post.join()
    assert answers == [200]
    assert meanwhile > 2
    assert len(desk.ask("/api/v2/alerts?filter=n=~%22.*%22")[1]) == 20_000


def test_a_body_beyond_the_limit_is_refused(stand: Any) -> None:
    """33 MB of blanks are not read to the end."""
    assert stand().ask("/api/v2/alerts", "POST", b" " * (33 << 20))[0] == 413


def test_only_json_of_no_foreign_page_is_taken(stand: Any) -> None:
    """A web page that the user visits cannot silence alerts."""
    desk = stand()
    assert desk.ask("/api/v2/alerts", "POST", b"[]", Content_Type="text/plain")[0] == 415
    assert desk.ask("/api/v2/alerts", "POST", [], Origin="http://evil.example")[0] == 403
    assert desk.ask("/api/v2/silence/" + "0" * 32, "DELETE", None, Origin="http://evil.example")[0] == 403
    assert desk.ask("/api/v2/alerts", "POST", [], Origin=desk.url)[0] == 200


def test_paths_and_methods_that_do_not_exist_are_named(stand: Any) -> None:
    """As the real one names them."""
    desk = stand()
    assert desk.ask("/api/v2/nope") == (404, {"code": 404, "message": "path /api/v2/nope was not found"})
    status, said = desk.ask("/api/v2/alerts", "PUT")
    assert (status, said["message"]) == (405, "method PUT is not allowed, but [GET,POST] are")
    assert desk.ask("/api/v2/silence/xyz")[0] == 422
    assert desk.ask("/api/v2/silence/00000000-0000-0000-0000-000000000000")[0] == 404
    assert desk.ask("/api/v2/silence/00000000-0000-0000-0000-000000000000", "DELETE")[0] == 404


def test_alerts_are_filtered_by_matchers_receiver_and_what_mutes_them(stand: Any) -> None:
    """Each parameter alone, and what cannot be read."""
    desk = stand()
    for name in ("A", "B"):
        desk.ask("/api/v2/alerts", "POST", [{"labels": {"alertname": name, "bot": name.lower()}}])
    desk.ask("/api/v2/silences", "POST", silence(matchers=matcher("a")))

    def names(query: str) -> list[str]:
        return sorted(one["labels"]["alertname"] for one in desk.ask(f"/api/v2/alerts?{query}")[1])

    assert names("") == ["A", "B"]
    assert names("active=false") == ["A"]
    assert names("silenced=false") == ["B"]
    assert names("filter=bot%3D~%22a%7Cc%22") == ["A"]
    assert names("filter=bot%3D%22a%22&filter=bot%3D%22b%22") == []
    assert names("receiver=peo.*") == ["A", "B"]
    assert names("receiver=peo") == []
    assert desk.ask("/api/v2/alerts?filter=bot")[0] == 400
    assert desk.ask("/api/v2/alerts?receiver=(")[0] == 400
    assert [group["labels"] for group in desk.ask("/api/v2/alerts/groups?muted=false")[1]] == [
        {"alertname": "B"}
    ]


def test_an_empty_parameter_is_as_good_as_none(stand: Any) -> None:
    """Web forms send them; `active=` is no no."""
    desk = stand()
    desk.ask("/api/v2/alerts", "POST", [{"labels": {"alertname": "A"}}])
    for path in ("/api/v2/alerts", "/api/v2/alerts/groups"):
        assert len(desk.ask(f"{path}?active=&silenced=&inhibited=&unprocessed=&muted=&receiver=")[1]) == 1
        assert desk.ask(f"{path}?active=no")[1] == []


def test_groups_name_the_receivers_that_are_asked_for(stand: Any) -> None:
    """An alert of two routes shows the one that the query is about; without a query both."""
    desk = stand(BOTH)
    desk.ask("/api/v2/alerts", "POST", [{"labels": {"alertname": "A"}}])

    def receivers(query: str) -> list[list[str]]:
        groups = desk.ask(f"/api/v2/alerts/groups{query}")[1]
        return [[one["name"] for one in alert["receivers"]] for group in groups for alert in group["alerts"]]

    assert receivers("?receiver=others") == [["others"]]
    assert receivers("") == [["people", "others"]] * 2


def test_silences_outlive_a_restart_and_expire_for_good(stand_in: Any, tmp_path: Path) -> None:
    """No silence comes back as a ghost, and none is lost."""
    with stand_in(tmp_path) as desk:
        ids = [
            desk.ask("/api/v2/silences", "POST", silence(matchers=matcher(name)))[1]["silenceID"]
            for name in "ab"
        ]
        assert desk.ask(f"/api/v2/silence/{ids[0]}", "DELETE")[0] == 200
        before = desk.ask("/api/v2/silences")[1]
    with stand_in(tmp_path) as desk:
        after = desk.ask("/api/v2/silences")[1]
        assert after == before
        assert {one["id"]: one["status"]["state"] for one in after} == {ids[0]: "expired", ids[1]: "active"}


def test_alerts_outlive_a_restart(stand_in: Any, tmp_path: Path) -> None:
    """What was answered with 200 is there again: labels, annotations, start, acknowledgement."""
    alert = {
        "labels": {"alertname": "A"},
        "annotations": {"summary": "x"},
        "startsAt": "2026-01-01T00:00:00Z",
    }
    with stand_in(tmp_path) as desk:
        desk.ask("/api/v2/alerts", "POST", [alert])
        (known,) = desk.ask("/api/v2/alerts")[1]
        word = {"who": "eva", "fingerprints": [known["fingerprint"]], "note": "mine"}
        assert desk.ask("/api/v2/alerting/acknowledge", "POST", word)[0] == 200
    with stand_in(tmp_path) as desk:
        (again,) = desk.ask("/api/v2/alerting/alerts")[1]["alerts"]
        assert (again["labels"], again["startsAt"]) == (known["labels"], "2026-01-01T00:00:00.000Z")
        assert (again["lifecycle"], again["acknowledgement"]["who"]) == ("acknowledged", "eva")
        kinds = [
            one["kind"]
            for one in desk.ask(f"/api/v2/alerting/alerts/{known['fingerprint']}/timeline")[1]["events"]
        ]
        assert "acknowledged" in kinds


def test_an_acknowledgement_names_who_and_which(stand: Any) -> None:
    """By fingerprint or by matchers; for unknown alerts 404, for a time that has passed 400."""
    desk = stand()
    desk.ask("/api/v2/alerts", "POST", [{"labels": {"alertname": "A", "n": str(n)}} for n in range(3)])
    path = "/api/v2/alerting/acknowledge"
    assert desk.ask(path, "POST", {"fingerprints": ["x"]}) == (400, "who: say who you are")
    assert desk.ask(path, "POST", {"who": "eva"})[0] == 400
    assert desk.ask(path, "POST", {"who": "eva", "fingerprints": ["0" * 16]})[0] == 404
    assert desk.ask(path, "POST", {"who": "eva", "matchers": ['n="7"']})[0] == 404
    assert desk.ask(path, "POST", {"who": "eva", "matchers": ['n="1"'], "until": PAST})[0] == 400
    status, said = desk.ask(path, "POST", {"who": "eva", "matchers": ['n=~"0|1"'], "seconds": 60})
    assert (status, len(said["acknowledged"])) == (200, 2)
    taken = [one["acknowledgement"] for one in desk.ask("/api/v2/alerting/alerts")[1]["alerts"]]
    assert sorted(one["who"] for one in taken if one) == ["eva", "eva"]
    desk.ask("/api/v2/alerting/unacknowledge", "POST", {"who": "eva", "matchers": ['n="0"']})
    taken = [one["acknowledgement"] for one in desk.ask("/api/v2/alerting/alerts")[1]["alerts"]]
    assert len([one for one in taken if one]) == 1
    desk.ask("/api/v2/alerting/resolve", "POST", {"who": "eva", "matchers": ['alertname="A"']})
    assert desk.ask("/api/v2/alerts")[1] == []


def test_a_preview_says_who_would_be_told(stand: Any) -> None:
    """Nothing is kept or told by asking."""
    desk = stand(
        "route: {receiver: a, routes: [{receiver: b, matchers: [bot=x]}]}\nreceivers: [{name: a}, {name: b}]"
    )
    said = desk.ask("/api/v2/alerting/preview?label=bot=x&label=alertname=A")[1]
    assert [one["receiver"] for one in said["routes"]] == ["b"]
    assert desk.ask("/api/v2/alerts")[1] == []


@pytest.mark.skipif(not SPEC.is_file(), reason="the recorded specification of Alertmanager is absent")
def test_every_answer_has_what_the_specification_asks_for(stand: Any) -> None:
    """Required keys are there, kinds are right, no key is unknown to the specification."""
    desk = stand("route: {receiver: a, group_by: [bot]}\nreceivers: [{name: a, labels: {team: x}}]")
    desk.ask(
        "/api/v2/alerts", "POST", [{"labels": {"alertname": "A", "bot": "arb"}, "generatorURL": "http://x/y"}]
    )
    made = desk.ask("/api/v2/silences", "POST", silence())[1]["silenceID"]
    definitions = yaml.safe_load(SPEC.read_text())["definitions"]
    for path, name in [
        ("status", "alertmanagerStatus"),
        ("receivers", "[receiver]"),
        ("alerts", "gettableAlerts"),
        ("alerts/groups", "alertGroups"),
        ("silences", "gettableSilences"),
        (f"silence/{made}", "gettableSilence"),
    ]:
        status, said = desk.ask(f"/api/v2/{path}")
        assert status == 200
        shape: dict[str, Any] = (
            {"type": "array", "items": {"$ref": f"#/definitions/{name[1:-1]}"}}
            if name[0] == "["
            else definitions[name]
        )
        assert said
        assert list(faults(said, shape, definitions, path)) == []


def faults(value: Any, shape: dict[str, Any], definitions: dict[str, Any], place: str) -> Any:
    """Yield where a value differs from its shape in the specification."""
    if "$ref" in shape:
        shape = definitions[shape["$ref"].rpartition("/")[2]]
    if "allOf" in shape:
        parts = [
            definitions[one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in shape["allOf"]
        ]
        while any("allOf" in one for one in parts):
            parts = [inner for one in parts for inner in one.get("allOf", [one])]
            parts = [definitions[one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in parts]
        shape = {
            "type": "object",
            "properties": {k: v for one in parts for k, v in one.get("properties", {}).items()},
            "required": [name for one in parts for name in one.get("required", [])],
        }
    kind = {"object": dict, "array": list, "string": str, "boolean": bool}[shape["type"]]
    if not isinstance(value, kind):
        yield f"{place}: {value!r} is no {shape['type']}"
        return
    if shape.get("format") == "date-time" and not re.fullmatch(r"[\d-]{10}T[\d:]{8}\.\d{3}Z", value):
        yield f"{place}: {value!r} is no time"
    if "enum" in shape and value not in shape["enum"]:
        yield f"{place}: {value!r} is not among {shape['enum']}"
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from faults(item, shape["items"], definitions, f"{place}[{number}]")
    if isinstance(value, dict):
        known = shape.get("properties", {})
        rest = shape.get("additionalProperties")
        yield from (f"{place}: lacks {name}" for name in shape.get("required", []) if name not in value)
        for name, inner in value.items():
            if name not in known and not rest:
                yield f"{place}: {name} is unknown"
            else:
                yield from faults(inner, known.get(name, rest), definitions, f"{place}.{name}")


SECRETS = """
global:
  {slack_api_url: 'https://hooks.example/T0/B0/hunter2', smtp_auth_password: hunter2, resolve_timeout: 5m}
route: {receiver: a}
receivers:
- name: a
  webhook_configs:
  - {url: 'http://user:hunter2@host:81/hook/hunter2?k=hunter2', send_resolved: true, max_alerts: 0}
  pagerduty_configs: [{routing_key: hunter2, service_key_file: /run/key}]
  telegram_configs: [{bot_token: hunter2, chat_id: 7}]
watchkeeper: {acknowledge_for: 1h}
"""


def test_a_shown_configuration_holds_no_secret() -> None:
    """And stays what it was: truths, numbers and lengths, without our own keys."""
    text = shown(SECRETS)
    assert "hunter2" not in text
    told = yaml.safe_load(text)
    assert "watchkeeper" not in told
    assert told["receivers"][0]["webhook_configs"] == [
        {"url": "http://host:81/<secret>", "send_resolved": True, "max_alerts": 0}
    ]
    assert told["receivers"][0]["pagerduty_configs"][0]["service_key_file"] == "/run/key"
    assert told["global"]["resolve_timeout"] == "5m"


@given(st.integers(0, 4_000_000_000_000))
def test_times_read_back(milliseconds: int) -> None:
    """What is written is read as the same time."""
    assert moment(stamp(milliseconds / 1000)) == pytest.approx(milliseconds / 1000, abs=1e-6)


def test_times_are_read_as_the_real_one_reads_them() -> None:
    """With nanoseconds, another zone or none; Go's zero time is none."""
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp()
    assert moment("2026-01-01T12:00:00Z") == noon
    assert moment("2026-01-01T14:00:00.123456789+02:00") == pytest.approx(noon + 0.123456789, abs=1e-6)
    assert moment("2026-01-01T12:00:00") == noon
    assert moment("0001-01-01T00:00:00Z") is None
    assert moment("") is None
    with pytest.raises(ValueError, match="expected RFC 3339"):
        moment("2026-01-01")
