"""A circle of fifteen people: from the phone's request until the last push service has its message, and until the phone is answered.

The node is a real process on one core; the phone and the push service share the other. Forty circles, told one after the other; then
ten at once. There is no peer that tells people whom it does not know; beside each figure stands the goal of five seconds.
"""

import asyncio
import time
from statistics import median, quantiles
from typing import Any

import httpx

from bench import _servers as servers
from bench._machine import cpu_s, own_folder
from bench._report import Headline, asked, finish, table
from tests.circle.phone import PLACES, Contact, Owner
from tests.deliver.services import Service, serving

CIRCLES, AT_ONCE = 40, 10
GOAL_MS = 5_000.0
PATIENCE_S = 60.0


async def measured(count: int) -> tuple[list[float], list[float], list[float], float]:
    """Seconds: to the last receiver, to the answer, both alone; to the answer of ten at once. And processor seconds a telling."""
    async with serving() as service:
        with own_folder() as folder, servers.node(folder, push_services=[service.origin]) as server:
            url = f"http://{server.address[0]}:{server.address[1]}"
            async with httpx.AsyncClient(base_url=url, timeout=PATIENCE_S) as client:
                circles = [await filled(client, service) for _ in range(count)]
                before = cpu_s(server.pid)
                alone = [await told(client, service, owner) for owner in circles]
                used = (cpu_s(server.pid) - before) / count
                at_once = await asyncio.gather(*(answered(client, owner) for owner in circles[:AT_ONCE]))
    return [last for last, _ in alone], [answer for _, answer in alone], list(at_once), used


async def filled(client: httpx.AsyncClient, service: Service) -> Owner:
    """A circle that is full."""
    owner = Owner()
    await ask(client, "begin", owner.begin({at: f"text {at}" for at in range(PLACES)}))
    people: list[Contact] = [owner.contact(at, service.origin) for at in range(PLACES)]
    for one in people:
        await ask(client, "place", one.fill())
    return owner


async def told(client: httpx.AsyncClient, service: Service, owner: Owner) -> tuple[float, float]:
    """To the last receiver, to the answer."""
    service.came.clear()
    began, last = time.perf_counter(), asyncio.create_task(all_came(service))
    await ask(client, "tell", owner.tell())
    answer = time.perf_counter() - began
    return await last - began, answer


async def all_came(service: Service) -> float:
    while len(service.came) < PLACES:
        await asyncio.sleep(0.001)
    return time.perf_counter()


async def answered(client: httpx.AsyncClient, owner: Owner) -> float:
    began = time.perf_counter()
    await ask(client, "tell", owner.tell())
    return time.perf_counter() - began


async def ask(client: httpx.AsyncClient, act: str, body: dict[str, Any]) -> None:
    answer = await client.post(f"/circle/{act}", json=body)
    answer.raise_for_status()


def main() -> None:
    """Measure, and print."""
    given = asked(__doc__ or "")
    count = AT_ONCE if given.is_short else CIRCLES
    last, answer, at_once, used = asyncio.run(measured(count))
    parts = (
        ("last of 15 reached", last),
        ("phone answered", answer),
        (f"phone answered, {AT_ONCE} circles at once", at_once),
    )
    rows = [[name, *(f"{value:.0f} ms" for value in spread(figures)), f"{GOAL_MS:.0f} ms"] for name, figures in parts]
    table([f"{count} circles of {PLACES}", "p50", "p95", "most", "goal"], rows)
    print(f"The node used {used * 1000:.0f} ms of processor time a telling.")
    finish(
        given,
        [
            Headline(
                f"{name} p95, beside its goal",
                round(spread(figures)[1], 1),
                GOAL_MS,
                round(GOAL_MS / spread(figures)[1], 1),
                "ms",
            )
            for name, figures in parts
        ],
    )


def spread(seconds: list[float]) -> tuple[float, float, float]:
    """Median, 95th percentile and most, in ms."""
    return median(seconds) * 1000, quantiles(seconds, n=20)[-1] * 1000, max(seconds) * 1000


if __name__ == "__main__":
    main()
