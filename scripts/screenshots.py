"""Take the pictures of the documentation: a keeper and two pretended bots, a fault, a real browser.

Run by `make screenshots`. Writes docs/images/*.png. Needs chromium (`make peers`).
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
CONFIG = """
data: data
listen: {{port: {keeper}}}
global: {{scrape_interval: 1s, scrape_timeout: 500ms}}
scrape_configs:
- job_name: arbbot
  static_configs: [{{targets: ['127.0.0.1:{arbbot}'], labels: {{bot: arbbot}}}}]
- job_name: copybot
  static_configs: [{{targets: ['127.0.0.1:{copybot}'], labels: {{bot: copybot}}}}]
guard: {{enabled: false}}
"""
SCRIPTS = {"arbbot": "examples/fake_bot.py", "copybot": "tests/page/pretended_copybot.py"}
EXPLORED = "#/explore?range=300&q=" + urllib.parse.quote(
    "histogram_quantile(0.95, sum by (le, stage) (rate(mev_processing_latency_seconds_bucket[30s])))"
)
# What stands on a picture, at least; the place; the size.
PICTURES: dict[str, tuple[str, str, tuple[int, int], str]] = {
    "dashboard": ("#/bot/arbbot", "#overall[data-status=unhealthy]", (1400, 1000), "light"),
    "overview": ("#/", "#hour .stretch", (1400, 900), "dark"),
    "alerts": ("#/alerts", ".room.alerts", (1400, 900), "light"),
    "explore": (EXPLORED, ".room.explore canvas", (1400, 900), "light"),
    "profiles": ("#/profiles/arbbot", ".room.profiles", (1400, 900), "light"),
    "keeper": ("#/keeper", ".panel canvas", (1400, 900), "dark"),
    "phone": ("#/", "#overall[data-status=unhealthy]", (390, 844), "light"),
}
# A history to show, in seconds; the keeper profiles once a minute.
PAST = float(os.environ.get("PAST", "150"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(folder: Path) -> Iterator[int]:
    """Run the bots and the keeper; yield the keeper's port."""
    ports = {name: free_port() for name in ("keeper", *SCRIPTS)}
    (folder / "keeper.yaml").write_text(CONFIG.format(**ports))
    words = {
        name: [script, "--port", str(ports[name]), "--faults", str(folder / name)]
        for name, script in SCRIPTS.items()
    }
    words["keeper"] = ["-m", "watchkeeper", "keep", "--config", str(folder / "keeper.yaml")]
    processes = []
    try:
        for name, rest in words.items():
            with (folder / f"{name}.log").open("wb") as log:
                processes.append(subprocess.Popen([sys.executable, *rest], cwd=ROOT, stdout=log, stderr=log))
        yield ports["keeper"]
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(20)


def until_up(port: int) -> None:
    """Wait for the keeper; raise TimeoutError after half a minute."""
    for _ in range(150):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=5).close()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
        else:
            return
    raise TimeoutError("the keeper never served")


def take(browser: Any, port: int, name: str) -> None:
    """Take one picture once what it must show is there."""
    place, shows, (width, height), scheme = PICTURES[name]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{port}/{place}")
    page.wait_for_selector(shows, timeout=30_000)
    page.wait_for_timeout(4000)
    page.screenshot(path=str(IMAGES / f"{name}.png"))
    context.close()
    print(f"docs/images/{name}.png", flush=True)


def main() -> int:
    """Take what was asked for, all where nothing was."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        print("screenshots: chromium is not installed: run `make peers`", file=sys.stderr)
        return 1
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, running(Path(place)) as port, sync_playwright() as driver:
        until_up(port)
        print(f"waiting {PAST:.0f} s for a history to show", flush=True)
        time.sleep(PAST)
        (Path(place) / "arbbot").write_text("feed rpc")
        time.sleep(12)
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name in sys.argv[1:] or PICTURES:
            take(browser, port, name)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
