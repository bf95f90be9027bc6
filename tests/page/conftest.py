"""What the page's tests share: a real keeper with two pretended bots, and a real browser that looks at them.

`house` has no users, so everybody on loopback may look; `guarded` has an admin, an operator and a viewer.
SCREENSHOTS names a folder that gets a picture of what each test calls `picture`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "packages/watchkeeper/src/watchkeeper/keeper/web/static"
BUILT = Path(os.environ.get("WATCHKEEPER_PAGE") or STATIC) / "index.html"
PATIENCE = 60_000
PASSWORD = "correct horse battery"
PEOPLE = {"ann": "admin", "oliver": "operator", "vera": "viewer"}
CONFIG = """
data: data
listen: {{port: {port}}}
global: {{scrape_interval: 250ms, scrape_timeout: 200ms}}
scrape_configs:
- job_name: arb
  static_configs: [{{targets: ['127.0.0.1:{arbbot}'], labels: {{bot: arbbot}}}}]
- job_name: copy
  static_configs: [{{targets: ['127.0.0.1:{copybot}'], labels: {{bot: copybot}}}}]
rules: {{pack: false}}
guard: {{enabled: false}}
judge: {{every: 250ms, target_down: {{for: 500ms}}}}
"""
Opened = Callable[..., Any]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip by name without the page; the browser is a peer."""
    absent = pytest.mark.skipif(not BUILT.exists(), reason="the page is not built: run `make setup`")
    for item in items:
        if Path(item.path).parent == Path(__file__).parent:
            item.add_marker(absent)
            item.add_marker(pytest.mark.peer("chromium"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class House:
    """Two pretended bots and a keeper, each a process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = {name: free_port() for name in ("keeper", "arbbot", "copybot")}
        self.faults = {name: folder / f"{name}.faults" for name in ("arbbot", "copybot")}
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        ports = {name: port for name, port in self.ports.items() if name != "keeper"}
        (folder / "keeper.yaml").write_text(CONFIG.format(port=self.ports["keeper"], **ports))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports['keeper']}/"

    def words(self, name: str) -> list[str]:
        if name == "keeper":
            return ["-m", "watchkeeper", "keep", "--config", str(self.folder / "keeper.yaml")]
        script = {"arbbot": "examples/fake_bot.py", "copybot": "tests/page/pretended_copybot.py"}[name]
        return [script, "--port", str(self.ports[name]), "--faults", str(self.faults[name])]

    def start(self, *names: str) -> None:
        kept = {"WATCHKEEPER_PAGE"}
        strange = ("METRICS_", "WATCHKEEPER_")
        environment = {k: v for k, v in os.environ.items() if k in kept or not k.startswith(strange)}
        for name in names:
            with (self.folder / f"{name}.log").open("ab") as log:
                command = [sys.executable, *self.words(name)]
                self.running[name] = subprocess.Popen(
                    command, cwd=ROOT, stdout=log, stderr=log, env=environment
                )

    def end(self, name: str) -> None:
        process = self.running.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait(20)

    def close(self) -> None:
        for name in list(self.running):
            self.end(name)

    def well(self) -> None:
        """Take every fault back."""
        for path in self.faults.values():
            path.write_text("")

    def setup_code(self) -> str:
        """Return the code for the first user that the keeper's log tells."""
        pause = Event()
        for _ in range(200):
            found = re.search(r"setup code for the first one is ([\w-]+)", self.log("keeper"))
            if found:
                return found.group(1)
            pause.wait(0.1)
        raise AssertionError(f"the keeper told no setup code: {self.log('keeper')[-2000:]}")

    def log(self, name: str) -> str:
        path = self.folder / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def until_known(self) -> dict[str, Any]:
        """Return the overview once the keeper serves and knows every bot's components."""
        pause = Event()
        for _ in range(200):
            with contextlib.suppress(OSError):
                told: dict[str, Any] = self.ask("api/overview")
                if told["bots"] and all(bot["components"] for bot in told["bots"]):
                    return told
            pause.wait(0.1)
        raise AssertionError(f"the keeper does not know the bots: {self.log('keeper')[-2000:]}")

    def ask(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=20) as answer:
            return json.load(answer)


def make_house(folder: Path) -> House:
    made = House(folder)
    made.well()
    made.start("arbbot", "copybot", "keeper")
    return made


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Yield a headless Chromium; while its driver lives no other loop can run in this thread."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        path = shutil.which("chromium")
        found = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Yield two well bots and their keeper, without users."""
    made = make_house(tmp_path_factory.mktemp("page"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def keeper_alone() -> Callable[..., House]:
    """Return keeper_alone(folder, every): a house with a keeper and no bot; the test closes it."""

    def made(folder: Path, every: str = "250ms") -> House:
        house = House(folder)
        config = folder / "keeper.yaml"
        config.write_text(config.read_text().replace("judge: {every: 250ms", f"judge: {{every: {every}"))
        house.start("keeper")
        return house

    return made


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Yield a keeper with an admin, an operator and a viewer; their password is PASSWORD."""
    made = make_house(tmp_path_factory.mktemp("guarded"))
    populate(made)
    yield made
    made.close()


def populate(house: House) -> None:
    """Make the people of a house."""
    first, *others = PEOPLE.items()
    made, cookie = sent(
        house, "api/setup", {"code": house.setup_code(), "name": first[0], "password": PASSWORD}
    )
    shown = {"Cookie": cookie, "X-CSRF-Token": made["csrf"]}
    for name, role in others:
        sent(house, "api/users", {"name": name, "role": role, "password": PASSWORD}, shown)


def sent(
    house: House, path: str, body: Any, headers: dict[str, str] | None = None
) -> tuple[dict[str, Any], str]:
    asked = urllib.request.Request(house.url + path, json.dumps(body).encode(), method="POST")
    for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
        asked.add_header(name, value)
    with urllib.request.urlopen(asked, timeout=20) as answer:
        return json.load(answer), (answer.headers.get("Set-Cookie") or "").partition(";")[0]


@pytest.fixture
def open_page(browser: Any) -> Iterator[Opened]:
    """Return open(house, hash, **context): a fresh browser's page; at the end no console told an error."""
    wrong: list[str] = []
    contexts: list[Any] = []

    def opened(house: House, place: str = "#/", **options: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1400, "height": 1000}, **options})
        contexts.append(context)
        shown = context.new_page()
        shown.set_default_timeout(PATIENCE)
        shown.on("pageerror", lambda error: wrong.append(str(error)))
        shown.on("console", lambda said: wrong.append(said.text) if "Content Security" in said.text else None)
        until_open(shown, house.url + place)
        return shown

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


def until_open(shown: Any, url: str) -> None:
    """Load the page; the keeper may still be starting."""
    from playwright.sync_api import Error

    for _ in range(200):
        try:
            shown.goto(url)
        except Error:
            shown.wait_for_timeout(100)
        else:
            return
    pytest.fail("the keeper never served the page")


@pytest.fixture
def log_in() -> Callable[[Any, str], None]:
    """Return log_in(page, name): fill the form of the login as a person would."""

    def entered(shown: Any, name: str) -> None:
        shown.fill("#login [name=name]", name)
        shown.fill("#login [name=password]", PASSWORD)
        shown.click("#login button[type=submit]")
        shown.wait_for_selector("#visitor small")

    return entered


@pytest.fixture
def picture() -> Callable[[Any, str], None]:
    """Return picture(page, name): keep a screenshot where SCREENSHOTS names a folder."""

    def taken(shown: Any, name: str) -> None:
        folder = os.environ.get("SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            shown.screenshot(path=str(Path(folder) / f"{name}.png"))

    return taken


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
    const apart = '.unseen, .skip, noscript, script, svg, :disabled, [aria-disabled=true]';
    if (!own || element.closest(apart) || !element.getClientRects().length) continue;
    const pair = [light(parse(getComputedStyle(element).color)), light(ground(element))];
    const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    if (!(ratio >= 4.5)) poor.push(`${element.className} "${element.textContent.slice(0, 20)}" ${ratio}`);
  }
  return poor;
}
"""


@pytest.fixture
def poor_contrast() -> Callable[[Any], list[str]]:
    """Return poor_contrast(page): the texts below 4.5 to 1 (WCAG AA); what cannot be used is left out."""

    def found(shown: Any) -> list[str]:
        shown.emulate_media(reduced_motion="reduce")
        told: list[str] = shown.evaluate(CONTRAST)
        return told

    return found
