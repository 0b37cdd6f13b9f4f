"""Start: what the process before this one knew people by is dropped, before anybody is let in.

Who of the desk spoke, who released, which steward would lift or hold is a mark under a key of that process. Under this one's key the
same person has another mark, so what stays would let one person be two of the two that everything here asks for.
"""

import msgspec
from sqlalchemy import Connection

from tocsin.alerts import brake, confirm, queries, threat
from tocsin.alerts.model import NOBODY, Matter
from tocsin.alerts.publish import CONFIRMER
from tocsin.alerts.room import Alerts
from tocsin.store.erase_keys import KeyErased


async def start(alerts: Alerts) -> None:
    """Confirmers' voices and releases stay: they are known by their own capability. Whatever else is needed is asked for again."""
    await alerts.database.write(lambda c: _turn(alerts, c))


def _turn(alerts: Alerts, connection: Connection) -> None:
    queries.drop_desk_voices(connection)
    for seen in queries.matters(connection):
        try:
            _unmark(alerts, connection, seen)
        except KeyErased:
            continue  # nobody can release it either: its box opens no more
    standing = brake.read(connection)
    if standing.lifting != NOBODY:
        brake.write(connection, msgspec.structs.replace(standing, lifting=NOBODY))
    threat.unmark(connection)


def _unmark(alerts: Alerts, connection: Connection, seen: Matter) -> None:
    held = alerts.held(seen)
    stay = tuple(one for one in held.releases if one[:1] == CONFIRMER)
    if stay != held.releases:
        box = alerts.seal(seen.slot, seen.id, msgspec.structs.replace(held, releases=stay))
        seen = queries.change_matter(connection, seen, box=box)
    confirm.settle(alerts, connection, seen)
