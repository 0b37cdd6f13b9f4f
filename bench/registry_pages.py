"""`./run bench registry_pages`: pages of the registry at fifty a second, from a real node that holds the import of `registry`.

Searches with their counts, contracts, sellers and agencies in turn, each at its own moment: p95 of the time to the whole page. There
is no peer: a registry that searches without a server of its own for it is not to be had.
"""

from collections.abc import Iterator
from itertools import cycle, islice
from random import Random

import msgspec

from bench._load import Lane, Loaded, Parts, ask, paced
from bench._machine import CLIENT_CORE, described, own_folder, pin, resident_mb, say
from bench._report import Headline, asked, finish, table
from bench._servers import Server, node
from bench.registry import WORDS, ranked, synthetic

RATE = 50
SECONDS, SHORT_SECONDS = 60, 15
LANES = 50
GOAL_MS = 50
KINDS = ("search", "contract", "seller", "agency")
FIRST_SELLERS, SELLERS, AGENCIES = 600, 1_500, 20
"""How fast sellers become rarer, how many of them surely occur, and how many agencies there are."""


def main() -> None:
    given = asked("Pages of the registry at fifty a second.")
    pin(CLIENT_CORE)
    with own_folder() as folder:
        print(described(folder), flush=True)
        path = synthetic(folder / "us.csv")
        command = ["registry", "import", "--format", "usaspending", "--dataset", "us", str(path)]
        say("Taking in the rows, by command before the node runs.")
        with node(folder, before=command) as server:
            seconds = SHORT_SECONDS if given.is_short else SECONDS
            found = {kind: loaded(server, [kind], seconds) for kind in KINDS}
            found["all in turn"] = loaded(server, KINDS, seconds)
            memory = resident_mb(server.pid)
    rows = [[kind, *(f"{part:.1f}" for part in spread(one))] for kind, one in found.items()]
    table(["pages, 50 a second", "p50 ms", "p95 ms", "most ms"], [*rows, ["goal", "", f"{GOAL_MS}", ""]])
    print(f"the node's memory afterwards: {memory:.0f} MB")
    p95 = spread(found["all in turn"])[1]
    finish(given, [Headline("page_p95_ms", round(p95, 1), GOAL_MS, round(GOAL_MS / p95, 2), "ms (peer: the goal)")])


def loaded(server: Server, kinds: tuple[str, ...] | list[str], seconds: int) -> Loaded:
    """`RATE` pages a second for so long, the same ones each time."""
    pages = [request(page) for page in islice(addresses(server, kinds), RATE * seconds)]
    lanes = [Lane(server.address, iter(pages[at::LANES]), 200) for at in range(LANES)]
    return paced(lanes, LANES / RATE)


def addresses(server: Server, kinds: tuple[str, ...] | list[str]) -> Iterator[str]:
    """Pages that somebody would ask for, by turns."""
    draw = Random(14)
    contracts = contract_ids(server, draw) if "contract" in kinds else []
    for kind in cycle(kinds):
        if kind == "search":
            year = f"&year={draw.randint(2018, 2023)}" if draw.random() < 0.5 else ""
            yield f"/en/registry?q={ranked(draw)}+{draw.choice(WORDS)}{year}"
        elif kind == "contract":
            yield f"/en/registry/entity/{draw.choice(contracts)}"
        elif kind == "seller":
            yield f"/en/registry/entity/us-u{int(draw.expovariate(1 / FIRST_SELLERS)) % SELLERS}"
        else:
            yield f"/en/registry/entity/us-agency-agency-office-{draw.randint(1, AGENCIES)}"


def contract_ids(server: Server, draw: Random) -> list[str]:
    found: set[str] = set()
    for word in draw.sample(WORDS, 10):
        answer = ask(server.address, request(f"/registry/search.json?q={word}")[0], 200)
        hits = msgspec.json.decode(answer.partition(b"\r\n\r\n")[2])["results"]
        found |= {hit["id"] for hit in hits if hit["schema"] == "Contract"}
    return sorted(found)


def request(page: str) -> Parts:
    return [f"GET {page} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()]


def spread(one: Loaded) -> tuple[float, float, float]:
    times = sorted(one.latencies_s)
    return tuple(times[min(len(times) - 1, int(len(times) * part))] * 1000 for part in (0.5, 0.95, 1))  # type: ignore[return-value]  # three of them


if __name__ == "__main__":
    main()
