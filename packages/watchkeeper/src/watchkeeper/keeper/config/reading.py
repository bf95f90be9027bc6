"""Read a configuration file into the frozen tree, or say exactly what is wrong with it."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import yaml

from watchkeeper.keeper.config.jobs import job_of
from watchkeeper.keeper.config.tree import Config, Node, node_of
from watchkeeper.keeper.config.values import Duration, Size
from watchkeeper.keeper.scrape.errors import JobError


class ConfigError(Exception):
    """The configuration cannot be used; the text names the place and what is right."""


class Loader(yaml.SafeLoader):
    """YAML that refuses a key given twice, which plain YAML loaders let pass."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        twice = [key for key, count in keys.items() if count > 1]
        if twice:
            line = node.start_mark.line + 1
            raise ConfigError(f"{twice[0]!r} is given twice in the mapping that starts at line {line}")
        return super().construct_mapping(node, deep)


def load(path: Path) -> Config:
    """Read and check a file; raise ConfigError with the file's name and the path in the tree."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    try:
        return parse(text)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def parse(text: str) -> Config:
    """Parse YAML text into a checked tree; an empty text is the defaults."""
    try:
        raw = yaml.load(text, Loader)
    except yaml.YAMLError as error:
        raise ConfigError(f"not YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise ConfigError("not YAML: it nests too deep") from None
    raw = {} if raw is None else raw
    check_keys(raw, Config, "")
    config = convert(raw)
    for problem in problems(config):
        raise ConfigError(problem)
    return config


def check_keys(raw: Any, node: type[Node], path: str) -> None:
    """Refuse an unknown key, naming the nearest right one."""
    if not isinstance(raw, dict):
        raise ConfigError(f"{path.rstrip('.') or 'the file'}: expected a mapping, got {raw!r}")
    fields = {field.encode_name: field for field in msgspec.structs.fields(node)}
    for key, value in raw.items():
        if key not in fields:
            raise ConfigError(f"{path}{key}: unknown key; {nearest(str(key), fields)}")
        inner = node_of(fields[key].type)
        if inner is not None and inner is fields[key].type:
            check_keys({} if value is None else value, inner, f"{path}{key}.")
        elif inner is not None and isinstance(value, list):
            for place, item in enumerate(value):
                check_keys(item, inner, f"{path}{key}[{place}].")


def nearest(key: str, known: Any) -> str:
    """Return a hint: the most similar known key, or all of them."""
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(sorted(known))}"


def convert(raw: dict[str, Any]) -> Config:
    try:
        return msgspec.convert(without_empty(raw), Config, dec_hook=read_value)
    except msgspec.ValidationError as error:
        raise ConfigError(reworded(str(error))) from None


def without_empty(raw: Any) -> Any:
    """Drop keys that are written without a value, so that their defaults hold."""
    if isinstance(raw, dict):
        return {key: without_empty(value) for key, value in raw.items() if value is not None}
    if isinstance(raw, list):
        return [without_empty(item) for item in raw]
    return raw


def read_value(kind: type, value: Any) -> Any:
    if kind is Duration:
        return Duration.read(value)
    if kind is Size:
        return Size.read(value)
    raise NotImplementedError(kind)


def reworded(error: str) -> str:
    """Turn `Expected ... - at `$.a.b`` into `a.b: expected ...`."""
    what, _, where = error.partition(" - at `$")
    place = where.rstrip("`").lstrip(".") or "the file"
    return f"{place}: {what[:1].lower()}{what[1:]}"


def problems(config: Config) -> Iterator[str]:
    """Yield what is wrong with a tree of right types."""
    yield from range_problems(config)
    yield from job_problems(config)
    yield from silence_problems(config)
    yield from care_problems(config)


def range_problems(config: Config) -> Iterator[str]:
    for name, port in (("port", config.listen.port), ("probe_port", config.listen.probe_port)):
        if not 0 <= port <= 65535:
            yield f"listen.{name}: expected 0 to 65535 (0: any free port), got {port}"
    if config.judge.every < 0.1:
        yield f"judge.every: expected at least 100ms, got {config.judge.every:g}s"
    if config.access.session < 60:
        yield f"access.session: expected at least 1m, got {config.access.session:g}s"
    if config.profiles.every and not 5 <= config.profiles.every <= 120:
        yield f"profiles.every: expected 5s to 2m, or 0s for none, got {config.profiles.every:g}s"
    if config.store.flush <= 0:
        yield "store.flush: expected more than 0s"
    if config.notify.jsonl.keep < 1:
        yield f"notify.jsonl.keep: expected at least 1, got {config.notify.jsonl.keep}"
    if config.judge.health_path and not config.judge.health_path.startswith("/"):
        yield f"judge.health_path: expected a path that starts with /, got {config.judge.health_path!r}"


def job_problems(config: Config) -> Iterator[str]:
    names: set[str] = set()
    for place, job in enumerate(config.scrape_configs):
        path = f"scrape_configs[{place}]"
        if not job.job_name or job.job_name in names:
            yield f"{path}.job_name: expected a name of its own, got {job.job_name!r}"
        names.add(job.job_name)
        interval = job.scrape_interval or config.global_.scrape_interval
        if job.scrape_timeout and job.scrape_timeout > interval:
            most, given = f"{interval:g}s", f"{job.scrape_timeout:g}s"
            yield f"{path}.scrape_timeout: expected at most the interval ({most}), got {given}"
        for spot, group in enumerate(job.static_configs):
            yield from target_problems(f"{path}.static_configs[{spot}]", group.targets, group.labels)
        try:
            job_of(job, config, Path())
        except (JobError, TypeError) as error:
            yield f"{path}: {error}"


ADDRESS = re.compile(r"(\[[0-9a-fA-F:]+\]|[^\s/:\[\]]+)(:\d{1,5})?")
LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


def target_problems(path: str, targets: list[str], labels: dict[str, str]) -> Iterator[str]:
    for place, target in enumerate(targets):
        if not ADDRESS.fullmatch(target):
            yield f"{path}.targets[{place}]: expected host:port, got {target!r}"
    for name in labels:
        if not LABEL.fullmatch(name):
            yield f"{path}.labels: {name!r} is no label name"


def silence_problems(config: Config) -> Iterator[str]:
    names: set[str] = set()
    for place, judge in enumerate(config.judge.silence):
        path = f"judge.silence[{place}]"
        if not judge.name or "/" in judge.name or judge.name in names:
            yield f"{path}.name: expected a name of its own without a slash, got {judge.name!r}"
        names.add(judge.name)
        if judge.limit <= 0:
            yield f"{path}.limit: expected more than 0s"


def care_problems(config: Config) -> Iterator[str]:
    """Yield what is wrong with guard and dead-man's switches."""
    guard = config.guard
    for name in ("cpu", "memory", "stalled"):
        trip, recover = getattr(guard, f"{name}_trip"), getattr(guard, f"{name}_recover")
        if not 0 <= trip <= 100 or (trip and not 0 < recover < trip):
            yield f"guard.{name}_recover: expected less than {name}_trip ({trip:g}), got {recover:g}"
    if guard.attempts < 1:
        yield f"guard.attempts: expected at least 1, got {guard.attempts}"
    names: set[str] = set()
    for place, ping in enumerate(config.deadman.expect):
        path = f"deadman.expect[{place}]"
        if not LABEL.fullmatch(ping.name.replace("-", "_")) or ping.name in names:
            yield f"{path}.name: expected a name of its own of letters, digits, - and _, got {ping.name!r}"
        names.add(ping.name)
        if ping.every <= 0:
            yield f"{path}.every: expected more than 0s"
    for place, out in enumerate(config.deadman.ping):
        if out.every <= 0:
            yield f"deadman.ping[{place}].every: expected more than 0s"
