"""One run: a node lives, is seized, and is attacked."""

import contextlib
import random
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from unittest import mock

from tests.seizure import acquire, backups, needles, rooms
from tests.seizure.acquire import BUSY, IDLE, POWERED_OFF, Seized
from tests.seizure.chance import Measured
from tests.seizure.findings import Finding
from tests.seizure.image import Disk, disk
from tests.seizure.inference import Inference
from tests.seizure.leaks import KEY_IN_ENVIRONMENT, SIZES_UNPADDED, Leak
from tests.seizure.people import people
from tests.seizure.rooms import Form, Room
from tests.seizure.town import Town, living
from tests.seizure.truths import Truths
from tests.waiting import wait_until
from tocsin.clock import SystemClock
from tocsin.crypto import envelope, stream
from tocsin.crypto.profiles import INNER_FLOOR

IDLE_S = {True: 10.0, False: 60.0}
MEGABYTES = 96


@dataclass
class Run:
    """What came of it, by variant."""

    truths: Truths = field(default_factory=Truths)
    findings: dict[str, list[Finding]] = field(default_factory=dict)
    figures: dict[str, Measured] = field(default_factory=dict)
    named: frozenset[str] = frozenset()
    """Columns of which THREATS.md says what they tell."""
    words: dict[str, str] = field(default_factory=dict)
    """What the rooms' own classes are, for the page."""
    residuals: list[str] = field(default_factory=list)
    """What is named in THREATS.md and was measured."""
    skipped: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Trial:
    """A node's life and its seizures."""

    def __init__(self, folder: Path, seed: int, *, is_short: bool, is_root: bool) -> None:
        self.folder, self.seed, self.is_short, self.is_root = folder, seed, is_short, is_root

    def clean(self) -> Run:
        """The node as it is: seized in mid-traffic, idle, and powered off."""
        return self._run("clean", Form.SHORT if self.is_short else Form.FULL, (), (BUSY, IDLE, POWERED_OFF))

    def planted(self, leaks: Sequence[Leak]) -> Run:
        """A node with leaks: seized as soon as it is quiet."""
        return self._run(f"planted-{leaks[0].group}", Form.PLANTED, leaks, (IDLE, POWERED_OFF))

    def _run(self, name: str, form: Form, leaks: Sequence[Leak], variants: Sequence[str]) -> Run:
        began, run, here = time.monotonic(), Run(), self.folder / name
        names = [leak.name for leak in leaks]
        source = random.Random(f"{self.seed} {name}")
        with disk(here, MEGABYTES if self.is_short else 4 * MEGABYTES, is_root=self.is_root) as place:
            witnesses = 0 if leaks else 2
            with (
                living(place, here / "elsewhere", witnesses=witnesses, leaks=names) as town,
                outside_help(names, town, run),
            ):
                if self.is_short or leaks:
                    town.extra_environment["SEIZURE_SWEEP_S"] = "2"
                town.start_witnesses()
                if not leaks:
                    town.found()
                town.start()
                lived = self._live(town, run, source, form)
                for room in lived:
                    run.named |= room.named
                    run.words |= room.words
                for variant in variants:
                    seized = self._seize(variant, lived, town, place, here)
                    run.skipped += seized.skipped
                    run.findings[variant] = [*self._attack(seized, lived, run, source)]
                    if variant == POWERED_OFF and place.image:
                        run.residuals += [told for room in lived for told in room.residuals(seized, place.image)]
                    shutil.rmtree(seized.files, ignore_errors=True)
        run.seconds = time.monotonic() - began
        return run

    def _live(self, town: Town, run: Run, source: random.Random, form: Form) -> list[Room]:
        """All the days of all the rooms, by the same people."""
        persons = people(form.persons, source)
        for person in persons:
            for kind, value in person.truths().items():
                run.truths.add(kind, value)
        lived = rooms.plugged(town, run.truths, persons, source, form)
        for room in lived:
            room.after_each_part = partial(look, lived, town.disk.place / "node")
        for day in range(form.days):
            for room in lived:
                room.live(day)
            if day + 1 < form.days:
                town.pass_days(1)
        for room in lived:
            room.end()
        if not town.leaks:
            backups.made(town, run.truths)
        return lived

    def _seize(self, variant: str, lived: Sequence[Room], town: Town, place: Disk, here: Path) -> Seized:
        to = here / variant[:2]
        if variant == POWERED_OFF:
            return acquire.powered_off(town, place, to)
        if variant == IDLE:
            rest(3.0 if town.leaks else IDLE_S[self.is_short])
            return acquire.running(town, place, to, variant, is_root=self.is_root)
        with contextlib.ExitStack() as under_way:
            for room in lived:
                under_way.enter_context(room.mid_traffic())
            return acquire.running(town, place, to, variant, is_root=self.is_root)

    def _attack(self, seized: Seized, lived: Sequence[Room], run: Run, source: random.Random) -> Iterator[Finding]:
        for room in lived:
            room.forget()
        yield from needles.attack(seized, run.truths)
        yield from backups.attack(seized)
        for room in lived:
            yield from room.attack(seized)
            run.figures |= room.figures
        if seized.variant != BUSY:
            inference = Inference(seized, [life for room in lived for life in room.lives], run.named, source)
            yield from inference.attack()
            run.figures |= inference.figures


def look(lived: Sequence[Room], node: Path) -> None:
    """Somebody copies the node's folder."""
    for room in lived:
        room.look(node)


@contextlib.contextmanager
def outside_help(names: Sequence[str], town: Town, run: Run) -> Iterator[None]:
    """What two of the leaks need outside the node: a key in its environment, phones that pad nothing."""
    if KEY_IN_ENVIRONMENT in names:
        secret, _ = envelope.new_identity(SystemClock())
        run.truths.add("identity", secret)
        town.extra_environment["DESK_IDENTITY"] = secret
    if SIZES_UNPADDED in names:
        with mock.patch.object(stream, "padded", lambda length: max(length, INNER_FLOOR)):
            yield
    else:
        yield


def rest(seconds: float) -> None:
    """Nobody asks anything for so long."""
    end = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() > end, seconds + 5, step=0.2)
