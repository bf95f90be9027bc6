"""The verb `tsdb verify` against a running keeper and against a folder at rest."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

BEGIN = 1_700_000_000
LONG = {"retention": {"time": "36500d"}}
CHUNK = 1440


def watchkeeper(*words: str | Path, given: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "watchkeeper", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, input=given, check=False)


def history(chunks: int) -> str:
    """Return an OpenMetrics text of one series that fills some chunks."""
    lines = [f'depth{{n="1"}} {k % 7} {BEGIN + 15 * k}' for k in range(chunks * CHUNK)]
    return "\n".join(["# TYPE depth gauge", "# HELP depth Depth.", *lines, "# EOF", ""])


def damage(folder: Path) -> None:
    """Flip a bit of the first chunk of the history."""
    db = sqlite3.connect(folder / "samples.db")
    ((chunk, data),) = db.execute("SELECT id, data FROM chunks ORDER BY start LIMIT 1")
    db.execute("UPDATE chunks SET data = ? WHERE id = ?", (bytes([data[0] ^ 1]) + data[1:], chunk))
    db.commit()
    db.close()


def test_a_folder_at_rest_is_verified(tmp_path: Path) -> None:
    """0 and the count while all is good; 1, series and times once a bit has changed; then set aside."""
    data = tmp_path / "data"
    watchkeeper("tsdb", "backfill", "-", "--data", data, given=history(3))
    good = watchkeeper("tsdb", "verify", "--data", data)
    assert good.returncode == 0 and f"3 chunks, {3 * CHUNK} samples: all good" in good.stdout, good.stderr
    damage(data)
    bad = watchkeeper("tsdb", "verify", "--data", data)
    assert bad.returncode == 1
    assert 'damaged: depth{n="1"} from 2023-11-14T22:13:20Z to 2023-11-15T04:13:05Z: checksum' in bad.stdout
    assert "3 chunks read, 1 damaged and set aside" in bad.stdout
    assert watchkeeper("tsdb", "verify", "--data", data).returncode == 0
    assert watchkeeper("tsdb", "verify", "--data", tmp_path / "absent").returncode == 2


def test_a_running_keeper_verifies_itself(programs: Any, until: Callable[..., Any]) -> None:
    """The verb follows its run to the end; what is found is told by the API, too, and outlives a restart."""
    keeper = programs.keeper(**LONG)
    watchkeeper("tsdb", "backfill", "-", "--url", keeper.base, given=history(3))
    until(lambda: sealed(keeper.folder) >= 3, "three sealed chunks")
    url = ("--url", keeper.base)
    good = watchkeeper("tsdb", "verify", *url)
    assert good.returncode == 0 and "all good" in good.stdout, (good.stdout, good.stderr)
    damage(keeper.folder / "data")
    told = watchkeeper("tsdb", "verify", "--json", *url)
    found = json.loads(told.stdout)
    assert (told.returncode, found["state"], found["clean"], found["damaged_count"]) == (1, "done", False, 1)
    assert found["damaged"][0]["labels"] == {"__name__": "depth", "n": "1"}
    keeper.end()
    keeper.start()
    kept = keeper.api("admin/tsdb/verify")
    assert kept == found
    assert watchkeeper("tsdb", "verify", *url).returncode == 0
    assert watchkeeper("tsdb", "verify", "--url", "http://127.0.0.1:9").returncode == 2


def sealed(folder: Path) -> int:
    """Return how many chunks of the history are on the disk."""
    db = sqlite3.connect(folder / "data" / "samples.db")
    count: int = db.execute("SELECT COUNT(*) FROM chunks WHERE start < ?", (1_750_000_000_000,)).fetchone()[0]
    db.close()
    return count


def test_a_broken_file_beside_the_samples_is_damage(tmp_path: Path) -> None:
    """1, and SQLite's words behind its name; a folder of whole files counts them."""
    data = tmp_path / "data"
    watchkeeper("tsdb", "backfill", "-", "--data", data, given=history(1))
    db = sqlite3.connect(data / "alerts.db")
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("CREATE TABLE alerts (id INTEGER PRIMARY KEY)")
    db.close()
    whole = watchkeeper("tsdb", "verify", "--data", data)
    assert whole.returncode == 0 and "files that are whole: 2" in whole.stdout, whole.stderr
    (data / "alerts.db").write_bytes(b"no database" * 999)
    broken = watchkeeper("tsdb", "verify", "--data", data)
    assert broken.returncode == 1 and "alerts.db: file is not a database" in broken.stdout
