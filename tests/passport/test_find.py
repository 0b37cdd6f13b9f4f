"""Which renewal token was whose is asked by few and answered to few: there is a brake, one for everybody."""

import pytest

from tocsin.passport.find import A_MINUTE, MINUTE_S, find
from tocsin.passport.model import FindsMany, IssueRefused
from tocsin.passport.room import Passport

pytestmark = pytest.mark.anyio


@pytest.fixture
def database() -> str:
    """The brake is in memory."""
    return ""


async def test_so_many_ask_in_a_minute_whoever_they_are_and_not_one_more(passport: Passport) -> None:
    for _ in range(A_MINUTE):
        with pytest.raises(IssueRefused):
            await find(passport, [(b"n" * 32, (1).to_bytes(32, "little"))])
    with pytest.raises(FindsMany) as found:
        await find(passport, [(b"n" * 32, (1).to_bytes(32, "little"))])
    assert found.value.fields["retry_after"] == MINUTE_S
    assert len(passport.finds) == A_MINUTE, "what is refused is not counted: the door opens again by itself"
    passport.finds[0] -= MINUTE_S
    with pytest.raises(IssueRefused):
        await find(passport, [])
