"""A bot with the agent inside, in five lines; run it, then ask http://127.0.0.1:9090/health.

python examples/embed.py [SECONDS]
"""

import asyncio
import sys

from watchkeeper import Watch


async def bot(seconds: float) -> None:
    with Watch("my-bot", version="1.0") as watch:
        orders = watch.counter("bot_orders_total", "Orders sent.")
        watch.heartbeat("loop", limit=5.0).follow(asyncio.get_running_loop())
        watch.check(
            "orders", lambda: orders.value() > 0 or "no order yet", every=1.0, warmup=3.0, critical=True
        )
        watch.started()
        print(f"agent on http://127.0.0.1:{watch.port}/health")
        for _ in range(int(seconds / 0.1)):  # from here on it is your bot
            orders.inc()
            await asyncio.sleep(0.1)


if __name__ == "__main__":
    asyncio.run(bot(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0))
