"""Decide: what two stewards sign together, as a steward's page shows it. What is signed is made, shown and signed in the browser.

`Office.ask` and `Office.hand_in` are the node's own (`stewardship`), handed over by the composition root.
"""

import json
from base64 import b64encode
from collections.abc import Iterable
from typing import Any

import msgspec

from tocsin.office.room import Office
from tocsin.people import staff
from tocsin.people.staff import Role, Staff, State

Told = dict[str, Any]


class Proposal(msgspec.Struct, frozen=True):
    """What a steward may sign first: its act, whom or what it is about, and the statement's own fields as JSON."""

    act: str
    about: str
    fields: str


class Decisions(msgspec.Struct, frozen=True):
    """`waiting`: signed statements as they are, canonical JSON. `counts`: whether who asks is on the roll and counts now."""

    waiting: tuple[str, ...]
    proposals: tuple[Proposal, ...]
    holds: tuple[Told, ...]
    frozen: tuple[str, ...]
    """Recordings that a lawyer froze, by number."""
    days: dict[str, int]
    number: int
    """Of the retention table that would be next."""
    is_founded: bool
    counts: bool


async def decisions(office: Office, me: Staff) -> Decisions:
    """As things stand now."""
    asked = ("stewards", "desk", "alert-desk", "holds", "retention")
    roll, desk, alert_desk, holds, kept = [await told(office, ask) for ask in asked]
    everybody = await office.database.read(staff.everybody)
    here = [one for one in everybody if one.state is State.ACTIVE]
    stewards, lawyers = roll.get("stewards", []), desk.get("lawyers", [])
    dispatchers = alert_desk.get("dispatchers", [])
    numbers = [one["number"] for part in (roll, desk, alert_desk, holds, kept) for one in part.get("waiting", [])]
    waiting = [(await told(office, "statement", number=number)).get("signed", "") for number in numbers]
    table, now = kept.get("table") or {}, roll.get("now", office.now_s)
    own = [one for one in stewards if one["key"] == _std(me.signing_key)]
    return Decisions(
        waiting=tuple(one for one in waiting if one),
        proposals=(
            *_of_stewards(me, here, stewards),
            *_of_desk(here, lawyers, Role.LAWYER, "desk"),
            *_of_desk(here, dispatchers, Role.DISPATCHER, "alert-desk"),
        ),
        holds=tuple(holds.get("holds", [])),
        frozen=tuple(holds.get("frozen", [])),
        days=dict(table.get("days", {})),
        number=int(table.get("number", 0)) + 1,
        is_founded=bool(stewards),
        counts=any(one["counts_from"] <= now for one in own),
    )


def _of_stewards(me: Staff, here: list[Staff], on_roll: list[Told]) -> Iterable[Proposal]:
    """Founding while nobody is on the roll; then adding who is here and is not, and removing who is."""
    known = {one["key"] for one in on_roll}
    others = [one for one in here if Role.STEWARD in one.roles and _std(one.signing_key) not in known]
    if not on_roll:
        for one in others:
            if one.id != me.id and Role.STEWARD in me.roles:
                yield Proposal("steward-found", one.pseudonym, _keys(_steward(me), _steward(one)))
        return
    yield from (Proposal("steward-add", one.pseudonym, _keys(_steward(one))) for one in others)
    for listed in on_roll:
        yield Proposal("steward-remove", listed["name"], _keys(_named(listed["key"], listed["name"])))


def _of_desk(here: list[Staff], on_desk: list[Told], role: Role, desk: str) -> Iterable[Proposal]:
    """Who has this role and whose key is not in the log yet, and taking off who is."""
    known = {one["key"] for one in on_desk}
    for one in here:
        if role in one.roles and one.recipient not in known:
            named = _named(one.recipient, one.pseudonym, _std(one.signing_key))
            yield Proposal(f"{desk}-add", one.pseudonym, _keys(named))
    for gone in on_desk:
        named = _named(gone["key"], gone["name"], gone.get("custodian", ""))
        yield Proposal(f"{desk}-remove", gone["name"], _keys(named))


async def told(office: Office, ask: str, **more: str) -> Told:
    """What the node answers; nothing where it refuses."""
    found: Told = json.loads(await office.ask({"ask": ask, **more}))
    return {} if "code" in found else found


def _steward(one: Staff) -> Told:
    return _named(_std(one.signing_key), one.pseudonym)


def _named(key: str, name: str, custodian: str = "") -> Told:
    return {"custodian": custodian, "key": key, "name": name}


def _keys(*keys: Told) -> str:
    return json.dumps({"keys": keys})


def _std(raw: bytes) -> str:
    return b64encode(raw).decode()
