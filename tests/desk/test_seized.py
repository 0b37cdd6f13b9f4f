"""What the desk's tables tell whoever takes the disk."""

import pytest
from sqlalchemy import select

from tests.desk.lawyer import CLOCK, Lawyer, recorded
from tests.desk.test_papers import sealed
from tests.desk.test_take import taken
from tocsin.desk import decline, hand_over, keep
from tocsin.desk.room import Desk
from tocsin.desk.tables import item, paper
from tocsin.node import Node

pytestmark = pytest.mark.anyio


async def test_a_seized_desk_does_not_say_who_has_what(node: Node, desk: Desk, wren: Lawyer, kestrel: Lawyer) -> None:
    """With every key of the node: nothing of a lawyer stands in a row or in an opened box, and no two rows share anything."""
    phones = [await recorded(node, wren, kestrel) for _ in range(4)]
    for phone in phones[:2]:
        capability = await taken(desk, wren, phone.id)
        note = sealed(wren, b"their A-number is 123456789")
        await keep.keep(desk, wren.caller, phone.id, capability, CLOCK.random_bytes(16), note)
    await hand_over.hand_over(
        desk,
        wren.caller,
        phones[0].id,
        wren.capabilities[phones[0].id],
        wren.hand_over(phones[0].id, phones[0].rk, kestrel),
    )
    for phone in phones[2:]:
        await decline.decline(desk, wren.caller, phone.id, wren.decline(phone.id))
    items = await desk.database.read(lambda c: c.execute(select(item)).all())
    papers = await desk.database.read(lambda c: c.execute(select(paper)).all())
    opened = [desk.open(row.slot, row.recording_id, row.box) for row in [*items, *papers] if row.slot >= 0]
    values = [value for row in [*items, *papers] for value in row if isinstance(value, bytes)]
    secrets = [one.seed for one in (wren, kestrel)]
    for one in (wren, kestrel):
        secrets += [text.encode() for text in (one.name, one.recipient, one.identity, one.caller.key)]
        secrets += one.capabilities.values()
    told = b"\n".join([*values, *opened])
    assert not [secret for secret in [*secrets, b"123456789"] if secret in told]
    digests = [value for row in items for value in (row.digest, row.declined) if value]
    assert len(set(digests)) == len(digests) == 4
