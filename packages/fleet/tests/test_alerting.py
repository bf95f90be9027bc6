"""Who hears of what in the demo: staging and production apart, the copy bot in its own words."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from fleet.alerting import COPY_TEMPLATES, alerting_settings
from watchkeeper.cli import main

CHANNELS = {
    "telegram": {"api_url": "http://127.0.0.1:1/telegram", "bot_token": "1:demo", "chat_id": 1},
    "slack": {"api_url": "http://127.0.0.1:1/slack/services/T/B/demo"},
    "pagerduty": {"url": "http://127.0.0.1:1/pagerduty/v2/enqueue", "routing_key": "demo"},
    "smtp": {"smarthost": "127.0.0.1:1", "starttls": False, "ca_file": ""},
}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The demo's alertmanager.yml with its templates."""
    path = tmp_path / "alertmanager.yml"
    path.write_text(yaml.safe_dump(alerting_settings(CHANNELS)))
    (tmp_path / "copybot.tmpl").write_text(COPY_TEMPLATES)
    return path


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        (["bot=copybot", "environment=staging"], ["everybody", "copybot-staging"]),
        (["bot=copybot", "environment=production"], ["everybody", "copybot-production"]),
        (["bot=arbbot", "environment=production"], ["everybody"]),
        (["alertname=TargetDown"], ["everybody"]),
    ],
)
def test_an_environment_has_a_chat_of_its_own(config: Path, labels: list[str], receivers: list[str]) -> None:
    """What happens in staging never wakes production's readers, nor the other way round."""
    assert main(["routes", "test", "--config", str(config), "--verify", ",".join(receivers), *labels]) == 0


def test_the_chats_are_three() -> None:
    """Everybody's and one for each environment: no two are the same."""
    receivers = alerting_settings(CHANNELS)["receivers"]
    chats = [str(one["telegram_configs"][0]["chat_id"]) for one in receivers]
    assert len(chats) == len(set(chats)) == 3
