"""Settings that several kinds of channel share, and how raw settings are read.

The names are Alertmanager's. Ours are `rate_limit`, and `$NAME` for a `*_file`: a variable of the
environment, which Alertmanager's own tools let pass.
"""

from __future__ import annotations

import difflib
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from watchkeeper.keeper.config.values import Duration
from watchkeeper.keeper.notify.errors import ChannelError, SettingsInvalid
from watchkeeper.keeper.notify.http import Headers, Wire, basic
from watchkeeper.keeper.notify.pace import Limit


class Node(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mapping in the file."""


class RateLimit(Node, frozen=True, kw_only=True):
    """At most burst messages at once, then per_second of them."""

    per_second: float
    burst: int = 1


class BasicAuth(Node, frozen=True, kw_only=True):
    """User and password."""

    username: str = ""
    username_file: str = ""
    password: str = ""
    password_file: str = ""


class Authorization(Node, frozen=True, kw_only=True):
    """The Authorization header."""

    type: str = "Bearer"
    credentials: str = ""
    credentials_file: str = ""


class TlsConfig(Node, frozen=True, kw_only=True):
    """How a certificate is checked, and the one that we show."""

    ca: str = ""
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    server_name: str = ""
    insecure_skip_verify: bool = False
    min_version: str = ""
    max_version: str = ""


class HttpConfig(Node, frozen=True, kw_only=True):
    """How a vendor is reached. HTTP/2 is not used; redirects are followed that keep the message."""

    authorization: Authorization | None = None
    basic_auth: BasicAuth | None = None
    bearer_token: str = ""
    bearer_token_file: str = ""
    tls_config: TlsConfig = TlsConfig()
    proxy_url: str = ""
    no_proxy: str = ""
    proxy_from_environment: bool = False
    follow_redirects: bool = True
    enable_http2: bool = True
    oauth2: dict[str, Any] | None = None
    http_headers: dict[str, dict[str, list[str]]] = {}


class ChannelSettings(Node, frozen=True, kw_only=True):
    """What every kind has; timeout and rate_limit of None are the kind's own."""

    send_resolved: bool | None = None
    http_config: HttpConfig | None = None
    timeout: Duration | None = None
    rate_limit: RateLimit | None = None


S = TypeVar("S", bound=Node)


def read(kind: type[S], raw: Mapping[str, Any], path: str) -> S:
    """Return settings from a mapping; raises SettingsInvalid naming the field."""
    known = {field.encode_name for field in msgspec.structs.fields(kind)}
    for key in raw:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(sorted(known))}"
            raise SettingsInvalid(f"{path}.{key}", f"unknown key; {hint}")
    given = {key: value for key, value in raw.items() if value is not None}
    try:
        # Scalars come as texts, as Alertmanager reads them: a flag may be the text `true`.
        return msgspec.convert(given, kind, strict=False, dec_hook=_read_value)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        raise SettingsInvalid(f"{path}{where.rstrip('`')}", what[:1].lower() + what[1:]) from None


def _read_value(kind: type, value: Any) -> Any:
    if kind is Duration:
        return Duration(value) if isinstance(value, int | float) else Duration.read(value)
    raise NotImplementedError(kind)


@dataclass(frozen=True, slots=True)
class Place:
    """Where things are found.

    folder is what relative paths of the file start from, data the keeper's own folder.
    """

    folder: Path = Path()
    data: Path = Path()
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def path(self, name: str) -> Path:
        return self.folder / name


@dataclass(frozen=True, slots=True)
class Secret:
    """A value from the file itself, the environment or a file of its own; read for every message."""

    value: str = ""
    file: Path | None = None

    def read(self) -> str:
        """Return it; raises ChannelError where its file cannot be read: it may come back."""
        if self.file is None:
            return self.value
        try:
            return self.file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ChannelError(f"{self.file}: cannot be read: {error}", reason="authError") from None

    def peek(self) -> str:
        """Return it, or nothing."""
        try:
            return self.read()
        except ChannelError:
            return ""

    def __bool__(self) -> bool:
        return bool(self.value) or self.file is not None


def secret(node: Node, name: str, path: str, place: Place) -> Secret:
    """Return what `name` or `name_file` gives; raises SettingsInvalid for both."""
    value, file = str(getattr(node, name, "")), str(getattr(node, f"{name}_file", ""))
    if value and file:
        told = f"at most one of {name} & {name}_file must be configured"
        raise SettingsInvalid(f"{path}.{name}", told)
    if file.startswith("$"):
        return Secret(environment(place, file[1:], f"{path}.{name}_file"))
    return Secret(file=place.path(file)) if file else Secret(value)


def environment(place: Place, name: str, path: str) -> str:
    """Return a variable of the environment; raises SettingsInvalid where it is not set."""
    value = place.environment.get(name, "")
    if not value:
        raise SettingsInvalid(path, f"{name} is not set in the environment")
    return value


def required(found: Secret, *others: Secret, field: str, told: str) -> Secret:
    """Return the first secret that is given; raises SettingsInvalid where none is."""
    for one in (found, *others):
        if one:
            return one
    raise SettingsInvalid(field, told)


def wire_of(config: HttpConfig | None, path: str, place: Place) -> Wire:
    """Return the way to a vendor; raises SettingsInvalid."""
    config = config or HttpConfig()
    if config.oauth2 is not None:
        raise SettingsInvalid(f"{path}.http_config.oauth2", "not supported; use authorization")
    if config.proxy_url and not config.proxy_url.startswith("http://"):
        raise SettingsInvalid(f"{path}.http_config.proxy_url", "expected an http:// URL")
    if config.proxy_from_environment and (config.proxy_url or config.no_proxy):
        told = "proxy_url and no_proxy must not be configured beside it"
        raise SettingsInvalid(f"{path}.http_config.proxy_from_environment", told)
    tls = config.tls_config
    context = tls_context(tls, f"{path}.http_config.tls_config", place) if tls != TlsConfig() else None
    return Wire(
        context,
        tls.server_name,
        config.proxy_url,
        config.no_proxy,
        config.proxy_from_environment,
        config.follow_redirects,
    )


def tls_context(config: TlsConfig, path: str, place: Place) -> ssl.SSLContext:
    """Return how certificates are judged; raises SettingsInvalid for files that cannot be used."""
    versions = [
        version_of(getattr(config, name), f"{path}.{name}") for name in ("min_version", "max_version")
    ]
    try:
        cafile = str(place.path(config.ca_file)) if config.ca_file else None
        context = ssl.create_default_context(cafile=cafile, cadata=config.ca or None)
        if config.cert_file:
            context.load_cert_chain(place.path(config.cert_file), place.path(config.key_file))
    except (OSError, ValueError) as error:
        raise SettingsInvalid(path, f"cannot be used: {error}") from None
    context.minimum_version = versions[0] or context.minimum_version
    context.maximum_version = versions[1] or context.maximum_version
    if config.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def version_of(text: str, path: str) -> ssl.TLSVersion | None:
    """Return a version of TLS as Alertmanager writes it, None for none told; raises SettingsInvalid."""
    if text and text not in VERSIONS:
        raise SettingsInvalid(path, f"unknown TLS version: {text}; known are {', '.join(VERSIONS)}")
    return VERSIONS.get(text)


VERSIONS = {
    "TLS10": ssl.TLSVersion.TLSv1,
    "TLS11": ssl.TLSVersion.TLSv1_1,
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
}


@dataclass(frozen=True, slots=True)
class Pass:
    """The headers that authenticate a request."""

    scheme: str = ""
    credentials: Secret = Secret()
    user: str = ""
    password: Secret = Secret()
    extra: Headers = ()

    def headers(self) -> Headers:
        """Return them; raises ChannelError where a file cannot be read."""
        if self.user or self.password:
            return (("Authorization", basic(self.user, self.password.read())), *self.extra)
        if self.credentials:
            return (("Authorization", f"{self.scheme} {self.credentials.read()}"), *self.extra)
        return self.extra

    def secrets(self) -> tuple[str, ...]:
        return (self.credentials.peek(), self.password.peek())


def pass_of(config: HttpConfig | None, path: str, place: Place) -> Pass:
    """Return how requests are authenticated; raises SettingsInvalid for more than one way."""
    if config is None:
        return Pass()
    ways = (config.authorization, config.basic_auth, config.bearer_token or config.bearer_token_file)
    if sum(bool(way) for way in ways) > 1:
        told = "at most one of basic_auth, authorization & bearer_token must be configured"
        raise SettingsInvalid(f"{path}.http_config", told)
    pairs = ((name, values) for name, given in config.http_headers.items() for values in given.values())
    extra = tuple((name, value) for name, values in pairs for value in values)
    if config.basic_auth:
        password = secret(config.basic_auth, "password", f"{path}.http_config.basic_auth", place)
        return Pass(user=config.basic_auth.username, password=password, extra=extra)
    if config.authorization:
        found = secret(config.authorization, "credentials", f"{path}.http_config.authorization", place)
        return Pass(config.authorization.type, found, extra=extra)
    return Pass("Bearer", secret(config, "bearer_token", f"{path}.http_config", place), extra=extra)


def limit_of(settings: ChannelSettings, default: Limit) -> Limit:
    """Return how often a channel may be used."""
    if settings.rate_limit is None:
        return default
    return Limit(settings.rate_limit.per_second, max(1, settings.rate_limit.burst))


def timeout_of(settings: ChannelSettings, default: float = 10.0) -> float:
    """Return how long one send may take, in seconds; 0 in the file is the default, too."""
    return float(settings.timeout or default)
