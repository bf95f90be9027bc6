"""The configuration: one tree, every error named."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.access import token_of
from watchkeeper.keeper.config import (
    Config,
    ConfigError,
    Duration,
    Listen,
    Size,
    jobs_of,
    load,
    parse,
    settings,
)

ROOT = Path(__file__).resolve().parents[5]
GOOD = """
data: d
listen: {port: 0}
global: {scrape_interval: 1s, scrape_timeout: 800ms}
scrape_configs:
- job_name: arbbot
  static_configs:
  - targets: ['127.0.0.1:9090', '[::1]:9091']
    labels: {bot: arbbot}
  metric_relabel_configs:
  - {source_labels: [__name__], regex: go_.*, action: drop}
judge:
  silence:
  - {name: frames, metric: last_frame_timestamp_seconds, limit: 10s}
"""


def test_a_good_file_becomes_a_tree() -> None:
    """Values arrive with their units read."""
    config = parse(GOOD)
    assert (config.listen.port, config.global_.scrape_timeout) == (0, 0.8)
    assert config.judge.silence[0].limit == 10
    (job,) = jobs_of(config, Path("/base"))
    assert (job.interval, job.timeout, job.groups[0].labels) == (1.0, 0.8, (("bot", "arbbot"),))
    assert job.metric_relabel[0].action == "drop"


def test_nothing_is_everything_by_default() -> None:
    """An empty file is the defaults, and so is a key without a value."""
    assert parse("") == parse("listen:\njudge:\n") == Config()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lisen: {}", "lisen: unknown key; did you mean 'listen'?"),
        ("listen: {prot: 1}", "listen.prot: unknown key; did you mean 'port'?"),
        ("judge: {silence: [{name: a, metrik: b, limit: 1s}]}", "judge.silence[0].metrik: unknown key"),
        ("zzz: 1", "zzz: unknown key; known keys: access"),
        ("listen: {port: x}", "listen.port: expected `int`"),
        ("listen: {port: 70000}", "listen.port: expected 0 to 65535"),
        ("listen: 3", "listen: expected a mapping"),
        ("judge: {every: 3}", "judge.every: expected a duration such as"),
        ("judge: {every: 1ms}", "judge.every: expected at least 100ms"),
        ("retention: {size: big}", "retention.size: expected a size such as"),
        ("data: a\ndata: b", "'data' is given twice"),
        ("[", "not YAML"),
        ("[" * 3000, "nests too deep"),
        ("- 1", "the file: expected a mapping"),
        ("scrape_configs: [{}]", "scrape_configs[0]: object missing required field"),
        ("scrape_configs: [{job_name: a}, {job_name: a}]", "scrape_configs[1].job_name"),
        ("scrape_configs: [{job_name: a, scrape_interval: 1s, scrape_timeout: 2s}]", "at most the interval"),
        ("scrape_configs: [{job_name: a, static_configs: [{targets: ['http://x']}]}]", "expected host:port"),
        (
            "scrape_configs: [{job_name: a, relabel_configs: [{action: fly}]}]",
            "scrape_configs[0]: relabel action",
        ),
        ("judge: {silence: [{name: a/b, metric: m, limit: 1s}]}", "judge.silence[0].name"),
        ("guard: {cpu_recover: 95}", "guard.cpu_recover: expected less than cpu_trip (90), got 95"),
        ("guard: {memory_trip: 120}", "guard.memory_recover: expected less than memory_trip (120)"),
        ("guard: {attempts: 0}", "guard.attempts: expected at least 1"),
        ("deadman: {expect: [{name: a/b, every: 1m}]}", "deadman.expect[0].name"),
        ("deadman: {expect: [{name: a, every: 1m}, {name: a, every: 1m}]}", "deadman.expect[1].name"),
        ("deadman: {expect: [{name: a, every: 0s}]}", "deadman.expect[0].every"),
        ("deadman: {ping: [{url: 'http://x', every: 0s}]}", "deadman.ping[0].every"),
        ("alerting: {config: x}", "alerting.config: unknown key; did you mean 'config_file'?"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, said: str) -> None:
    """Whoever reads the error knows which key to change."""
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert said in str(caught.value)


def test_a_file_that_is_absent_is_named(tmp_path: Path) -> None:
    """The path is in the error."""
    with pytest.raises(ConfigError, match=r"no\.yaml: cannot be read"):
        load(tmp_path / "no.yaml")


def test_an_open_address_wants_a_token(tmp_path: Path) -> None:
    """Off loopback nothing is served without authentication; secrets come from outside the file."""
    (tmp_path / "token").write_text("from-file\n")
    assert token_of(Listen(), {}, tmp_path) == ""
    with pytest.raises(ConfigError, match="WATCHKEEPER_TOKEN"):
        token_of(Listen(address="0.0.0.0"), {}, tmp_path)
    assert token_of(Listen(address="0.0.0.0", token_file="token"), {}, tmp_path) == "from-file"
    assert token_of(Listen(token_file="token"), {"WATCHKEEPER_TOKEN": "from-env"}, tmp_path) == "from-env"
    with pytest.raises(ConfigError, match="token_file"):
        token_of(Listen(token_file="absent"), {}, tmp_path)


@given(st.integers(0, 3), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
def test_durations_add_up(days: int, hours: int, minutes: int, seconds: int, millis: int) -> None:
    """Every notation of Prometheus is the sum of its parts."""
    text = f"{days}d{hours}h{minutes}m{seconds}s{millis}ms"
    total = days * 86400 + hours * 3600 + minutes * 60 + seconds + millis / 1000
    assert Duration.read(text) == pytest.approx(total)


@pytest.mark.parametrize("bad", ["", "1", "1 s", "s", "1h1d", "-1s", "1.5s", 5, True, None, []])
def test_other_notations_of_durations_are_refused(bad: object) -> None:
    """A number without unit is a mistake waiting to happen: seconds or hours?"""
    with pytest.raises(ValueError, match="expected a duration"):
        Duration.read(bad)


def test_sizes_are_powers_of_1024() -> None:
    """As in Prometheus."""
    assert (Size.read("64KB"), Size.read("2GB"), Size.read(0)) == (65536, 2 << 30, 0)
    with pytest.raises(ValueError, match="expected a size"):
        Size.read("5")


def test_every_setting_is_documented_and_nothing_else_is() -> None:
    """The reference page and the tree name the same settings."""
    text = (ROOT / "docs" / "reference" / "keeper-config.md").read_text()
    written = {line.split("`")[1] for line in text.splitlines() if line.startswith("| `")}
    assert written == set(settings())
