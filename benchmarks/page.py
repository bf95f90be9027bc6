"""What the page weighs, how soon it paints, and what five open pages cost the keeper beside none.

A keeper watches two pretended bots each second. Weight is what crosses the wire for the first view, and for
all views, packed as served. First contentful paint is the browser's own figure on loopback, the median of
seven fresh browsers' loads. The keeper's CPU is read from /proc in turns: no page, five pages, no page ...
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import tempfile
import time
import urllib.request
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
# A script, not a package: it starts the same keeper and bots for the pictures of the documentation.
screenshots = import_module("screenshots")

LOADS, PAGES, ROUNDS, SECONDS = 7, 5, 3, 20.0
TICKS = os.sysconf("SC_CLK_TCK")
ROUTES = ("#/", "#/bot/arbbot", "#/alerts", "#/explore", "#/boards", "#/profiles", "#/keeper", "#/login")
PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
Figures = dict[str, dict[str, Any]]


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def keeper_pid(port: int) -> int:
    """Return the process that keeps, by its own account."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as answer:
        return int(json.load(answer)["pid"])


def opened(browser: Any, url: str, wire: list[int] | None = None) -> Any:
    """Return a page of a fresh context; wire collects the bytes of the page's own files."""
    page = browser.new_context(viewport={"width": 1400, "height": 900}).new_page()
    if wire is not None:
        page.on("response", lambda answer: wire.append(weight(answer)))
    page.goto(url)
    page.wait_for_selector("#link[data-alive=true]", timeout=30_000)
    return page


def weight(answer: Any) -> int:
    return 0 if "/api/" in answer.url else int(answer.headers.get("content-length", 0))


def weights(browser: Any, url: str) -> tuple[int, int]:
    """Return the bytes of the first view, and of all views together."""
    wire: list[int] = []
    page = opened(browser, url, wire)
    page.wait_for_timeout(500)
    first = sum(wire)
    for route in ROUTES:
        page.evaluate("(route) => { location.hash = route; }", route)
        page.wait_for_timeout(1000)
    page.context.close()
    return first, sum(wire)


def paints(browser: Any, url: str) -> float:
    """Return the median first contentful paint in seconds."""
    found: list[float] = []
    for _ in range(LOADS):
        page = opened(browser, url)
        found.append(float(page.evaluate(PAINT)) / 1000)
        page.context.close()
    return statistics.median(found)


def share(pid: int, page: Any) -> float:
    """Return the keeper's share of one core while the browser's pages live on."""
    began, used = time.monotonic(), cpu_seconds(pid)
    page.wait_for_timeout(SECONDS * 1000)
    return (cpu_seconds(pid) - used) / (time.monotonic() - began)


def shares(browser: Any, url: str, pid: int, place: str) -> tuple[float, float]:
    """Return the keeper's median shares of a core without a page and with five of them."""
    idle = browser.new_context().new_page()
    none, five = [], []
    for _ in range(ROUNDS):
        none.append(share(pid, idle))
        pages = [opened(browser, url + place) for _ in range(PAGES)]
        five.append(share(pid, idle))
        for page in pages:
            page.context.close()
    return statistics.median(none), statistics.median(five)


def figures(browser: Any, port: int) -> Figures:
    url, pid = f"http://127.0.0.1:{port}/", keeper_pid(port)
    first, whole = weights(browser, url)
    found: Figures = {
        "first view, packed": {"value": first / 1000, "unit": "kB"},
        "all views, packed": {
            "value": whole / 1000,
            "unit": "kB",
            "goal": "<= 150",
            "ok": whole <= 150_000,
        },
        "first contentful paint, loopback": {"value": paints(browser, url) * 1000, "unit": "ms"},
    }
    for name, place in (("overview", "#/"), ("a bot's page", "#/bot/arbbot")):
        none, five = shares(browser, url, pid, place)
        row = {"value": 100 * five, "unit": "% of core", "peer": f"no page: {100 * none:.2f} %"}
        found[f"keeper's CPU, {PAGES} pages on {name}"] = {**row, "ratio": five / none if none else None}
    return found


def main() -> Figures:
    """Measure and give the figures."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        print("  chromium is not installed: nothing is measured; run `make peers`")
        return {}
    with (
        tempfile.TemporaryDirectory() as place,
        screenshots.running(Path(place)) as port,
        sync_playwright() as driver,
    ):
        screenshots.until_up(port)
        time.sleep(20)
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        found = figures(browser, port)
        browser.close()
    return found
