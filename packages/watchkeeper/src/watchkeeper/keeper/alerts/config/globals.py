"""The section `global`: defaults of receivers."""

from __future__ import annotations

from collections.abc import Mapping

from watchkeeper.keeper.alerts.config.document import Raw, fields
from watchkeeper.keeper.alerts.errors import AlertingInvalid

FIELDS = {
    "resolve_timeout": "length",
    "http_config": "http",
    "smtp_from": "text",
    "smtp_hello": "text",
    "smtp_smarthost": "hostport",
    "smtp_auth_username": "text",
    "smtp_auth_password": "text",
    "smtp_auth_password_file": "text",
    "smtp_auth_secret": "text",
    "smtp_auth_secret_file": "text",
    "smtp_auth_identity": "text",
    "smtp_require_tls": "flag",
    "smtp_force_implicit_tls": "flag",
    "smtp_tls_config": "any",
    "slack_api_url": "url",
    "slack_api_url_file": "text",
    "slack_app_token": "text",
    "slack_app_token_file": "text",
    "slack_app_url": "url",
    "pagerduty_url": "url",
    "opsgenie_api_url": "url",
    "opsgenie_api_key": "text",
    "opsgenie_api_key_file": "text",
    "wechat_api_url": "url",
    "wechat_api_secret": "text",
    "wechat_api_secret_file": "text",
    "wechat_api_corp_id": "text",
    "victorops_api_url": "url",
    "victorops_api_key": "text",
    "victorops_api_key_file": "text",
    "telegram_api_url": "url",
    "telegram_bot_token": "text",
    "telegram_bot_token_file": "text",
    "webex_api_url": "url",
    "jira_api_url": "url",
    "rocketchat_api_url": "url",
    "rocketchat_token": "text",
    "rocketchat_token_file": "text",
    "rocketchat_token_id": "text",
    "rocketchat_token_id_file": "text",
    "mattermost_webhook_url": "url",
    "mattermost_webhook_url_file": "text",
}
DEFAULTS: Mapping[str, Raw] = {
    "resolve_timeout": 300.0,
    "smtp_hello": "localhost",
    "smtp_require_tls": True,
    "slack_app_url": "https://slack.com/api/chat.postMessage",
    "pagerduty_url": "https://events.pagerduty.com/v2/enqueue",
    "opsgenie_api_url": "https://api.opsgenie.com/",
    "wechat_api_url": "https://qyapi.weixin.qq.com/cgi-bin/",
    "victorops_api_url": "https://alert.victorops.com/integrations/generic/20131114/alert/",
    "telegram_api_url": "https://api.telegram.org",
    "webex_api_url": "https://webexapis.com/v1/messages",
    "rocketchat_api_url": "https://open.rocket.chat/",
}


def read_globals(raw: Raw) -> dict[str, Raw]:
    """Return the defaults of receivers; raise AlertingInvalid."""
    return {**DEFAULTS, **({} if raw is None else fields("global", raw, FIELDS))}


def check_globals(found: Mapping[str, Raw]) -> None:
    """Refuse a secret that is told twice."""
    check_pairs("global", found)
    token = found.get("slack_app_token") or found.get("slack_app_token_file")
    if token and (found.get("slack_api_url") or found.get("slack_api_url_file")):
        same = found.get("slack_api_url") == found.get("slack_app_url")
        if not same:
            raise AlertingInvalid(
                "global.slack_app_token",
                "at most one of slack_app_token/slack_app_token_file & slack_api_url/slack_api_url_file "
                "must be configured",
            )


def check_pairs(path: str, found: Mapping[str, Raw]) -> None:
    """Refuse `x` beside `x_file`."""
    for name in found:
        plain = name.removesuffix("_file")
        if plain != name and found.get(plain) and found[name]:
            raise AlertingInvalid(f"{path}.{name}", f"at most one of {plain} & {name} must be configured")
