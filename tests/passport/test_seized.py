"""What the passport's tables tell whoever takes the disk."""

import asyncio
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.passport.conftest import COHORTS, MovableClock
from tests.passport.member import CHALLENGE, CLOCK, issued, key_of
from tocsin.node import Node
from tocsin.passport import keep, tables
from tocsin.passport.model import Role
from tocsin.passport.redeem import check, redeem
from tocsin.passport.room import Passport
from tocsin.tlog.token_keys import EPOCH_S

pytestmark = pytest.mark.anyio


@pytest.fixture
def database() -> str:
    """What a row holds does not depend on the database."""
    return ""


async def test_a_seized_disk_ties_no_token_to_a_mark_after_its_week(
    node: Node, passport: Passport, clock: MovableClock
) -> None:
    """Somebody copied the tables in mid-week, takes phones with the tokens, and comes for the rest when the week is over."""
    raws, secrets = issued(key_of(passport), 20), [CLOCK.random_bytes(32) for _ in range(20)]
    for raw, secret in zip(raws, secrets, strict=True):
        await redeem(passport, raw, CHALLENGE, secret, b"an act")
    seeds = [passport.erase_keys.key(one.key.slot) for one in passport.awake.values()]
    rows = await passport.database.read(lambda c: c.execute(select(tables.spent)).all())
    spending = await check(passport, raws[0], CHALLENGE, secrets[0], b"an act")
    assert (spending.mark, spending.again) in {(row.mark, row.again) for row in rows}, "while the seed lives, it tells"
    clock.ms += EPOCH_S * 1000
    await keep.keep(passport)
    disk = await asyncio.to_thread(Path(node.settings.folder, "erase.keys").read_bytes)
    old = [seed for seed in seeds if seed not in disk]
    over = COHORTS * sum(role.renews is None for role in Role)
    assert len(old) == over, "those of the week that is over are nowhere; but renewal has a week more"
    values = {value for row in rows for value in (row.mark, row.again)}
    known = [*raws, *secrets, *(raw[-64:] for raw in raws), *(raw[2:34] for raw in raws)]
    plain = {sha256(one).digest() for one in known} | {one[:32] for one in known} | {one[-32:] for one in known}
    assert len(values) == 40
    assert not values & plain
