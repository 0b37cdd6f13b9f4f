"""With the key and both full logs nobody links a token to its issue; and the attacks find clients that do it wrong."""

import random

import pytest

from tests.passport.linking import HONEST, WRONG, attacked


def test_an_honest_members_tokens_are_linked_no_better_than_by_chance() -> None:
    assert not [found for found in attacked(HONEST, 300, random.Random(7)) if found.is_linked]


@pytest.mark.parametrize("name", WRONG)
def test_a_client_that_does_it_wrong_is_linked(name: str) -> None:
    assert any(found.is_linked for found in attacked(WRONG[name], 150, random.Random(7)))
