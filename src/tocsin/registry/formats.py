"""What kinds of files the registry takes in, by the name an operator types."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tocsin.registry import ftm, usaspending
from tocsin.registry.importing import Read


@dataclass(frozen=True)
class Given:
    """What is said of a file beside its bytes."""

    dataset: str
    url: str = ""
    """Where it was got from: the source of claims whose row names none."""


@dataclass(frozen=True)
class Format:
    """`open`: how its rows are read. `tells_filters`: its rows say by what they are found; else that is worked out after."""

    open: Callable[[Given], Callable[[Path], Read]]
    tells_filters: bool = False


FORMATS: Mapping[str, Format] = {
    "ftm": Format(lambda given: ftm.reader(given.url, given.dataset)),
    "statements": Format(lambda _: ftm.read_statements),
    "usaspending": Format(lambda _: usaspending.read, tells_filters=True),
}
