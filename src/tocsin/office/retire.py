"""Retire: somebody leaves. Their ways in are dropped, their sessions end, and their keys are taken off the lists in the log."""

from base64 import b64encode
from hashlib import sha256

from sqlalchemy import Connection

from tocsin.crypto import canonical
from tocsin.office.room import Office
from tocsin.people import desk_keys, staff, steward_keys
from tocsin.people.staff import Staff
from tocsin.tlog import entry as entries
from tocsin.tlog import public


async def retire(office: Office, staff_id: bytes) -> Staff:
    """Raises `StaffUnknown`, `StewardsTooFew`. What they opened they keep; new recordings go without them from the next beat on."""
    today = office.today

    def let_go(connection: Connection) -> Staff:
        gone = staff.retire(connection, staff_id, today)
        _take_off(connection, gone, office.now_s)
        return gone

    gone = await office.database.write(let_go)
    office.sessions.end_all(staff_id)
    return gone


def _take_off(connection: Connection, gone: Staff, now_s: int) -> None:
    """Only what stands there or waits to: a removal of a key that nobody knows would make it known."""
    key = b64encode(gone.signing_key).decode()
    lists = (
        (steward_keys.KIND, entries.STEWARD_KEY, key, steward_keys.body("remove", key, gone.pseudonym, now_s)),
        (
            desk_keys.KIND,
            entries.DESK_KEY,
            gone.recipient,
            desk_keys.body("remove", gone.recipient, "", gone.pseudonym, now_s),
        ),
    )
    known = [one.entry for kind, *_ in lists for one in public.standing(connection, kind)]
    known += [entry for _, entry in public.waiting(connection)]
    for kind, line, named, body in lists:
        if any(entry.startswith(line) and named.encode() in entry for entry in known):
            entry = line + canonical.dumps(body)
            public.queue(connection, sha256(entry).digest(), kind, entry)
