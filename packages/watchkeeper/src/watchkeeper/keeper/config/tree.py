"""The shape of `keeper.yaml`. Every setting is described in docs/reference/keeper-config.md."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args

import msgspec

from watchkeeper.keeper.config.values import Duration, Size

Severity = Literal["critical", "warning", "info"]


class Node(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mapping in the file."""


class Listen(Node, frozen=True, kw_only=True):
    """Where the page and the API are served."""

    address: str = "127.0.0.1"
    port: int = 8080
    token_file: str = ""
    hosts: list[str] = []
    probe_port: int = 0


class Access(Node, frozen=True, kw_only=True):
    """Who may do what."""

    anonymous: Literal["auto", "none", "viewer", "operator", "admin"] = "auto"
    programs: Literal["auto", "open", "token"] = "auto"
    session: Duration = Duration(43_200)
    secure_cookie: bool = False
    audit: Duration = Duration(365 * 86_400)


class GlobalScrape(Node, frozen=True, kw_only=True):
    """Defaults of every scrape, as in Prometheus' `global`."""

    scrape_interval: Duration = Duration(15)
    scrape_timeout: Duration = Duration(10)
    evaluation_interval: Duration = Duration(15)
    external_labels: dict[str, str] = {}


class StaticConfig(Node, frozen=True, kw_only=True):
    """Targets written in the file, with the labels that their series get."""

    targets: list[str]
    labels: dict[str, str] = {}


class FileTargets(Node, frozen=True, kw_only=True):
    """Targets read from files that may change, as in Prometheus' `file_sd_configs`."""

    files: list[str]
    refresh_interval: Duration = Duration(5)


class Authorization(Node, frozen=True, kw_only=True):
    """A bearer token, read from a file for every scrape."""

    type: Literal["Bearer"] = "Bearer"
    credentials_file: str = ""


class Tls(Node, frozen=True, kw_only=True):
    """How a target's certificate is checked."""

    ca_file: str = ""
    insecure_skip_verify: bool = False


class ScrapeConfig(Node, frozen=True, kw_only=True):
    """One job, in the shape of Prometheus' `scrape_configs`; an interval of 0 means the global one."""

    job_name: str
    scrape_interval: Duration = Duration(0)
    scrape_timeout: Duration = Duration(0)
    metrics_path: str = "/metrics"
    scheme: Literal["http", "https"] = "http"
    params: dict[str, list[str]] = {}
    honor_labels: bool = False
    honor_timestamps: bool = True
    enable_compression: bool = True
    sample_limit: int = 10_000
    label_limit: int = 64
    label_name_length_limit: int = 256
    label_value_length_limit: int = 4096
    body_size_limit: Size = Size(4 << 20)
    static_configs: list[StaticConfig] = []
    file_sd_configs: list[FileTargets] = []
    relabel_configs: list[dict[str, Any]] = []
    metric_relabel_configs: list[dict[str, Any]] = []
    authorization: Authorization = Authorization()
    tls_config: Tls = Tls()


class TargetJudge(Node, frozen=True, kw_only=True):
    """When a target counts as down."""

    hold: Duration = msgspec.field(default=Duration(2), name="for")
    severity: Severity = "critical"


class ComponentJudge(Node, frozen=True, kw_only=True):
    """How components of bots are judged; their severity follows the agent's `critical`."""

    hold: Duration = msgspec.field(default=Duration(0), name="for")


class SilenceJudge(Node, frozen=True, kw_only=True):
    """Something that must move: a timestamp gauge, or a counter."""

    name: str
    metric: str
    limit: Duration
    kind: Literal["auto", "timestamp", "counter"] = "auto"
    what: str = "movement"
    severity: Severity = "critical"


class JudgeConfig(Node, frozen=True, kw_only=True):
    """What is judged, how often, and by which limits."""

    every: Duration = Duration(1)
    health_path: str = "/health"
    target_down: TargetJudge = TargetJudge()
    component: ComponentJudge = ComponentJudge()
    silence: list[SilenceJudge] = []


class LogChannel(Node, frozen=True, kw_only=True):
    """Alerts as lines of the keeper's log."""

    enabled: bool = True


class JsonlChannel(Node, frozen=True, kw_only=True):
    """Alerts as JSON lines in a file, relative to the data folder."""

    enabled: bool = True
    path: str = "alerts.jsonl"
    max_bytes: Size = Size(16 << 20)
    keep: int = 4


class Notify(Node, frozen=True, kw_only=True):
    """Who is told."""

    log: LogChannel = LogChannel()
    jsonl: JsonlChannel = JsonlChannel()


class Retention(Node, frozen=True, kw_only=True):
    """How much history is kept."""

    time: Duration = Duration(30 * 86_400)
    size: Size = Size(1 << 30)


class StoreConfig(Node, frozen=True, kw_only=True):
    """How samples are written; a crash loses at most the last flush interval."""

    flush: Duration = Duration(5)
    cache: Size = Size(16 << 20)


class RulesConfig(Node, frozen=True, kw_only=True):
    """Rules beside those of `rule_files`."""

    pack: bool = True


class SloConfig(Node, frozen=True, kw_only=True):
    """Objectives: the packaged ones, and files in Sloth's, OpenSLO's or our own form."""

    pack: bool = True
    files: list[str] = []
    windows_file: str = ""


class QueryConfig(Node, frozen=True, kw_only=True):
    """Bounds of one query."""

    timeout: Duration = Duration(60)
    max_samples: int = 20_000_000
    max_concurrency: int = 20
    lookback_delta: Duration = Duration(300)


class Receiver(Node, frozen=True, kw_only=True):
    """What is accepted by remote write."""

    enabled: bool = True
    body_size_limit: Size = Size(16 << 20)
    label_limit: int = 64
    label_name_length_limit: int = 256
    label_value_length_limit: int = 4096


class QueueConfig(Node, frozen=True, kw_only=True):
    """How samples are sent on, in the words of Prometheus' `queue_config`."""

    max_shards: int = 2
    max_samples_per_send: int = 2000
    batch_send_deadline: Duration = Duration(5)
    min_backoff: Duration = Duration(0.03)
    max_backoff: Duration = Duration(5)


class RemoteWrite(Node, frozen=True, kw_only=True):
    """A place that samples are sent on to, in the shape of Prometheus' `remote_write`."""

    url: str
    name: str = ""
    remote_timeout: Duration = Duration(30)
    headers: dict[str, str] = {}
    bearer_token_file: str = ""
    send_history: Duration = Duration(0)
    write_relabel_configs: list[dict[str, Any]] = []
    tls_config: Tls = Tls()
    queue_config: QueueConfig = QueueConfig()


class Alertmanager(Node, frozen=True, kw_only=True):
    """A real Alertmanager that gets our alerts."""

    url: str
    timeout: Duration = Duration(10)
    bearer_token_file: str = ""


class AlertingConfig(Node, frozen=True, kw_only=True):
    """Who is told of which alerts, in an `alertmanager.yml`, and who else hears of them."""

    config_file: str = ""
    external_url: str = ""
    alertmanagers: list[Alertmanager] = []
    max_alerts: int = 50_000
    silence_reminder: Duration = Duration(7 * 86_400)


class GuardConfig(Node, frozen=True, kw_only=True):
    """The stress breaker; percentages of the whole machine, 0 never trips."""

    enabled: bool = True
    cpu_trip: float = 90.0
    memory_trip: float = 85.0
    stalled_trip: float = 50.0
    cpu_recover: float = 72.0
    memory_recover: float = 68.0
    stalled_recover: float = 20.0
    hold: Duration = Duration(10)
    retry: Duration = Duration(60)
    attempts: int = 3


class PingOut(Node, frozen=True, kw_only=True):
    """An address elsewhere that hears of this keeper as long as it keeps watch."""

    url: str = ""
    url_file: str = ""
    every: Duration = Duration(60)
    timeout: Duration = Duration(10)


class PingIn(Node, frozen=True, kw_only=True):
    """A ping that must come to `/api/ping/NAME`."""

    name: str
    every: Duration
    grace: Duration = Duration(0)
    severity: Severity = "critical"


class Deadman(Node, frozen=True, kw_only=True):
    """Dead-man's switches, outwards and inwards."""

    ping: list[PingOut] = []
    expect: list[PingIn] = []


class ProfilesConfig(Node, frozen=True, kw_only=True):
    """Continuous profiles of the bots."""

    every: Duration = Duration(60)
    time: Duration = Duration(7 * 86_400)
    size: Size = Size(256 << 20)


class Log(Node, frozen=True, kw_only=True):
    """The keeper's own log, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "text"] = "text"


class Config(Node, frozen=True, kw_only=True):
    """The whole file."""

    data: str = "keeper-data"
    listen: Listen = Listen()
    access: Access = Access()
    global_: GlobalScrape = msgspec.field(default=GlobalScrape(), name="global")
    scrape_configs: list[ScrapeConfig] = []
    judge: JudgeConfig = JudgeConfig()
    notify: Notify = Notify()
    retention: Retention = Retention()
    store: StoreConfig = StoreConfig()
    rule_files: list[str] = []
    rules: RulesConfig = RulesConfig()
    slo: SloConfig = SloConfig()
    query: QueryConfig = QueryConfig()
    remote_write: list[RemoteWrite] = []
    remote_write_receiver: Receiver = Receiver()
    alerting: AlertingConfig = AlertingConfig()
    guard: GuardConfig = GuardConfig()
    deadman: Deadman = Deadman()
    profiles: ProfilesConfig = ProfilesConfig()
    log: Log = Log()


def node_of(kind: Any) -> type[Node] | None:
    """Return the Node inside a field's type, through lists, or None."""
    if isinstance(kind, type) and issubclass(kind, Node):
        return kind
    inner = get_args(kind)
    return node_of(inner[0]) if getattr(kind, "__origin__", None) is list else None


def settings(node: type[Node] = Config, prefix: str = "") -> Iterator[str]:
    """Yield the path of every setting, such as `listen.port` or `scrape_configs[].job_name`."""
    for field in msgspec.structs.fields(node):
        path = f"{prefix}{field.encode_name}"
        inner = node_of(field.type)
        if inner is None:
            yield path
        else:
            yield from settings(inner, f"{path}." if inner is field.type else f"{path}[].")
