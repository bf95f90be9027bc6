"""Open for an hour, twenty at once: the page holds no more at the end than at the beginning.

The hour is simulated. A script that runs before the page's own gives it a clock that can be moved, and an
EventSource that the test feeds; timers run as the clock is moved. The keeper's real answers are behind
every other question.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

PAGES = 20
ROUTES = ("#/", "#/bot/arbbot", "#/bot/copybot", "#/keeper")
HOUR = 3600
# One event a second with LONG=1, as the keeper tells them; else one in thirty.
EVENTS = 3600 if os.environ.get("LONG") == "1" else 120
MOST_MORE_BYTES = 4_000_000
MOST_MORE_NODES = 400

TIME_MACHINE = """
(() => {
  const born = Date.now();
  let ahead = 0, told = 0;
  const real = Date.now.bind(Date), RealDate = Date;
  window.Date = class extends RealDate {
    constructor(...given) { given.length ? super(...given) : super(real() + ahead); }
    static now() { return real() + ahead; }
  };
  const timers = new Map();
  let next = 1;
  window.setInterval = (run, every) => {
    timers.set(next, { run, every: Math.max(every || 0, 50), due: Date.now() + (every || 0) });
    return next++;
  };
  window.clearInterval = (id) => timers.delete(id);
  window.sources = [];
  window.EventSource = class {
    constructor(url) { this.url = url; this.readyState = 1; this.heard = {}; window.sources.push(this); }
    addEventListener(name, listener) { (this.heard[name] ??= []).push(listener); }
    close() { this.readyState = 2; window.sources = window.sources.filter((one) => one !== this); }
    send(name, data) {
      const event = { data: JSON.stringify(data), lastEventId: `run-${++told}` };
      for (const listener of this.heard[name] ?? []) listener(event);
    }
  };
  window.EventSource.CLOSED = 2;
  /** Move the clock, tell what changed, and run the timers that fell due, each once. */
  window.pass = async (seconds, name, data) => {
    ahead += seconds * 1000;
    for (const source of window.sources) source.send(name, data);
    for (const timer of [...timers.values()]) {
      if (timer.due > Date.now()) continue;
      timer.due = Date.now() + timer.every;
      timer.run();
    }
    await new Promise((done) => setTimeout(done, 0));
  };
  window.timersHeld = () => timers.size;
  /** What the keeper would tell at event `number`: rows that move on, numbers, a component that flips. */
  const told_at = (whole, number, seconds) => {
    const time = whole.time + number * seconds;
    const rows = (make) => Array.from({ length: 40 }, (_, row) => make(number - row));
    const bots = structuredClone(whole.bots);
    for (const bot of bots) {
      const part = bot.components[number % bot.components.length];
      if (number % 20 >= 15) [part.status, part.reason, part.since] = ["unhealthy", `fault ${number}`, time];
    }
    const figures = structuredClone(whole.figures);
    for (const row of Object.values(figures).flat()) if (row.unit !== "wei") row.value = number;
    return {
      time, bots, figures, keeper: { ...whole.keeper, samples: number },
      flips: rows((at) => ({
        at: time - number + at, subject: "component/arbbot/feed", from_state: "healthy",
        to_state: "unhealthy", reason: String(at), severity: "critical",
      })),
      alerts: rows((at) => ({
        fingerprint: String(at), status: "firing", labels: { alertname: "A", bot: "arbbot" },
        annotations: { summary: String(at) }, starts_at: time, ends_at: null,
      })),
    };
  };
  window.live = async (whole, first, last, seconds) => {
    for (let number = first; number < last; number++) {
      await window.pass(seconds, "changes", told_at(whole, number, seconds));
    }
  };
})();
"""


def held(shown: Any, session: Any) -> tuple[int, int]:
    """Return the bytes of the heap in use after a collection, and the nodes of the document."""
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")["usedSize"]
    nodes = shown.evaluate("() => document.getElementsByTagName('*').length")
    return int(used), int(nodes)


def live_through(shown: Any, whole: dict[str, Any], first: int, last: int) -> None:
    shown.evaluate("(given) => window.live(...given)", [whole, first, last, HOUR / EVENTS])


@pytest.fixture
def endured(house: Any, browser: Any) -> Any:
    """Return open(hash): a page with the moved clock, and its session of the browser's own protocol."""
    contexts = []

    def opened(place: str) -> tuple[Any, Any]:
        context = browser.new_context(viewport={"width": 1200, "height": 800})
        contexts.append(context)
        shown = context.new_page()
        shown.add_init_script(TIME_MACHINE)
        shown.goto(house.url + place)
        shown.wait_for_function("() => window.sources.length === 1")
        return shown, context.new_cdp_session(shown)

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.timeout(1800 if os.environ.get("LONG") == "1" else 420)
def test_twenty_pages_open_for_an_hour_do_not_grow(house: Any, endured: Any) -> None:
    """Heap and document after the second half of the hour are those after the first."""
    house.well()
    whole = house.until_known()
    pages = [endured(ROUTES[number % len(ROUTES)]) for number in range(PAGES)]
    grown = []
    for shown, session in pages:
        shown.evaluate("(whole) => window.pass(0, 'overview', whole)", whole)
        live_through(shown, whole, 0, EVENTS // 2)
        bytes_before, nodes_before = held(shown, session)
        timers = shown.evaluate("() => window.timersHeld()")
        live_through(shown, whole, EVENTS // 2, EVENTS)
        bytes_after, nodes_after = held(shown, session)
        grown.append((bytes_after - bytes_before, nodes_after - nodes_before))
        assert shown.evaluate("() => window.timersHeld()") == timers
    for more_bytes, more_nodes in grown:
        assert more_bytes < MOST_MORE_BYTES, grown
        assert more_nodes < MOST_MORE_NODES, grown


def test_going_to_and_fro_leaves_nothing_behind(house: Any, endured: Any) -> None:
    """Every view that is left takes its timers, its charts and its elements with it."""
    house.well()
    whole = house.until_known()
    shown, session = endured("#/")

    def round_trip() -> None:
        for place in ROUTES:
            shown.evaluate("(place) => { location.hash = place; }", place)
            name = place.removeprefix("#/").split("/")[0] or "overview"
            shown.wait_for_selector(f".room.{name} > *")
            shown.evaluate("(whole) => window.pass(1, 'overview', whole)", whole)

    for _ in range(3):
        round_trip()
    before, _ = held(shown, session)
    timers = shown.evaluate("() => window.timersHeld()")
    for _ in range(10):
        round_trip()
    after, _ = held(shown, session)
    assert shown.evaluate("() => window.timersHeld()") == timers
    assert after - before < MOST_MORE_BYTES
