"""A file's promises, and how each is taken out of it."""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from tests.rules.tree import ROOT

RUN = ROOT / "docs" / "run"


class Promise(NamedTuple):
    """`is_kept` reads the text of a file; each of `spoilt` is a pattern and what a careless hand would put in its place."""

    is_kept: Callable[[str], bool]
    spoilt: tuple[tuple[str, str], ...]


def broken(text: str, promises: Mapping[str, Promise]) -> set[str]:
    """Promises the text does not keep."""
    return {name for name, promise in promises.items() if not promise.is_kept(text)}


def check(text: str, promises: Mapping[str, Promise]) -> None:
    """The text keeps every promise, and each is missed when it is spoilt. Raises `AssertionError`."""
    assert broken(text, promises) == set()
    for name, promise in promises.items():
        assert promise.spoilt, name
        for pattern, instead in promise.spoilt:
            other, count = re.subn(pattern, instead, text, flags=re.MULTILINE)
            assert count, (name, pattern)
            assert name in broken(other, promises), f"{name}: nobody misses {pattern}"
