"""The page in a real browser: it shows what is, lives, comes back, and can be used by everyone."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
BUILT = ROOT / "packages/watchkeeper/src/watchkeeper/keeper/web/static/index.html"
PATIENCE = 20_000
MOST_BYTES = 150_000
CONFIG = """
data: data
listen: {{port: {port}}}
global: {{scrape_interval: 250ms, scrape_timeout: 200ms}}
scrape_configs:
- job_name: arb
  static_configs: [{{targets: ['127.0.0.1:{bot}'], labels: {{bot: arbbot}}}}]
rules: {{pack: false}}
guard: {{enabled: false}}
judge: {{every: 250ms, target_down: {{for: 500ms}}}}
"""

pytestmark = [
    pytest.mark.peer("chromium"),
    pytest.mark.skipif(not BUILT.exists(), reason="the page is not built: run `make setup`"),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class House:
    """A fake bot and a keeper."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.bot_port = free_port(), free_port()
        self.faults = folder / "faults"
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        (folder / "keeper.yaml").write_text(CONFIG.format(port=self.port, bot=self.bot_port))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self, name: str) -> None:
        bot = ["examples/fake_bot.py", "--port", str(self.bot_port), "--faults", str(self.faults)]
        keeper = ["-m", "watchkeeper", "keep", "--config", str(self.folder / "keeper.yaml")]
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("METRICS_", "WATCHKEEPER_"))}
        with (self.folder / f"{name}.log").open("ab") as log:
            words = [sys.executable, *(bot if name == "bot" else keeper)]
            self.running[name] = subprocess.Popen(words, cwd=ROOT, stdout=log, stderr=log, env=environment)

    def end(self, name: str) -> None:
        process = self.running.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait(20)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Yield a headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        path = shutil.which("chromium")
        found = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Yield a well bot and its keeper."""
    made = House(tmp_path_factory.mktemp("page"))
    made.start("bot")
    made.start("keeper")
    yield made
    for process in made.running.values():
        process.kill()
        process.wait(20)


@pytest.fixture
def page(browser: Any, house: House) -> Iterator[Any]:
    """Yield the page, loaded and healthy; at its end nothing was wrong in the browser's console."""
    house.faults.write_text("")
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    shown = context.new_page()
    wrong: list[str] = []
    shown.on("pageerror", lambda error: wrong.append(str(error)))
    shown.on("console", lambda said: wrong.append(said.text) if "Content Security" in said.text else None)
    until_open(shown, house.url)
    shown.wait_for_selector("#overall[data-status=healthy]", timeout=PATIENCE)
    yield shown
    context.close()
    assert wrong == []


def until_open(shown: Any, url: str) -> None:
    """Load the page; the keeper may still be starting."""
    from playwright.sync_api import Error

    for _ in range(100):
        try:
            shown.goto(url)
            return
        except Error:
            shown.wait_for_timeout(100)
    pytest.fail("the keeper never served the page")


def test_one_look_tells_that_all_is_well(page: Any) -> None:
    """State in words, every component, numbers in human units, charts that hold curves."""
    assert "All is well" in page.inner_text("#overall")
    names = page.locator("#components h3").all_inner_texts()
    assert {"feed", "rpc", "pools", "executor"} <= set(names)
    page.wait_for_function(
        "document.querySelector('.figure b')?.textContent.includes('ETH')", timeout=PATIENCE
    )
    page.wait_for_selector(".panel canvas", timeout=PATIENCE)
    page.wait_for_function(
        "document.querySelector('.legend output')?.textContent.includes('/s')", timeout=PATIENCE
    )
    assert page.title().startswith("healthy")


def test_a_fault_shows_what_failed_why_and_since_when(page: Any, house: House) -> None:
    """Live, without loading again; and its recovery, too."""
    house.faults.write_text("feed")
    page.wait_for_selector("#overall[data-status=unhealthy]", timeout=PATIENCE)
    assert "feed is unhealthy: no frame" in page.inner_text("#overall")
    card = page.locator("#components .card").first
    assert (
        "feed" in card.inner_text() and "unhealthy" in card.inner_text() and "no frame" in card.inner_text()
    )
    page.wait_for_selector("#alerts [data-status=firing]", timeout=PATIENCE)
    assert "for " in page.locator("#overall time").inner_text()
    house.faults.write_text("")
    page.wait_for_selector("#overall[data-status=healthy]", timeout=PATIENCE)
    page.wait_for_selector("#alerts [data-status=resolved]", timeout=PATIENCE)


def test_a_lost_keeper_is_unknown_and_its_return_is_seen(page: Any, house: House) -> None:
    """A page that hears nothing does not say healthy; it comes back by itself."""
    house.end("keeper")
    page.wait_for_selector("#overall[data-status=unknown]", timeout=PATIENCE)
    assert "does not answer" in page.inner_text("#overall")
    house.start("keeper")
    page.wait_for_selector("#overall[data-status=healthy]", timeout=PATIENCE)
    assert page.inner_text("#link") == "live"


@pytest.mark.parametrize("width", [390, 768, 1400, 2560])
def test_no_width_scrolls_sideways(page: Any, width: int) -> None:
    """From a phone to a wide screen."""
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_selector(".panel canvas", timeout=PATIENCE)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


CONTRAST = """
() => {
  const parse = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
  const linear = (part) => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) =>
    0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    const hidden = element.closest('.unseen, .skip, noscript, script') || !element.getClientRects().length;
    if (!own || hidden) continue;
    const pair = [light(parse(getComputedStyle(element).color)), light(ground(element))];
    const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    if (!(ratio >= 4.5)) poor.push(`${element.className} "${element.textContent.slice(0, 20)}" ${ratio}`);
  }
  return poor;
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("faults", ["", "feed rpc"])
def test_every_text_can_be_read(page: Any, house: House, scheme: str, faults: str) -> None:
    """Contrast of at least 4.5 to 1 (WCAG AA), well and unwell, light and dark."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    house.faults.write_text(faults)
    page.wait_for_selector(f"#overall[data-status={'unhealthy' if faults else 'healthy'}]", timeout=PATIENCE)
    assert page.evaluate(CONTRAST) == []


def test_the_keyboard_reaches_everything(page: Any) -> None:
    """Skip link, bots, ranges, theme and charts take the focus; arrows move a chart's cursor."""
    page.wait_for_selector(".panel canvas", timeout=PATIENCE)
    seen = set()
    for _ in range(20):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.className || document.activeElement.name"))
    assert {"skip", "bot", "range", "plain", "panel"} <= seen
    page.locator(".panel").first.focus()
    page.keyboard.press("ArrowLeft")
    label = page.locator(".panel").first.get_attribute("aria-label")
    assert label is not None and label.startswith("Throughput.") and "messages" in label


def test_states_are_told_by_word_and_shape_as_well(page: Any) -> None:
    """Without colour every card still says its state."""
    for card in page.locator("#components .card").all():
        assert card.locator(".word").inner_text() in {"healthy", "degraded", "unhealthy", "unknown"}
        assert card.locator(".shape svg").count() == 1


def test_the_theme_and_the_range_are_remembered(page: Any) -> None:
    """A choice outlives a reload."""
    page.click("#theme")
    page.click("#theme")
    page.check("#ranges input[value='3600']")
    page.reload()
    page.wait_for_selector("#overall[data-status=healthy]", timeout=PATIENCE)
    assert page.get_attribute("html", "data-theme") == "dark"
    assert page.locator("#ranges input:checked").get_attribute("value") == "3600"


def test_the_page_is_light_and_asks_nobody_else(browser: Any, house: House, page: Any) -> None:
    """Everything comes from the keeper, packed below the limit of bytes."""
    context = browser.new_context()
    shown = context.new_page()
    answers: list[Any] = []
    shown.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 (a method cannot be wrapped)
    shown.goto(house.url)
    shown.wait_for_selector("#overall[data-status]", timeout=PATIENCE)
    assert all(answer.url.startswith(house.url) for answer in answers)
    files = [answer for answer in answers if "/api/" not in answer.url]
    assert sum(int(answer.headers.get("content-length", 0)) for answer in files) <= MOST_BYTES
    assert any(answer.headers.get("content-encoding") in ("br", "gzip") for answer in files)
    context.close()
