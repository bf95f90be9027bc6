"""Alerting against the real Alertmanager: the same configurations and alerts, the same notifications.

Both sides live through the same seconds. Everything that is done to them happens on whole seconds, and
groups are looked at half way between, so that a busy machine changes the order of nothing.
"""

import json
import os
import random
import socket
import subprocess
import threading
import time
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from watchkeeper.keeper.alerts import AlertsError, Dispatcher, Notification, Posted, Silence
from watchkeeper.keeper.alerts.config import parse
from watchkeeper.keeper.alerts.labels import labelset
from watchkeeper.keeper.alerts.matchers import read_matchers

pytestmark = pytest.mark.peer("prometheus-alertmanager", "amtool")

LONG = os.environ.get("LONG") == "1"
SECONDS = 11
PAIRS = 4
ROOT = Path(__file__).resolve().parents[1]
CASES = ROOT.parent / "shared/data/alertmanager/routing_receivers.json"
TRADING = ROOT / "packages/watchkeeper/tests/keeper/alerts/trading_config.yml"
# A machine that is later than this with an action has not lived through the same seconds.
LATEST = 0.3
LABELS = {
    "alertname": ["A", "B", "C"],
    "severity": ["critical", "warning", "info"],
    "env": ["prod", "stage"],
    "instance": ["one", "two"],
}
MATCHERS = [
    *(
        'severity="critical"',
        'severity=~"crit.*|warning"',
        'env!="prod"',
        'alertname=~"A|B"',
        'instance="two"',
    ),
    *('env=~".+"', 'nope=""', 'severity!~"info"', 'alertname="C"', 'job=~".*"'),
]

Labels = dict[str, str]
Told = tuple[str, tuple[tuple[Any, ...], ...], tuple[Any, ...], tuple[Any, ...]]
Tellings = dict[tuple[str, str], list[tuple[float, Told]]]


def configuration(chance: random.Random, url: str) -> dict[str, Any]:
    """Return a random configuration of which every part can matter within seconds."""
    receivers = [
        {
            "name": f"r{place}",
            "webhook_configs": [
                {"url": f"{url}/r{place}/{entry}", "send_resolved": chance.random() < 0.7}
                for entry in range(chance.choice([1, 1, 2]))
            ],
        }
        for place in range(4)
    ]
    root = {
        "receiver": "r0",
        "group_by": chance.choice([["alertname"], [], ["env", "severity"], ["..."]]),
        "group_wait": chance.choice(["500ms", "1500ms"]),
        "group_interval": chance.choice(["1s", "2s"]),
        "repeat_interval": chance.choice(["2500ms", "4500ms", "1h"]),
        "routes": routes(chance, 2),
    }
    rules = [
        {
            "source_matchers": chance.sample(MATCHERS[:5], 1),
            "target_matchers": chance.sample(MATCHERS, 1),
            "equal": chance.sample(sorted(LABELS), chance.randint(0, 2)),
        }
        for _ in range(chance.randint(0, 2))
    ]
    intervals = [
        {"name": "always", "time_intervals": [{"years": ["2000:2999"]}]},
        {"name": "never", "time_intervals": [{"years": ["1999"]}]},
    ]
    return {"route": root, "receivers": receivers, "inhibit_rules": rules, "time_intervals": intervals}


def routes(chance: random.Random, depth: int) -> list[dict[str, Any]]:
    """Return siblings; no two have the same matchers, as they would share group keys."""
    if not depth:
        return []
    found = []
    for matchers in chance.sample(MATCHERS, chance.randint(0, 3)):
        route: dict[str, Any] = {"matchers": [matchers], "continue": chance.random() < 0.5}
        if chance.random() < 0.7:
            route["receiver"] = f"r{chance.randint(0, 3)}"
        if chance.random() < 0.4:
            route["group_by"] = chance.choice([["instance"], ["..."], ["alertname", "env"]])
        if chance.random() < 0.3:
            route["group_wait"] = chance.choice(["500ms", "2500ms"])
        if chance.random() < 0.15:
            route[chance.choice(["mute_time_intervals", "active_time_intervals"])] = [
                chance.choice(["always", "never"])
            ]
        route["routes"] = routes(chance, depth - 1)
        found.append(route)
    return found


class Receiver(ThreadingHTTPServer):
    """A webhook that takes everything and keeps it with its time."""

    daemon_threads = True
    # With the usual five places a burst loses connections, which come back a second later.
    request_queue_size = 256

    def __init__(self) -> None:
        self.got: list[tuple[float, str, dict[str, Any]]] = []
        super().__init__(("127.0.0.1", 0), Taking)


class Taking(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((time.time(), self.path, json.loads(body)))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def ask(url: str, method: str = "GET", body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        text = answer.read()
    return json.loads(text) if text else None


@contextmanager
def alertmanager(config: dict[str, Any], folder: Path) -> Iterator[str]:
    """Run the real one until the block ends; give its address."""
    folder.mkdir()
    (folder / "am.yml").write_text(yaml.safe_dump(config))
    port = free_port()
    words = [
        *(
            "prometheus-alertmanager",
            f"--config.file={folder / 'am.yml'}",
            f"--storage.path={folder / 'data'}",
        ),
        *(f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=", "--log.level=error"),
    ]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_ready(f"http://127.0.0.1:{port}/-/ready")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def wait_ready(url: str) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


@dataclass
class Pair:
    """The real one and ours under one configuration, and what each has told."""

    url: str
    receiver: Receiver
    dispatcher: Dispatcher
    chance: random.Random
    seed: int
    story: str = ""
    started: dict[tuple[tuple[str, str], ...], float] = field(default_factory=dict)
    silences: list[tuple[str, str]] = field(default_factory=list)
    told: list[tuple[float, Notification]] = field(default_factory=list)
    late: float = 0.0

    def act(self, at: float) -> None:
        """Do one random thing to both, at a whole second."""
        self.late = max(self.late, time.time() - at)
        doing = self.chance.random()
        if doing < 0.75 or not self.started:
            self.post(at)
        elif doing < 0.9 or not self.silences:
            self.silence(at)
        else:
            theirs, ours = self.silences.pop()
            ask(f"{self.url}/api/v2/silence/{theirs}", "DELETE")
            self.dispatcher.expire_silence(ours, time.time())
        self.late = max(self.late, time.time() - at)

    def post(self, at: float) -> None:
        posted = []
        for _ in range(self.chance.randint(1, 4)):
            labels = {name: self.chance.choice(values) for name, values in LABELS.items()}
            key = labelset(labels)
            resolving = key in self.started and self.chance.random() < 0.5
            starts_at = self.started.setdefault(key, at)
            ends_at = at - 0.001 if resolving else self.chance.choice([None, None, at + 2.25])
            if resolving or ends_at is not None:
                self.started.pop(key)
            if resolving and starts_at > ends_at:  # type: ignore[operator]
                continue
            posted.append(Posted(labels, {"at": str(at)}, starts_at, ends_at))
        body = [
            {
                "labels": one.labels,
                "annotations": one.annotations,
                "startsAt": stamp(one.starts_at),
                **({} if one.ends_at is None else {"endsAt": stamp(one.ends_at)}),
            }
            for one in posted
            if one.starts_at is not None
        ]
        self.story += f"  {at % 1000} {posted}\n"
        if body:
            ask(f"{self.url}/api/v2/alerts", "POST", body)
            assert self.dispatcher.receive(posted, time.time()) == []

    def silence(self, at: float) -> None:
        matchers = read_matchers(self.chance.choice([one for one in MATCHERS if one != 'nope=""'][:5]))
        ends_at = at + self.chance.choice([1.25, 2.25, 30.25])
        body = {
            "matchers": [
                {"name": one.name, "value": one.value, "isRegex": "~" in one.op, "isEqual": one.op[0] == "="}
                for one in matchers
            ],
            "startsAt": stamp(at),
            "endsAt": stamp(ends_at),
            "createdBy": "test",
            "comment": "test",
        }
        self.story += f"  {at % 1000} {body}\n"
        theirs = ask(f"{self.url}/api/v2/silences", "POST", body)["silenceID"]
        ours = self.dispatcher.silence(
            Silence((matchers,), at, ends_at, "test", "test"), time.time(), f"s{len(self.silences)}-{at}"
        )
        self.silences.append((theirs, ours.id))

    def tick(self) -> None:
        now = time.time()
        found = self.dispatcher.tick(now) if self.dispatcher.due() <= now else []
        self.dispatcher.handed(found, now)
        self.told += [(now, one) for one in found]


def theirs(pair: Pair) -> Tellings:
    """Return what the real one told, by (path, group key)."""
    found: Tellings = defaultdict(list)
    for at, path, body in pair.receiver.got:
        alerts = tuple(
            (one["fingerprint"], one["status"], tuple(sorted(one["labels"].items())))
            for one in body["alerts"]
        )
        told = (body["status"], alerts, pairs(body["groupLabels"]), pairs(body["commonLabels"]))
        found[path, body["groupKey"]].append((at, told))
    return found


def ours(pair: Pair) -> Tellings:
    """Return what ours told in the same form."""
    found: Tellings = defaultdict(list)
    for at, one in pair.told:
        alerts = tuple((alert.fingerprint, alert.status, alert.labels) for alert in one.alerts)
        told = (one.status, alerts, one.group_labels, one.common_labels)
        found[f"/{one.receiver}/{one.slot.place}", one.group_key].append((at, told))
    return found


def pairs(labels: Labels) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(labels.items()))


def live(pairs_: list[Pair]) -> None:
    """Let all pairs live through the same seconds."""
    begin = float(int(time.time()) + 2)
    stop = threading.Event()

    def acting(pair: Pair) -> None:
        for second in range(SECONDS - 3):
            wait = begin + second - time.time()
            if stop.wait(max(0.0, wait)):
                return
            with lock[id(pair)]:
                pair.act(begin + second)

    lock = {id(pair): threading.Lock() for pair in pairs_}
    actors = [threading.Thread(target=acting, args=(pair,)) for pair in pairs_]
    for actor in actors:
        actor.start()
    try:
        while time.time() < begin + SECONDS - 0.2:
            for pair in pairs_:
                with lock[id(pair)]:
                    pair.tick()
            time.sleep(0.02)
    finally:
        stop.set()
        for actor in actors:
            actor.join(15)


@contextmanager
def world(seeds: list[int], folder: Path) -> Iterator[list[Pair]]:
    """Open one pair for each seed."""
    with ExitStack() as stack:
        found = []
        for seed in seeds:
            chance = random.Random(seed)
            receiver = Receiver()
            thread = threading.Thread(target=receiver.serve_forever, daemon=True)
            thread.start()
            stack.callback(receiver.server_close)
            stack.callback(receiver.shutdown)
            config = configuration(chance, f"http://127.0.0.1:{receiver.server_address[1]}")
            url = stack.enter_context(alertmanager(config, folder / str(seed)))
            dispatcher = Dispatcher(parse(yaml.safe_dump(config)), time.time())
            found.append(Pair(url, receiver, dispatcher, chance, seed))
        yield found


def compared(pair: Pair) -> int:
    """Compare what both told, in order and within a second; return how many notifications."""
    left, right = theirs(pair), ours(pair)
    for key in sorted(left.keys() | right.keys()):
        yours, mine = left.get(key, []), right.get(key, [])
        same = [told for _, told in mine] == [told for _, told in yours]
        same = same and all(abs(one[0] - other[0]) < 1.0 for one, other in zip(mine, yours, strict=True))
        assert same, f"{key} {pair.seed}\nours\n{story(mine)}theirs\n{story(yours)}done\n{pair.story}"
    return sum(map(len, left.values()))


def story(rows: list[tuple[float, Told]]) -> str:
    """Return tellings as lines, for the one who has to find out what went wrong."""
    return "".join(f"  {at % 1000:.3f} {status} {alerts}\n" for at, (status, alerts, *_) in rows)


@pytest.mark.timeout(150)
def test_the_same_alerts_become_the_same_notifications(tmp_path: Path, record_property: Any) -> None:
    """Random configurations and streams: same receivers, groups, order, content, within a second.

    What is suppressed on one side (inhibited, silenced, muted by time, told already) is on the other.
    """
    chance = random.Random(None if LONG else 4)
    total = 0
    for round_ in range(6 if LONG else 1):
        for attempt in range(3):
            seeds = [chance.randint(1, 10**6) for _ in range(PAIRS)]
            folder = tmp_path / f"{round_}-{attempt}"
            folder.mkdir()
            with world(seeds, folder) as pairs_:
                live(pairs_)
                if max(pair.late for pair in pairs_) < LATEST:
                    total += sum(map(compared, pairs_))
                    break
        else:
            pytest.skip("the machine is too busy: both sides did not live through the same seconds")
    print(f"{total} notifications were the same on both sides")
    record_property("notifications", total)
    assert total > 20


def test_routes_are_those_of_amtool(tmp_path: Path) -> None:
    """Random route trees: `amtool config routes test` names the same receivers in the same order."""
    chance = random.Random(None if LONG else 7)
    for place in range(60 if LONG else 12):
        config = configuration(chance, "http://127.0.0.1:9")
        config["route"]["routes"] = routes(chance, 3)
        path = tmp_path / f"{place}.yml"
        path.write_text(yaml.safe_dump(config))
        alerting = parse(path.read_text())
        for _ in range(4):
            labels = {name: chance.choice(values) for name, values in LABELS.items()}
            words = ["amtool", "config", "routes", "test", f"--config.file={path}"]
            words += [f"{name}={value}" for name, value in labels.items()]
            said = subprocess.run(words, capture_output=True, text=True, timeout=20, check=True).stdout
            names = [route.terms.receiver for route in alerting.routes(labels)]
            assert list(dict.fromkeys(said.strip().split(","))) == list(dict.fromkeys(names))


def test_the_reconstructed_configuration_gives_amtool_the_recorded_answers() -> None:
    """The file that stands in for an unrecorded one: amtool reads from it what the cases hold."""
    if not CASES.exists():
        pytest.skip(f"no recorded data: {CASES}")
    rows = [row for row in json.loads(CASES.read_text())["cases"] if row["config"].endswith(TRADING.name)]
    assert len(rows) == 120
    for row in rows:
        words = ["amtool", "config", "routes", "test", f"--config.file={TRADING}"]
        words += [f"{name}={value}" for name, value in row["labels"].items()]
        said = subprocess.run(words, capture_output=True, text=True, timeout=20, check=True).stdout
        assert said.strip().split(",") == row["receivers"], row["labels"]


BAD: list[dict[str, Any]] = [
    {"route": {"receiver": "r0", "group_wait": "5x"}},
    {"route": {"receiver": "r0", "group_wait": "1s2m"}},
    {"route": {"receiver": "r0", "routes": [{"matchers": ["a"], "receiver": "r0"}]}},
    {"route": {"receiver": "r0", "routes": [{"matchers": ["a=~'['"], "receiver": "r0"}]}},
    {"route": {"receiver": "r0", "routes": [{"match": {"a-b": "c"}}]}},
    {"route": {"receiver": "r0", "matchers": ['a="b"']}},
    {"route": {"receiver": "r0", "nope": 1}},
    {"route": {"receiver": "r0"}, "inhibit_rules": [{"equal": ["a-b"]}]},
    {"route": {"receiver": "r0"}, "receivers": [{"name": "r0", "webhook_configs": [{}]}]},
    {"route": {"receiver": "r0"}, "receivers": [{"name": "r0", "webhook_configs": [{"url": "ftp://x"}]}]},
    {"route": {"receiver": "r0"}, "receivers": [{"name": "r0", "email_configs": [{"to": "a@b"}]}]},
    {"route": {"receiver": "r0"}, "receivers": [{"name": "r0", "slack_configs": [{"channel": "#a"}]}]},
    {"route": {"receiver": "r0"}, "receivers": [{"name": "r0", "nope_configs": []}]},
    {"route": {"receiver": "r0"}, "global": {"smtp_smarthost": "nohost"}},
    {"route": {"receiver": "r0"}, "global": {"resolve_timeout": "-5m"}},
    {"route": {"receiver": "r0"}, "time_intervals": [{"name": "a", "time_intervals": [{"weekdays": ["x"]}]}]},
    {"route": {"receiver": "r0"}, "time_intervals": [{"name": "a"}, {"name": "a"}]},
    {"route": {"receiver": "r0"}, "nope": {}},
    {"route": []},
    {"route": {"receiver": "r0", "group_by": "alertname"}},
    {"route": {"receiver": "r0", "routes": [{"active_time_intervals": ["nope"]}]}},
]  # fmt: skip
GOOD: list[dict[str, Any]] = [
    {"route": {"receiver": "r0", "group_wait": "0s"}},
    {"route": {"receiver": "r0", "group_wait": "1d2h3m4s5ms"}},
    {"route": {"receiver": "r0", "routes": [{"matchers": ["a=b", "c!~d|e", "{f='g', h=\"i\"}"]}]}},
    {"route": {"receiver": "r0", "routes": [{"match": {"a": 5, "b": True, "c": 1.50}}]}},
    {"route": {"receiver": "r0", "group_by": []}},
    {"route": {"receiver": "r0"}, "receivers": [{"name": "r0", "webhook_configs": [{"url": "http://x"}]}]},
    {"route": {"receiver": "r0"}, "time_intervals": [{"name": "a", "time_intervals": [{"months": ["1:3"]}]}]},
    {"route": {"receiver": "r0"}, "global": {}, "templates": [], "inhibit_rules": [{}]},
]  # fmt: skip


@pytest.mark.parametrize("good", [False, True])
def test_configurations_are_taken_and_refused_as_amtool_does(tmp_path: Path, good: bool) -> None:
    """What amtool takes is taken here, what it refuses is refused."""
    for place, config in enumerate(GOOD if good else BAD):
        path = tmp_path / f"{place}.yml"
        path.write_text(yaml.safe_dump({"receivers": [{"name": "r0"}], **config}))
        words = ["amtool", "check-config", str(path)]
        theirs = subprocess.run(words, capture_output=True, timeout=20, check=False).returncode == 0
        try:
            parse(path.read_text())
            mine = True
        except AlertsError:
            mine = False
        assert (mine, theirs) == (good, good), config
