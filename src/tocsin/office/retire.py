"""Retire: somebody leaves. Their ways in are dropped and their sessions end.

What phones and this node go by is the roll in the log: two stewards' statement takes a steward off it, one steward's a lawyer
(`docs/spec/stewards.md`).
"""

from tocsin.office.room import Office
from tocsin.people import staff
from tocsin.people.staff import Staff


async def retire(office: Office, staff_id: bytes) -> Staff:
    """Raises `StaffUnknown`, `StewardsTooFew`. What they opened they keep."""
    today = office.today
    gone = await office.database.write(lambda c: staff.retire(c, staff_id, today))
    office.sessions.end_all(staff_id, for_good=True)
    return gone
