"""Forget what was said of a matter when it is decided: the keys of reports are overwritten, their rows keep the code alone."""

from sqlalchemy import Connection

from tocsin.alerts import queries
from tocsin.alerts.model import NO_SLOT, MatterId
from tocsin.alerts.room import Alerts, Gone


def forget_said(
    alerts: Alerts, connection: Connection, matter_id: MatterId, *, keep_voices: bool = False
) -> list[Gone]:
    """Photos, voices, notes and answers of all its reports, and who was asked. What `Alerts.overwrite` takes.

    `keep_voices`: until the matter ends, so that whoever was asked hears that nobody is needed.
    """
    reports = queries.reports_of(connection, matter_id)
    queries.change_reports(connection, [one.id for one in reports], slot=NO_SLOT, box=b"")
    if not keep_voices:
        queries.drop_voices(connection, matter_id)
    return alerts.forget_later(connection, [one.slot for one in reports])


def forget_matter(alerts: Alerts, connection: Connection, matter_id: MatterId) -> list[Gone]:
    """The matter with everything that hangs on it, but an alert that still stands."""
    found = queries.matter_for(connection, matter_id)
    slots = [one.slot for one in queries.reports_of(connection, matter_id)]
    queries.drop_matter(connection, matter_id)
    return alerts.forget_later(connection, slots + ([found.slot] if found else []))
