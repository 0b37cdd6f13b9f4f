"""Begin: what a new node still needs, in the order in which it is done, each step held to how things stand and to nothing remembered.

So it can be left and taken up at any time, by another steward too, and a step that comes undone says so.
"""

from typing import Any

import msgspec

from tocsin.jurisdictions.model import Pack, RiskRoom
from tocsin.jurisdictions.risk import may_answer
from tocsin.office.decide import told
from tocsin.office.room import Office
from tocsin.people import doors, staff
from tocsin.people.doors import Kind
from tocsin.people.staff import Role, State
from tocsin.web.render import PageConfig
from tocsin.web.status import WORKS

FEWEST_STEWARDS = 2


class Step(msgspec.Struct, frozen=True):
    """`name` names its sentences; `where` leads to the page on which it is done, empty where it is done on the machine."""

    name: str
    is_done: bool
    where: str = ""
    facts: dict[str, Any] = {}


async def steps(office: Office, config: PageConfig) -> list[Step]:
    """All of them, in order."""
    people = [one for one in await office.database.read(staff.everybody) if one.state is State.ACTIVE]
    stewards = [one for one in people if Role.STEWARD in one.roles]
    without = [one for one in people if not await _has_sheet(office, one.id)]
    roll, desk, alert_desk = [await told(office, ask) for ask in ("stewards", "desk", "alert-desk")]
    now, pack = roll.get("now", office.now_s), config.pack
    lawyers = _counting(desk.get("lawyers", []), now)
    dispatchers = _counting(alert_desk.get("dispatchers", []), now)
    of_alerts = [Step("dispatcher", bool(dispatchers), "staff/decisions", {"n": len(dispatchers)})]
    kept, parts = config.schedule(), dict(config.status().parts)
    return [
        Step("stewards", len(stewards) >= FEWEST_STEWARDS, "staff/people", {"n": len(stewards)}),
        Step("sheets", not without, "staff/keys", {"n": len(without)}),
        Step("roll", bool(roll.get("stewards")), "staff/decisions"),
        Step("pack", not pack.is_sample and pack.review.is_done, "", {"name": pack.name}),
        Step("languages", set(config.languages) == set(pack.languages), "", _named(config)),
        Step("areas", bool(pack.areas), "staff/areas", {"n": len(pack.areas)}),
        Step("retention", bool(kept.rows), "staff/decisions"),
        Step("witness", parts.get("witness") == WORKS),
        Step("lawyer", bool(lawyers), "staff/decisions", {"n": len(lawyers)}),
        *(of_alerts if config.has_alerts else ()),
        Step("recording", parts.get("recording") == WORKS),
    ]


def opened(pack: Pack) -> dict[str, bool]:
    """The rooms of risk, and whether the pack opens each. All are closed unless somebody named by role and date opened them."""
    return {str(room.value).replace("-", "_"): may_answer(pack, room) for room in RiskRoom}


def _counting(on_roll: list[Any], now: int) -> list[Any]:
    return [one for one in on_roll if one["counts_from"] <= now]


def _named(config: PageConfig) -> dict[str, Any]:
    """Languages in which every page is there, and those that the pack wants besides."""
    offered = config.languages
    return {
        "names": ", ".join(one.name for one in offered.values()),
        "missing": ", ".join(code for code in config.pack.languages if code not in offered),
    }


async def _has_sheet(office: Office, staff_id: bytes) -> bool:
    own = await office.database.read(lambda c: doors.of_staff(c, staff_id))
    return any(one.kind is Kind.SHEET for one in own)
