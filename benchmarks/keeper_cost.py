"""What the keeper costs while the demo runs, beside a real Prometheus scraping the same bots.

The demo is started without faults, with both bots; after a warm-up the processes' CPU time and memory are
read from /proc over a minute. No page is open. Prometheus (where installed) scrapes the same agents each
second, too, without rules.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from fleet.processes import Family
from fleet.starting import Start, Wish
from fleet.wire import free_port

WARM, SECONDS = 20.0, 60.0
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory(pid: int) -> tuple[float, float]:
    """Return resident and private memory (MiB)."""
    rows = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    kib = {name: int(value.split()[0]) for name, value in rows.items()}
    return kib["Rss"] / 1024, (kib["Private_Clean"] + kib["Private_Dirty"]) / 1024


def start_prometheus(family: Family, folder: Path, ports: list[int]) -> int | None:
    """Start the peer; return its pid, None where it is not installed."""
    program = shutil.which("prometheus")
    if program is None:
        return None
    config = folder / "prometheus.yml"
    targets = ", ".join(f"'127.0.0.1:{port}'" for port in ports)
    config.write_text(
        "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
        f"scrape_configs: [{{job_name: bots, static_configs: [{{targets: [{targets}]}}]}}]\n"
    )
    listen = f"--web.listen-address=127.0.0.1:{free_port(0)}"
    words = [program, f"--config.file={config}", f"--storage.tsdb.path={folder / 'tsdb'}", listen]
    return family.start("prometheus", words, folder / "prometheus.log").pid


def main() -> dict[str, dict[str, Any]]:
    """Measure and give the figures."""
    family = Family()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        ports = [free_port(0) for _ in range(3)]
        wish = Wish(folder / "demo", keeper_port=ports[0], bot_port=ports[1], copy_port=ports[2])
        try:
            Start(wish, family, lambda line: None).run()
            pids = {name: family.pid(name) for name in ("keeper", "arbbot", "copybot")}
            peer = start_prometheus(family, folder, ports[1:])
            if peer is not None:
                pids["prometheus"] = peer
            time.sleep(WARM)
            before = {name: cpu_seconds(pid) for name, pid in pids.items()}
            time.sleep(SECONDS)
            used = {name: (cpu_seconds(pid) - before[name]) / SECONDS * 100 for name, pid in pids.items()}
            held = {name: memory(pid) for name, pid in pids.items()}
        finally:
            family.stop()
    return figures(used, held)


def figures(used: dict[str, float], held: dict[str, tuple[float, float]]) -> dict[str, dict[str, Any]]:
    """Put the figures beside the peer's."""
    goals = {"keeper": ("<= 60", "< 0.5")}
    rows: dict[str, dict[str, Any]] = {}
    for name, (resident, private) in held.items():
        memory_goal, cpu_goal = goals.get(name, (None, None))
        other = name == "keeper" and "prometheus" in held
        told = "prometheus 2.42, same bots, 1 s" if other else None
        rows[f"{name}, resident memory"] = {
            "value": resident, "unit": "MiB", "peer": told, "goal": memory_goal,
            "ratio": resident / held["prometheus"][0] if other else None,
        }  # fmt: skip
        rows[f"{name}, private memory"] = {"value": private, "unit": "MiB"}
        rows[f"{name}, processor"] = {
            "value": used[name], "unit": "% of core", "peer": told, "goal": cpu_goal,
            "ratio": used[name] / used["prometheus"] if other and used["prometheus"] else None,
        }  # fmt: skip
    return rows
