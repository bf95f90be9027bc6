"""Where traces go and how many, by the variables that OpenTelemetry's own kits read."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from watchkeeper.agent.settings import flag, number

LOG = logging.getLogger("watchkeeper.agent")
DEFAULT_RATIO = 0.01
DEFAULT_TIMEOUT = 10.0
WHOLE = {"always_on": 1.0, "parentbased_always_on": 1.0, "always_off": 0.0, "parentbased_always_off": 0.0}


@dataclass(frozen=True, slots=True)
class Traces:
    """url: of the collector's /v1/traces, empty for none; then nothing is recorded. timeout: seconds."""

    url: str = ""
    ratio: float = 0.0
    timeout: float = DEFAULT_TIMEOUT
    headers: Mapping[str, str] = field(default_factory=dict)
    resource: Mapping[str, str] = field(default_factory=dict)


def traces(service: str, version: str, environment: Mapping[str, str]) -> Traces:
    """Read the environment.

    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or OTEL_EXPORTER_OTLP_ENDPOINT, ..._HEADERS, ..._TIMEOUT (ms),
    OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES,
    OTEL_SDK_DISABLED.
    """
    url = endpoint(environment)
    if not url or flag(environment, "OTEL_SDK_DISABLED", False):
        return Traces()
    named = {"service.name": environment.get("OTEL_SERVICE_NAME") or service}
    versioned = {"service.version": version} if version else {}
    return Traces(
        url=url,
        ratio=ratio(environment),
        timeout=number(environment, "OTEL_EXPORTER_OTLP_TIMEOUT", DEFAULT_TIMEOUT * 1e3, 1.0, 1e6) / 1e3,
        headers=listed(environment.get("OTEL_EXPORTER_OTLP_HEADERS", "")),
        resource={**listed(environment.get("OTEL_RESOURCE_ATTRIBUTES", "")), **versioned, **named},
    )


def endpoint(environment: Mapping[str, str]) -> str:
    """Return the URL to post to; empty where there is none or it is no HTTP."""
    url = environment.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "").strip()
    if not url and (base := environment.get("OTEL_EXPORTER_OTLP_ENDPOINT", "").strip()):
        url = f"{base.rstrip('/')}/v1/traces"
    if url and not url.startswith(("http://", "https://")):
        LOG.warning("traces go nowhere: %s is no http:// or https:// address", url)
        return ""
    return url


def ratio(environment: Mapping[str, str]) -> float:
    """Return the share of traces to record."""
    sampler = environment.get("OTEL_TRACES_SAMPLER", "").strip()
    if sampler in WHOLE:
        return WHOLE[sampler]
    return number(environment, "OTEL_TRACES_SAMPLER_ARG", DEFAULT_RATIO, 0.0, 1.0)


def listed(text: str) -> dict[str, str]:
    """Read `key=value,key=value`, values percent-encoded; what is no pair is left out."""
    from urllib.parse import unquote

    pairs = (part.partition("=") for part in text.split(","))
    return {key.strip(): unquote(value.strip()) for key, equals, value in pairs if equals and key.strip()}
