"""F4: the disk fills up. Refused plainly, nothing acknowledged falsely; encounters and deletions go on; no restart is needed."""

import asyncio
import os
import time
from collections import Counter
from pathlib import Path

from tests.encounters.phone import Phone
from tests.faults import image, readback
from tests.faults.crowd import Crowd, Logged
from tests.faults.f01_kill import check_everything
from tests.faults.image import Disk
from tests.faults.outcome import Outcome
from tests.faults.readback import Tally
from tests.faults.served import Served, health, serving
from tests.faults.wire import Answer, Wire
from tests.waiting import wait_until

MEGABYTES = 56
BALLAST = 6 << 20
SECOND_BYTES = 100_000
PATIENCE_S = 60.0


class Full:
    """A node on a small disk, and phones of three kinds at its door."""

    def __init__(self, node: Served, disk: Disk) -> None:
        self.node, self.disk = node, disk
        self.crowd = Crowd(node.share_recipient, width=2, longest=6)
        self.wire = Wire(node.port)
        self.heard: Counter[str] = Counter()
        self.to_erase = self.recording(seconds=4)
        self.rehearsal = self.recording(seconds=10_000, kind="rehearsal")
        self.encounter = self.recording(seconds=10_000)

    def recording(self, seconds: int, kind: str = "encounter") -> Logged:
        one = Logged(Phone(self.node.share_recipient, kind=kind), seconds, size=SECOND_BYTES)
        self.crowd.going.append(one)
        return one

    async def second(self, one: Logged) -> Answer:
        """One more second, or once more the one that was refused; a refusal must say when to come back."""
        if len(one.raws) == len(one.receipts):
            one.raws.append(one.phone.second(os.urandom(SECOND_BYTES)))
        seq = len(one.receipts)
        answer = await one.ask(self.wire, "PUT", f"/chunks/{seq}", one.phone.upload, one.raws[seq])
        if answer.status == 200:
            one.receipts[seq] = answer.body
        else:
            assert (answer.status, answer.code) == (507, "disk_full"), answer.body
            assert int(answer.headers["retry-after"]) > 0
        self.heard[f"{one.phone.kind} {answer.status}"] += 1
        return answer

    async def begin(self) -> None:
        """Everybody has begun; one recording is whole and may be erased."""
        await self.to_erase.go_on(self.wire)
        for one in (self.rehearsal, self.encounter):
            await one._begin(self.wire)
            assert (await self.second(one)).status == 200

    def fill(self) -> None:
        """Take all the space there is, as another program on the machine might."""
        descriptor = os.open(self.disk.place / "filler", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for piece in (1 << 20, 64 << 10, 4 << 10):
            try:
                while True:
                    os.posix_fallocate(descriptor, os.fstat(descriptor).st_size, piece)
            except OSError:
                continue
        os.close(descriptor)

    def free(self) -> None:
        (self.disk.place / "filler").unlink()

    async def until(self, one: Logged, status: int) -> int:
        """Seconds of `one` until one is answered so; how many it took."""
        began, count = time.monotonic(), 1
        while (await self.second(one)).status != status:
            count += 1
            assert time.monotonic() - began < PATIENCE_S, f"{one.phone.kind} never heard {status}"
        return count


async def go_through(full: Full, still_full_s: float) -> dict[str, int]:
    """Fill the disk and look at what each hears, in order."""
    told: dict[str, int] = {}
    await full.begin()
    full.fill()
    told["encounter_seconds_after_full"] = await full.until(full.encounter, 507)
    assert (await full.second(full.rehearsal)).status == 507, "a rehearsal took from the reserve"
    full.fill()  # whoever took the space takes the last crumbs too
    started = full.recording(seconds=3)
    answer = await full.wire.ask("POST", "/encounters", b"", started.phone.start_json())
    told["start_when_full"] = answer.status
    assert answer.status in (201, 507), answer.body
    full.crowd.going.remove(started)
    erased = await full.wire.ask("POST", f"{full.to_erase.path}/erase", full.to_erase.owner)
    assert erased.status == 202, (erased.status, erased.body)
    gone = await full.wire.ask("GET", f"{full.to_erase.path}/sealed", full.to_erase.owner)
    assert gone.code in ("recording_erased", "disk_full"), gone.body
    full.to_erase.step = "erased"
    began = time.monotonic()
    while time.monotonic() - began < still_full_s:
        await full.second(full.encounter)
        assert health(full.node.port)["ready"]
        await asyncio.sleep(0.05)
    full.free()
    began = time.monotonic()
    await full.until(full.encounter, 200)
    told["ms_until_taken_again"] = round((time.monotonic() - began) * 1000)
    full.wire.close()
    return told


def run(folder: Path, *, is_full: bool) -> tuple[Tally, dict[str, int]]:
    """Fill, refuse, erase, free, go on: one process throughout."""
    with (
        image.mounted(folder, MEGABYTES) as disk,
        serving(folder / "trial", disk.place / "node", ballast_bytes=BALLAST) as node,
    ):
        node.start()
        pid, full = node.pid, Full(node, disk)
        told = asyncio.run(go_through(full, 60.0 if is_full else 1.0))
        if is_full:
            wait_until(lambda: ballast(node) >= BALLAST, 90)
            asyncio.run(taken_again(full))
        assert (node.pid, node.exit_code) == (pid, None)
        tally = check_everything(node, full.crowd)
        assert tally.erased == 1
        node.kill()
        node.start()
        asyncio.run(check_erased(full))
    return tally, {**told, **{name.replace(" ", "_"): count for name, count in sorted(full.heard.items())}}


async def taken_again(full: Full) -> None:
    """With the reserve whole, a rehearsal is taken too."""
    await full.until(full.rehearsal, 200)
    full.wire.close()


async def check_erased(full: Full) -> None:
    """The erasure asked for on the full disk stands after a kill too."""
    wire = Wire(full.node.port)
    await readback.check_erased(wire, full.to_erase)
    wire.close()


def ballast(node: Served) -> int:
    """Bytes in reserve."""
    return (node.place / "ballast").stat().st_blocks * 512


def perform(folder: Path, is_full: bool) -> Outcome:
    """A minute on a full disk, or a second."""
    if reason := image.why_not():
        return Outcome(is_good=True, skipped=[f"F4 altogether: {reason}"])
    tally, told = run(folder, is_full=is_full)
    return Outcome(tally.is_good, {**told, "acknowledged": tally.acknowledged, "lost": tally.lost})
