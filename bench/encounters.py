"""`./run bench encounters`: seconds received, side by side with servers for resumable uploads.

Ours is the real node: every answer is a signed receipt for a chunk that was hashed, checked and synced. The peers write to a file
and answer; neither syncs.
"""

import statistics
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from bench import verify
from bench._load import Lane, Loaded, closed, paced
from bench._machine import CLIENT_CORE, cpu_s, described, own_folder, pin, resident_mb, say
from bench._phones import phones
from bench._report import Headline, asked, finish, table
from bench._servers import CITY_BEAT_S, Server, node, share_recipient, tus_node, tus_python
from bench._tus import Upload

AT_ONCE = 16
WARMING = 8
"""A server is warmed by this part of a round."""
DISK_MS = 4
"""What a cheap disk takes for a sync."""
GOAL_RATIO, GOAL_P99_MS, GOAL_MB = 5, 500, 400


class Size(NamedTuple):
    """How much is measured: rounds, chunks of a connection in a round (ours, peers), phones and their seconds."""

    rounds: int
    chunks: int
    peer_chunks: int
    phones: int
    seconds: int


SHORT, FULL = Size(2, 200, 40, 200, 20), Size(5, 500, 80, 1000, 120)


class Round(NamedTuple):
    """One round at one server."""

    rate: float
    server_us: float
    client_share: float


def main() -> None:
    given = asked("Seconds received: how many, how soon, in how much memory.")
    size = SHORT if given.is_short else FULL
    size = size._replace(rounds=given.runs or size.rounds)
    pin(CLIENT_CORE)
    with own_folder() as folder:
        print(described(folder), flush=True)
        found = throughput(folder, size)
        print_throughput(found)
        slow = crowd(folder, size)
        checked = verify.measured(folder, is_short=given.is_short)
    ours, peer = (statistics.median(one.rate for one in found[name]) for name in ("tocsin", "@tus/server"))
    print_crowd(size, *slow)
    received = Headline("chunks_per_second", round(ours), round(peer), round(ours / peer, 2), "chunks/s")
    finish(given, [received, checked])


def throughput(folder: Path, size: Size) -> dict[str, list[Round]]:
    """Rounds in turn, so that whatever else the machine does falls on all of them."""
    found: dict[str, list[Round]] = {}
    with ExitStack() as running:
        ours = running.enter_context(node(_fresh(folder, "ours")))
        slow = running.enter_context(
            node(_fresh(folder, "slow"), {"TOCSIN_SYNC_DELAY_MS": str(DISK_MS)}),
        )
        javascript = running.enter_context(tus_node(_fresh(folder, "tus")))
        python = running.enter_context(tus_python(_fresh(folder, "tuspy")))
        takes: list[tuple[str, Server, Callable[[Server, int], list[Lane]], int]] = [
            ("tocsin", ours, own_lanes, size.chunks),
            ("@tus/server", javascript, peer_lanes, size.peer_chunks),
            ("tuspyserver", python, peer_lanes, size.peer_chunks),
            (f"tocsin, sync + {DISK_MS} ms", slow, own_lanes, size.chunks),
        ]
        for name, server, lanes, count in takes:
            say(f"warming {name}")
            _round(server, lanes(server, count // WARMING))
        for number in range(size.rounds):
            for name, server, lanes, count in takes:
                say(f"round {number + 1} of {size.rounds}: {name}")
                found.setdefault(name, []).append(_round(server, lanes(server, count)))
    return found


def own_lanes(server: Server, count: int) -> list[Lane]:
    """Recordings begun and sealed, ready to send."""
    made = phones(server.address, AT_ONCE, count, share_recipient(server))
    return [Lane(server.address, phone.requests(), 200) for phone in made]


def peer_lanes(server: Server, count: int) -> list[Lane]:
    """Uploads begun, ready to send."""
    made = [Upload(server.address, "/files", count) for _ in range(AT_ONCE)]
    return [Lane(server.address, upload.requests(), 204) for upload in made]


def crowd(folder: Path, size: Size) -> tuple[Loaded, float, float]:
    """Many phones, one chunk a second each: what came, the node's memory (MB, most), its share of a core.

    As in earnest: a city's beat, and no core kept from the node; the phones use what they must of the second one.
    """
    with node(_fresh(folder, "crowd"), beat_s=CITY_BEAT_S, is_pinned=False) as server:
        say(f"{size.phones} phones begin")
        made = phones(server.address, size.phones, size.seconds, share_recipient(server))
        say(f"{size.phones} phones send a chunk a second for {size.seconds} s")
        used = cpu_s(server.pid)
        loaded = paced([Lane(server.address, phone.requests(), 200) for phone in made], 1.0)
        return loaded, resident_mb(server.pid, "VmHWM"), (cpu_s(server.pid) - used) / loaded.seconds


def print_throughput(found: dict[str, list[Round]]) -> None:
    rows = []
    peer = statistics.median(one.rate for one in found["@tus/server"])
    for name, rounds in found.items():
        rate = statistics.median(one.rate for one in rounds)
        spread = f"{min(one.rate for one in rounds):.0f} to {max(one.rate for one in rounds):.0f}"
        cpu = statistics.median(one.server_us for one in rounds)
        client = max(one.client_share for one in rounds)
        rows.append([name, f"{rate:.0f}", spread, f"{cpu:.0f}", f"{client:.0%}", f"{rate / peer:.2f}"])
    print(f"\n{AT_ONCE} connections, 64 KiB chunks, server on one core, client on the other")
    table(["server", "chunks/s", "rounds", "server CPU us/chunk", "client CPU", "ratio"], rows)


def print_crowd(size: Size, loaded: Loaded, most_mb: float, share: float) -> None:
    times = [f"{percentile(loaded.latencies_s, share_of) * 1000:.1f}" for share_of in (0.5, 0.99, 1.0)]
    print(f"\n{size.phones} phones, a chunk a second each, {size.seconds} s")
    table(
        ["", "answered", "p50 ms", "p99 ms", "worst ms", "server MB, most", "server CPU", "client CPU"],
        [
            ["tocsin", f"{loaded.answered}", *times, f"{most_mb:.0f}", f"{share:.0%}", f"{loaded.client_share:.0%}"],
            ["goal", "all", "", f"{GOAL_P99_MS}", "", f"{GOAL_MB}", "", ""],
        ],
    )


def percentile(values: list[float], share: float) -> float:
    """The value that `share` of them do not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def _round(server: Server, lanes: list[Lane]) -> Round:
    used = cpu_s(server.pid)
    loaded = closed(lanes)
    spent = (cpu_s(server.pid) - used) / loaded.answered * 1e6
    return Round(loaded.answered / loaded.seconds, spent, loaded.client_share)


def _fresh(folder: Path, name: str) -> Path:
    place = folder / name
    place.mkdir()
    return place


if __name__ == "__main__":
    main()
