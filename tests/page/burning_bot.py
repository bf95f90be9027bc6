"""A bot whose hot function is known: `burnt` takes nearly all of its processor time.

python tests/page/burning_bot.py --port 9090
"""

from __future__ import annotations

import argparse
import time

from watchkeeper import Watch

BURST, REST = 0.02, 0.06


def burnt(until: float) -> int:
    rounds = 0
    while time.perf_counter() < until:
        rounds += 1
    return rounds


def main() -> None:
    parser = argparse.ArgumentParser(description="burn processor time in a known function")
    parser.add_argument("--port", type=int, default=9090)
    watch = Watch("burning", version="1.0", port=parser.parse_args().port, need_server=True)
    with watch:
        watch.started()
        while True:
            burnt(time.perf_counter() + BURST)
            time.sleep(REST)


if __name__ == "__main__":
    main()
