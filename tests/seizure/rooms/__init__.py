"""The rooms as the trial lives them: one file each, found by being here.

A file has `plug(town, truths, persons, source, form) -> Room`. Whatever it adds to `truths` is searched for everywhere and in every
form; what it calls `lives` is asked of every column of every table: does it tell the order, does it tell the person, does a time
stand beside it?
"""

import importlib
import pkgutil
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from enum import Enum, auto
from pathlib import Path
from typing import Protocol

from tests.seizure.acquire import Seized
from tests.seizure.chance import Measured
from tests.seizure.findings import Finding
from tests.seizure.people import Person
from tests.seizure.town import Town
from tests.seizure.truths import Truths


class Form(Enum):
    """How much is lived: the short form, the full one, or a day on a node with planted leaks."""

    SHORT = auto()
    FULL = auto()
    PLANTED = auto()

    @property
    def days(self) -> int:
        return {Form.SHORT: 3, Form.FULL: 7, Form.PLANTED: 1}[self]

    @property
    def persons(self) -> int:
        return {Form.SHORT: 14, Form.FULL: 100, Form.PLANTED: 12}[self]


class Life(Protocol):
    """One thing that somebody did on the node and that has a number there."""

    @property
    def id(self) -> bytes:
        """As the database has it."""

    @property
    def person(self) -> Person:
        """Who did it."""

    @property
    def began(self) -> int:
        """Its place in the true order."""

    @property
    def day(self) -> int:
        """The simulated day, from 0."""

    @property
    def last_ms(self) -> int:
        """Its last exact moment, Unix ms by the node's clock; 0 for none."""


class Room(Protocol):
    """One room: its truths, its workload, what only it can be asked."""

    named: frozenset[str]
    """Columns of which THREATS.md says what they tell."""
    words: Mapping[str, str]
    """What its classes of truths are, for the page."""

    @property
    def lives(self) -> Sequence[Life]:
        """Everything done so far, in its true order."""

    figures: dict[str, Measured]
    """What its own attack measured, found or not."""
    after_each_part: Callable[[], None]

    def live(self, day: int) -> None:
        """One day, with everything that goes wrong on it."""

    def end(self) -> None:
        """What comes after the last day, before anything is seized: what is taken off the node, what its owners can still see."""

    def mid_traffic(self) -> AbstractContextManager[None]:
        """Requests that are under way while the block runs."""

    def look(self, node: Path) -> None:
        """Somebody copies the node's folder, as a thief may at any moment."""

    def forget(self) -> None:
        """Add what was erased meanwhile to the truths: it must be nowhere now."""

    def attack(self, seized: Seized) -> Iterator[Finding]:
        """What only this room can be asked."""

    def residuals(self, seized: Seized, image: Path) -> Iterator[str]:
        """What THREATS.md names, measured."""


def plugged(town: Town, truths: Truths, persons: Sequence[Person], source: random.Random, form: Form) -> list[Room]:
    """Every room there is a file of."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return [module.plug(town, truths, persons, source, form) for module in modules]
