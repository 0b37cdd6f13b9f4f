"""What kinds of files the registry takes in, by the name an operator types."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tocsin.registry import decp, ftm, mapped, ocds, osm, usaspending
from tocsin.registry.importing import Bad, Read
from tocsin.registry.model import Row, folded


@dataclass(frozen=True)
class Given:
    """What is said of a file beside its bytes."""

    dataset: str
    url: str = ""
    """Where it was got from: the source of claims whose row names none."""
    mapping: Path | None = None
    """The mapping file of a table."""


@dataclass(frozen=True)
class Format:
    """`open`: how its rows are read. `tells_filters`: its rows say by what they are found; else that is worked out after."""

    open: Callable[[Given], Callable[[Path], Read]]
    tells_filters: bool = False


def _table(given: Given) -> Callable[[Path], Read]:
    if given.mapping is None:
        raise mapped.MappingMalformed
    return mapped.reader(mapped.mapping_of(given.mapping), given.dataset)


FORMATS: Mapping[str, Format] = {
    "csv": Format(_table),
    "decp": Format(lambda given: decp.reader(given.url)),
    "ftm": Format(lambda given: ftm.reader(given.url, given.dataset)),
    "ocds": Format(lambda given: ocds.reader(given.url)),
    "osm": Format(lambda given: osm.reader(given.url)),
    "statements": Format(lambda _: ftm.read_statements),
    "usaspending": Format(lambda _: usaspending.read, tells_filters=True),
}


def only(words: Iterable[str], read: Callable[[Path], Read]) -> Callable[[Path], Read]:
    """`read`, and of a file about everything only rows in which one of these words or phrases stands; the others are counted."""
    wanted = tuple(f" {folded(one)} " for one in words if folded(one))

    def asked(row: Row) -> bool:
        said = (f" {folded(claim.value)} " for draft in row.drafts for claim in draft.claims)
        return any(one in text for text in said for one in wanted)

    def some(path: Path) -> Iterator[Row | Bad]:
        for row in read(path):
            yield row if not isinstance(row, Row) or asked(row) else Bad(row.number, "not_asked_for")

    return some if wanted else read
