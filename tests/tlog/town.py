"""A small world: a log, witnesses behind in-memory HTTP, and a log that lies."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import httpx

from tests.tlog.conftest import BEAT, ORIGIN, MovableClock
from tocsin.crypto.keys import PostQuantumKey, SigningKey
from tocsin.store.blobs import DiskBlobs
from tocsin.tlog import entry
from tocsin.tlog.ask import WitnessAddress, Witnesses
from tocsin.tlog.cosignature import Cosigner
from tocsin.tlog.log import Log
from tocsin.tlog.witness import Witness
from tocsin.tlog.witness_server import WitnessServer
from tocsin.tlog.witness_state import WitnessState

LOG_KEY = SigningKey(b"l" * 32)


class Dead(httpx.AsyncBaseTransport):
    """Takes a request and never answers."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError


class Town:
    """One log and its witnesses `w1`, `w2`, ... Nothing leaves the process."""

    def __init__(self, place: Path, witnesses: int = 2) -> None:
        self.place, self.clock = place, MovableClock()
        self.log = self.open_log("log")
        self.servers: dict[str, Witness] = {}
        for number in range(1, witnesses + 1):
            self.start_witness(f"w{number}", new=True)

    def open_log(self, folder: str) -> Log:
        return Log.open(DiskBlobs(self.place / folder), ORIGIN, LOG_KEY, self.clock)

    def state_of(self, name: str) -> DiskBlobs:
        return DiskBlobs(self.place / name)

    def start_witness(self, name: str, *, new: bool = False) -> Witness:
        """Start or restart a witness from what is on its disk."""
        blobs = self.state_of(name)
        state = WitnessState.begin(blobs, self.clock.ms) if new else WitnessState.load(blobs)
        seed = name.encode().ljust(32, b"\0")
        cosigner = Cosigner(f"{name}.example", SigningKey(seed), PostQuantumKey(seed))
        self.servers[name] = Witness(cosigner, [self.log.vkey], state, self.clock)
        return self.servers[name]

    @property
    def addresses(self) -> list[WitnessAddress]:
        return [
            WitnessAddress(f"http://{name}.example", witness.cosigner.vkeys, is_outside=True)
            for name, witness in self.servers.items()
        ]

    def client(self, dead: str = "") -> httpx.AsyncClient:
        """A client that reaches the witnesses; `dead` takes requests and never answers."""
        mounts: dict[str, httpx.AsyncBaseTransport | None] = {
            f"http://{name}.example": Dead() if name == dead else httpx.ASGITransport(WitnessServer(witness))
            for name, witness in self.servers.items()
        }
        return httpx.AsyncClient(mounts=mounts)

    def witnesses(self, client: httpx.AsyncClient) -> Witnesses:
        return Witnesses(self.addresses, client)

    def beat(self, log: Log | None = None, given: Sequence[bytes] = (b"\7" * 32,), number: int = 1) -> None:
        """Append one beat and let a minute pass."""
        self.clock.ms += 60_000
        (log or self.log).append_beat(BEAT + 60 * number, [entry.beat_entry(raw) for raw in given])
