"""The kinds of integrations that Alertmanager knows, their fields, and which of them can be sent here.

Source of the fields: Alertmanager's documentation of its configuration, 0.25 to 0.34.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from watchkeeper.keeper.alerts.alerting import Alerting
from watchkeeper.keeper.alerts.config.document import Fields
from watchkeeper.keeper.alerts.errors import ChannelLacking


@dataclass(frozen=True, slots=True)
class Kind:
    """What one entry of `<kind>_configs` may hold.

    globals: the field of `global` that stands in for each field that is absent; an alternative
    `x_file` stands in only where neither is told. needs: groups of fields of which one must be told in
    the end, each with what is said where none is.
    """

    fields: Fields
    send_resolved: bool = True
    globals: tuple[tuple[str, str], ...] = ()
    needs: tuple[tuple[tuple[str, ...], str], ...] = ()


def fields_of(spec: str) -> Fields:
    """Read `name` or `name:type`, parted by blanks; without a type it is a text."""
    pairs = (word.partition(":") for word in spec.split())
    return {"send_resolved": "flag", **{name: kind or "text" for name, _, kind in pairs}}


def either(*names: str) -> tuple[tuple[tuple[str, ...], str], ...]:
    """Require one of some fields, in Alertmanager's usual words."""
    return ((names, f"one of {' or '.join(names)} must be configured"),)


# Kinds that Alertmanager does not know; they stand in the section `watchkeeper`.
OURS: dict[str, Fields] = {
    "apprise": fields_of("urls:texts url url_file title message"),
    "jsonl": fields_of("path max_bytes:int keep:int"),
    "log": fields_of(""),
}
# What this keeper sends by itself.
SENDABLE = frozenset({"webhook", "slack", "discord", "telegram", "email", "pagerduty", *OURS})

HOOK = "webhook_url:url webhook_url_file http_config:http"

KINDS: dict[str, Kind] = {
    "webhook": Kind(
        fields_of("url:url url_file max_alerts:int timeout:length payload:any http_config:http"),
        needs=either("url", "url_file"),
    ),
    "email": Kind(
        fields_of(
            "to from hello smarthost:hostport auth_username auth_password auth_password_file auth_secret "
            "auth_secret_file auth_identity headers:map html text require_tls:flag force_implicit_tls:flag "
            "tls_config:any threading:any"
        ),
        send_resolved=False,
        globals=(
            *(("smarthost", "smtp_smarthost"), ("from", "smtp_from"), ("hello", "smtp_hello")),
            *(("auth_username", "smtp_auth_username"), ("auth_password", "smtp_auth_password")),
            *(("auth_password_file", "smtp_auth_password_file"), ("auth_secret", "smtp_auth_secret")),
            *(("auth_secret_file", "smtp_auth_secret_file"), ("auth_identity", "smtp_auth_identity")),
            *(("require_tls", "smtp_require_tls"), ("tls_config", "smtp_tls_config")),
            ("force_implicit_tls", "smtp_force_implicit_tls"),
        ),
        needs=(
            (("to",), "missing to address in email config"),
            (("smarthost",), "no global SMTP smarthost set"),
            (("from",), "no global SMTP from set"),
        ),
    ),
    "slack": Kind(
        fields_of(
            "api_url:url api_url_file app_token app_token_file app_url:url channel username color title "
            "title_link pretext text message_text fields:any short_fields:flag footer fallback callback_id "
            "icon_emoji icon_url image_url thumb_url link_names:flag mrkdwn_in:texts actions:any "
            "blocks:any update_message:flag timeout:length http_config:http"
        ),
        send_resolved=False,
        globals=(
            *(("api_url", "slack_api_url"), ("api_url_file", "slack_api_url_file")),
            *(("app_token", "slack_app_token"), ("app_token_file", "slack_app_token_file")),
            ("app_url", "slack_app_url"),
        ),
        needs=(
            (
                ("api_url", "api_url_file", "app_token", "app_token_file"),
                "no Slack API URL nor App token set either inline or in a file",
            ),
        ),
    ),
    "discord": Kind(
        fields_of(f"content title message username avatar_url {HOOK}"),
        needs=either("webhook_url", "webhook_url_file"),
    ),
    "telegram": Kind(
        fields_of(
            "api_url:url bot_token bot_token_file chat_id:int chat_id_file message_thread_id:int message "
            "disable_notifications:flag parse_mode http_config:http"
        ),
        globals=(
            *(("bot_token", "telegram_bot_token"), ("bot_token_file", "telegram_bot_token_file")),
            ("api_url", "telegram_api_url"),
        ),
        needs=(
            (("bot_token", "bot_token_file"), "missing bot_token or bot_token_file on telegram_config"),
            (("chat_id", "chat_id_file"), "missing chat_id or chat_id_file on telegram_config"),
        ),
    ),
    "pagerduty": Kind(
        fields_of(
            "service_key service_key_file routing_key routing_key_file url:url client client_url description "
            "details:any images:any links:any source severity class component group timeout:length "
            "http_config:http"
        ),
        globals=(("url", "pagerduty_url"),),
        needs=(
            (
                ("routing_key", "service_key", "routing_key_file", "service_key_file"),
                "missing service or routing key in PagerDuty config",
            ),
        ),
    ),
    "opsgenie": Kind(
        fields_of(
            "api_key api_key_file api_url:url message description source details:map entity responders:any "
            "actions tags note priority update_alerts:flag http_config:http"
        ),
        globals=(
            *(("api_key", "opsgenie_api_key"), ("api_key_file", "opsgenie_api_key_file")),
            ("api_url", "opsgenie_api_url"),
        ),
        needs=(
            (
                ("api_key", "api_key_file"),
                "no global OpsGenie API Key set either inline or in a file",
            ),
        ),
    ),
    "victorops": Kind(
        fields_of(
            "api_key api_key_file api_url:url routing_key message_type state_message entity_display_name "
            "monitoring_tool custom_fields:map http_config:http"
        ),
        globals=(
            *(("api_key", "victorops_api_key"), ("api_key_file", "victorops_api_key_file")),
            ("api_url", "victorops_api_url"),
        ),
        needs=(
            (("routing_key",), "missing Routing key in VictorOps config"),
            (("api_key", "api_key_file"), "no global VictorOps API Key set"),
        ),
    ),
    "pushover": Kind(
        fields_of(
            "user_key user_key_file token token_file title message url url_title device sound priority retry "
            "expire ttl html:flag monospace:flag http_config:http"
        ),
        needs=(*either("user_key", "user_key_file"), *either("token", "token_file")),
    ),
    "wechat": Kind(
        fields_of(
            "api_secret api_secret_file corp_id message api_url:url to_user to_party to_tag agent_id "
            "message_type http_config:http"
        ),
        send_resolved=False,
        globals=(
            *(("api_secret", "wechat_api_secret"), ("api_secret_file", "wechat_api_secret_file")),
            *(("corp_id", "wechat_api_corp_id"), ("api_url", "wechat_api_url")),
        ),
        needs=(
            (
                ("api_secret", "api_secret_file"),
                "no global Wechat Api Secret set either inline or in a file",
            ),
            (("corp_id",), "no global Wechat CorpID set"),
        ),
    ),
    "sns": Kind(
        fields_of(
            "api_url sigv4:any topic_arn phone_number target_arn subject message attributes:map "
            "http_config:http"
        ),
        needs=(
            (
                ("target_arn", "topic_arn", "phone_number"),
                "must provide either a Target ARN, Topic ARN, or Phone Number for SNS config",
            ),
        ),
    ),
    "webex": Kind(
        fields_of("api_url:url message room_id http_config:http"),
        globals=(("api_url", "webex_api_url"),),
        needs=((("room_id",), "missing room_id on webex_config"),),
    ),
    "msteams": Kind(fields_of(f"title summary text {HOOK}"), needs=either("webhook_url", "webhook_url_file")),
    "msteamsv2": Kind(fields_of(f"title text {HOOK}"), needs=either("webhook_url", "webhook_url_file")),
    "jira": Kind(
        fields_of(
            "api_url:url api_type project summary:any description:any labels:texts priority issue_type "
            "reopen_transition resolve_transition wont_fix_resolution reopen_duration:length fields:any "
            "custom_fields:any http_config:http"
        ),
        globals=(("api_url", "jira_api_url"),),
        needs=(
            (("project",), "missing project in jira_config"),
            (("issue_type",), "missing issue_type in jira_config"),
            (("api_url",), "no global Jira Cloud URL set"),
        ),
    ),
    "rocketchat": Kind(
        fields_of(
            "api_url:url token token_file token_id token_id_file channel color title title_link text "
            "fields:any short_fields:flag emoji icon_url image_url thumb_url link_names:flag actions:any "
            "http_config:http"
        ),
        send_resolved=False,
        globals=(
            *(("token", "rocketchat_token"), ("token_file", "rocketchat_token_file")),
            *(("token_id", "rocketchat_token_id"), ("token_id_file", "rocketchat_token_id_file")),
            ("api_url", "rocketchat_api_url"),
        ),
        needs=(
            (("token", "token_file"), "no global Rocketchat Token set either inline or in a file"),
            (("token_id", "token_id_file"), "no global Rocketchat TokenID set either inline or in a file"),
        ),
    ),
    "mattermost": Kind(
        fields_of(
            f"channel username text icon_url icon_emoji attachments:any type props:any priority:any {HOOK}"
        ),
        globals=(
            ("webhook_url", "mattermost_webhook_url"),
            ("webhook_url_file", "mattermost_webhook_url_file"),
        ),
        needs=(
            (
                ("webhook_url", "webhook_url_file"),
                "missing webhook_url or webhook_url_file on mattermost_config",
            ),
        ),
    ),
    "incidentio": Kind(
        fields_of(
            "url:url url_file alert_source_token alert_source_token_file max_alerts:int timeout:length "
            "metadata:map http_config:http"
        ),
        needs=either("url", "url_file"),
    ),
}


def lacking(alerting: Alerting, sendable: Collection[str]) -> list[ChannelLacking]:
    """Return an error for each integration of a kind that cannot be sent, in the file's order."""
    return [
        ChannelLacking(
            f"receivers[{place}].{one.integration.kind}_configs[{one.integration.place}]",
            receiver.name,
            f"{one.integration.kind}_configs",
        )
        for place, receiver in enumerate(alerting.receivers.values())
        for one in receiver.integrations
        if one.integration.kind not in sendable
    ]
