"""Who hears of what in the demo: everybody of everything, and the copy bot's own chats of the copy bot.

Staging and production are told apart by the keeper's external label `environment`, which each alert carries.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CHATS = {"staging": "2", "production": "3"}  # the copy bot's own; everybody's chat is another
COPY_TEMPLATES = """\
{{ define "copybot.text" }}[{{ .CommonLabels.environment }}] {{ if eq .CommonLabels.component "breaker" -}}
{{ template "copybot.breaker" . }}{{ else }}{{ template "copybot.error" . }}{{ end }}{{ end }}

{{ define "copybot.breaker" }}breaker {{ if eq .Status "firing" }}open{{ else }}closed{{ end }}
{{- range .Alerts }}: {{ .Annotations.summary }}{{ end }}{{ end }}

{{ define "copybot.error" }}{{ if eq .Status "firing" }}error{{ else }}over{{ end }} in
{{- " " }}{{ .CommonLabels.component }}
{{- range .Alerts }}: {{ .Annotations.summary }}{{ end }}{{ end }}
"""


def alerting_settings(channels: Mapping[str, Any]) -> dict[str, Any]:
    """Return the demo's alertmanager.yml: told at once, in groups of one component."""
    return {
        "templates": ["copybot.tmpl"],
        "route": {
            "receiver": "everybody",
            "group_by": ["alertname", "bot", "component"],
            "group_wait": "1s",
            "group_interval": "2s",
            "repeat_interval": "1h",
            "routes": [{"receiver": "everybody", "continue": True}, *map(copy_route, CHATS)],
        },
        "receivers": [everybody(channels), *(copy_chat(channels, place) for place in CHATS)],
    }


def copy_route(environment: str) -> dict[str, Any]:
    """Return the route of the copy bot's alerts in one environment."""
    matchers = ['bot="copybot"', f'environment="{environment}"']
    return {"matchers": matchers, "receiver": f"copybot-{environment}"}


def copy_chat(channels: Mapping[str, Any], environment: str) -> dict[str, Any]:
    """Return the receiver with the copy bot's templates and the environment's chat."""
    chat = {**channels["telegram"], "chat_id": int(CHATS[environment]), "send_resolved": True}
    text = {"message": '{{ template "copybot.text" . }}', "parse_mode": ""}
    return {"name": f"copybot-{environment}", "telegram_configs": [chat | text]}


def everybody(channels: Mapping[str, Any]) -> dict[str, Any]:
    """Return the receiver with all local channels."""
    smtp = channels["smtp"]
    email = {
        "to": "owner@example.org",
        "from": "keeper@example.org",
        "smarthost": smtp["smarthost"],
        "tls_config": {"ca_file": smtp["ca_file"]},
        "send_resolved": True,
    }
    slack = {"api_url": channels["slack"]["api_url"], "channel": "#bots", "send_resolved": True}
    return {
        "name": "everybody",
        "telegram_configs": [{**channels["telegram"], "send_resolved": True}],
        "slack_configs": [slack],
        "pagerduty_configs": [{**channels["pagerduty"], "send_resolved": True}],
        "email_configs": [email],
    }
