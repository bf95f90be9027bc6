"""A configuration as it may be shown: without secrets, and without keys that Alertmanager does not know."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import yaml

OWN = "watchkeeper"
MASK = "<secret>"
SECRET = re.compile(
    r"(.*_)?(password|secret|token|credentials|bot_token|app_token|(api|service|routing|user|access|secret)_key"
    r"|api_url|webhook_url|authorization_credentials)"
)
FOLDED = ("headers",)
ADDRESSES = frozenset({"url", "urls", "server_url"})


def shown(text: str) -> str:
    """Return the text of a configuration to show; lengths, truths and numbers stay as they were written."""
    try:
        root = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError:
        return ""
    if not isinstance(root, yaml.MappingNode):
        return ""
    root.value = [(key, value) for key, value in root.value if key.value != OWN]
    mask(root, "")
    return yaml.serialize(root, Dumper=yaml.SafeDumper)


def mask(node: yaml.Node, name: str) -> None:
    """Replace secrets below a node; name is the key that it stands under."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            mask(value, MASK if name in FOLDED else str(key.value))
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            mask(item, name)
    elif isinstance(node, yaml.ScalarNode):
        node.value = masked(node.value, name)


def masked(value: str, name: str) -> str:
    """Return a scalar to show; of an address its host stays, because amtool reads it as an address."""
    if not value or name.endswith("_file"):
        return value
    if name in ADDRESSES:
        parts = urlsplit(value)
        plain = f"{parts.scheme}://{parts.hostname or ''}" + (f":{parts.port}" if parts.port else "")
        return plain if parts.path in ("", "/") and not parts.query else f"{plain}/{MASK}"
    return MASK if name == MASK or SECRET.fullmatch(name) else value
