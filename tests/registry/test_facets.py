"""Counting what a search found: the same as counting one by one, whatever the codes."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tocsin.registry.facets import FACETS, code_of, counts_of, packed

CODES = st.builds(code_of, st.sampled_from(FACETS), st.integers(0, 2**28 - 1) | st.integers(0, 5))


@given(st.lists(st.frozensets(CODES, max_size=8), max_size=60))
def test_codes_are_counted_as_one_by_one(entities: list[frozenset[int]]) -> None:
    found = counts_of(b"".join(map(packed, entities)))
    assert sorted(found) == sorted(
        (many, code) for code, many in Counter(code for one in entities for code in one).items()
    )
