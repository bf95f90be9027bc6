"""YAML as texts, lists and mappings, and typed fields read from it.

Alertmanager reads scalars by the type that it wants, so `match: {code: 010}` is the text 010. So here
every scalar stays a text, save the null one, until a field says what it is.
"""

from __future__ import annotations

import difflib
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import yaml

from watchkeeper.keeper.alerts.config.durations import seconds
from watchkeeper.keeper.alerts.errors import AlertingInvalid

Raw = Any
Fields = Mapping[str, str]
SIGNS = frozenset({"route", "receivers", "inhibit_rules"})
_TRUE = frozenset({"true", "yes", "on", "y"})
_FALSE = frozenset({"false", "no", "off", "n"})
_KEPT = ("tag:yaml.org,2002:null", "tag:yaml.org,2002:merge")


class TextLoader(yaml.SafeLoader):
    """YAML whose scalars are texts, and that refuses a key given twice."""

    yaml_implicit_resolvers = {  # noqa: RUF012 (PyYAML's own way)
        first: [(tag, shape) for tag, shape in rows if tag in _KEPT]
        for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        for key, count in keys.items():
            if count > 1:
                line = node.start_mark.line + 1
                raise AlertingInvalid(str(key), f"is given twice in the mapping that starts at line {line}")
        return super().construct_mapping(node, deep)


def document(text: str) -> dict[str, Raw]:
    """Return the mapping that a text holds; raise AlertingInvalid."""
    try:
        raw = yaml.load(text, TextLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise AlertingInvalid("", f"not YAML: {' '.join(str(error).split())}") from None
    if raw is None:
        raise AlertingInvalid("", "no route provided in config")
    return mapping("", raw)


def looks_like_alertmanager(text: str) -> bool:
    """Return whether a text is Alertmanager's configuration by its keys."""
    try:
        return bool(SIGNS & document(text).keys())
    except AlertingInvalid:
        return False


def mapping(path: str, raw: Raw) -> dict[str, Raw]:
    if not isinstance(raw, dict):
        raise AlertingInvalid(path, f"expected a mapping, got {shown(raw)}")
    return {"" if key is None else str(key): value for key, value in raw.items()}


def rows(path: str, raw: Raw) -> list[tuple[str, Raw]]:
    """Return the items of a list, each with its path; nothing is an empty list."""
    if raw is None:
        return []
    if not isinstance(raw, list):
        raise AlertingInvalid(path, f"expected a list, got {shown(raw)}")
    return [(f"{path}[{place}]", item) for place, item in enumerate(raw)]


def fields(path: str, raw: Raw, known: Fields) -> dict[str, Raw]:
    """Return the fields of a mapping in their types; those that are null are absent.

    Raises AlertingInvalid that names the field, also for one that is not known.
    """
    found = {}
    for key, value in mapping(path, raw).items():
        where = f"{path}.{key}" if path else key
        if key not in known:
            raise AlertingInvalid(where, f"unknown field; {nearest(key, known)}")
        if value is not None:
            found[key] = READERS[known[key]](where, value)
    return found


def nearest(key: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(key, list(known), 1)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(sorted(known))}"


def shown(raw: Raw) -> str:
    return "nothing" if raw is None else repr(raw)[:80]


def text(path: str, raw: Raw) -> str:
    if not isinstance(raw, str):
        raise AlertingInvalid(path, f"expected a text, got {shown(raw)}")
    return raw


def flag(path: str, raw: Raw) -> bool:
    word = text(path, raw).lower()
    if word not in _TRUE | _FALSE:
        raise AlertingInvalid(path, f"expected true or false, got {shown(raw)}")
    return word in _TRUE


def whole(path: str, raw: Raw) -> int:
    try:
        return int(text(path, raw), 0)
    except ValueError:
        raise AlertingInvalid(path, f"expected a whole number, got {shown(raw)}") from None


def number(path: str, raw: Raw) -> float:
    try:
        found = float(text(path, raw))
    except ValueError:
        found = -1.0
    if not 0 <= found < math.inf:
        raise AlertingInvalid(path, f"expected a number, 0 or more, got {shown(raw)}")
    return found


def length(path: str, raw: Raw) -> float:
    try:
        return seconds(text(path, raw))
    except ValueError as error:
        raise AlertingInvalid(path, str(error)) from None


def url(path: str, raw: Raw) -> str:
    """Return an address; `<secret>` stands for one that is hidden."""
    word = text(path, raw)
    if "{{" in word or word == "<secret>":
        return word
    try:
        parts = urlsplit(word)
    except ValueError as error:
        raise AlertingInvalid(path, f"not a URL: {error}") from None
    if parts.scheme not in ("http", "https"):
        raise AlertingInvalid(path, f'unsupported scheme "{parts.scheme}" for URL')
    if not parts.netloc:
        raise AlertingInvalid(path, "missing host for URL")
    return word


def hostport(path: str, raw: Raw) -> str:
    word = text(path, raw)
    host, colon, port = word.rpartition(":")
    if word and (not colon or (":" in host and not host.startswith("["))):
        raise AlertingInvalid(path, f"address {word}: missing port in address")
    if word and not port:
        raise AlertingInvalid(path, f'address "{word}": port cannot be empty')
    return word


def texts(path: str, raw: Raw) -> tuple[str, ...]:
    return tuple(text(where, item) for where, item in rows(path, raw))


def text_map(path: str, raw: Raw) -> dict[str, str]:
    return {
        key: "" if value is None else text(f"{path}.{key}", value)
        for key, value in mapping(path, raw).items()
    }


HTTP: Fields = dict.fromkeys(
    (
        *("basic_auth", "authorization", "oauth2", "bearer_token", "bearer_token_file", "tls_config"),
        *("follow_redirects", "enable_http2", "proxy_url", "no_proxy", "proxy_from_environment"),
        *("proxy_connect_header", "http_headers"),
    ),
    "any",
)

RATE: Fields = {"per_second": "number", "burst": "int"}

READERS: dict[str, Callable[[str, Raw], Raw]] = {
    "text": text,
    "flag": flag,
    "int": whole,
    "number": number,
    "rate": lambda path, raw: fields(path, raw, RATE),
    "length": length,
    "url": url,
    "hostport": hostport,
    "texts": texts,
    "map": text_map,
    "any": lambda path, raw: raw,
    "http": lambda path, raw: fields(path, raw, HTTP),
}
