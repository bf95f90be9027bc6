"""The running keeper keeps to its own description: schemathesis asks it whatever it can think of."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from watchkeeper.keeper.web.openapi import ENDPOINTS

ROOT = Path(__file__).resolve().parent.parent
SCHEMATHESIS = Path(os.environ.get("SCHEMATHESIS") or ROOT / ".cache" / "schemathesis" / "bin" / "st")
EXAMPLES = "100" if os.environ.get("LONG") == "1" else "6"
PATIENCE = 45.0
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "unsupported_method",
)

CONFIG = """
listen: {{port: {port}, probe_port: {probes}}}
global: {{scrape_interval: 1s, scrape_timeout: 500ms}}
scrape_configs:
- job_name: keeper
  static_configs: [{{targets: ['127.0.0.1:{probes}'], labels: {{bot: keeper}}}}]
rules: {{pack: false}}
slo: {{pack: false}}
guard: {{enabled: false}}
"""
TOKEN = "a token of the keeper itself"
# A stream never ends; a logout and a changed password would end the run's own session.
LEFT_OUT = ("/api/events", "/api/logout", "/api/password")
# Of people who have logged in alone; the rest is asked with the keeper's token, since a run that is allowed
# to do everything finds its own user and locks it out.
OWN = ("/api/tokens", "/api/tokens/{id}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Yield the address and the log of a keeper that watches itself and has no users."""
    port, probes = free_port(), free_port()
    (tmp_path / "keeper.yaml").write_text(CONFIG.format(port=port, probes=probes))
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("METRICS_", "WATCHKEEPER_"))}
    environment["WATCHKEEPER_TOKEN"] = TOKEN
    command = [sys.executable, "-m", "watchkeeper", "keep", "--config", str(tmp_path / "keeper.yaml")]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        yield f"http://127.0.0.1:{port}", tmp_path / "log"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


def setup_code(log: Path) -> str:
    """Return the code that the log tells once the keeper serves."""
    pause = Event()
    for _ in range(int(PATIENCE / 0.1)):
        text = log.read_text()
        found = re.search(r"setup code for the first one is (\S+)", text)
        if found and "the keeper watches" in text:
            return found[1]
        pause.wait(0.1)
    pytest.fail(f"the log never told a code: {log.read_text()}")


def post(url: str, body: dict[str, object]) -> tuple[int, dict[str, object], str]:
    """Return status, answer and cookie."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, json.load(answer), (answer.headers["Set-Cookie"] or "").partition(";")[0]
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error), ""


def test_the_first_user_comes_in_with_the_code_of_the_log(keeper: tuple[str, Path]) -> None:
    """A wrong code is refused, the right one logs in and is worth nothing afterwards."""
    url, log = keeper
    ann: dict[str, object] = {"name": "ann", "password": "correct horse"}
    code = setup_code(log)
    assert post(f"{url}/api/setup", ann | {"code": "AAAA-AAAA-AA"})[0] == 401
    status, told, cookie = post(f"{url}/api/setup", ann | {"code": code})
    assert (status, told["role"]) == (201, "admin") and cookie.startswith("watchkeeper_")
    assert post(f"{url}/api/setup", ann | {"code": code})[0] == 409
    assert post(f"{url}/api/login", ann)[0] == 200


def described(url: str, folder: Path) -> Path:
    """Keep the served description without its ways to log in: each run brings its own."""
    request = urllib.request.Request(f"{url}/api/openapi.json", headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        told = json.load(answer)
    del told["security"], told["components"]["securitySchemes"]
    (folder / "openapi.json").write_text(json.dumps(told))
    return folder / "openapi.json"


def questioned(url: str, folder: Path, shown: list[str], *chosen: str) -> str:
    """Run schemathesis; return what it told, fail where it found anything."""
    command = [str(SCHEMATHESIS), "run", str(described(url, folder)), "--url", url, "--no-color"]
    command += ["--max-examples", EXAMPLES, "--checks", ",".join(CHECKS), "--seed", "7", *chosen]
    command += ["--continue-on-failure", *(word for header in shown for word in ("-H", header))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=170, cwd=folder, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "Authentication failed" not in done.stdout, done.stdout[-3000:]
    return done.stdout


def test_schemathesis_finds_no_error_and_nothing_undocumented(
    keeper: tuple[str, Path], tmp_path: Path
) -> None:
    """Right and wrong questions of every kind: no 500, no status, type or shape beyond the description."""
    if not SCHEMATHESIS.exists():
        reason = (
            "schemathesis is not installed: python -m venv .cache/schemathesis and pip install schemathesis"
        )
        pytest.fail(reason) if os.environ.get("REQUIRE_PEERS") == "1" else pytest.skip(reason)
    url, log = keeper
    first: dict[str, object] = {"code": setup_code(log), "name": "ann", "password": "correct horse"}
    _, told, cookie = post(f"{url}/api/setup", first)
    session = [f"Cookie: {cookie}", f"X-CSRF-Token: {told['csrf']}"]
    own = [word for path in OWN for word in ("--include-path", path)]
    rest = [word for path in (*OWN, *LEFT_OUT) for word in ("--exclude-path", path)]
    assert "Tested: 3" in questioned(url, tmp_path, session, *own)
    count = sum(one.path not in (*OWN, *LEFT_OUT) for one in ENDPOINTS)
    assert f"Tested: {count}" in questioned(url, tmp_path, [f"Authorization: Bearer {TOKEN}"], *rest)
