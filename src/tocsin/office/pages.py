"""The office's pages: two that are the same for everybody, and those that a session draws."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import segno
from jinja2 import Environment
from markupsafe import Markup

from tocsin.held import HELD, NEVER
from tocsin.ids import b64
from tocsin.jurisdictions.shapes import WIDTH, shapes
from tocsin.office.begin import Step, opened
from tocsin.office.decide import Decisions
from tocsin.office.try_areas import Tried
from tocsin.people.doors import Door, Kind
from tocsin.people.invitation import Invitation
from tocsin.people.session import IDLE_S
from tocsin.people.staff import Role, Staff, State
from tocsin.people.statement import Reason
from tocsin.web import render
from tocsin.web.i18n import Language
from tocsin.web.render import Page, PageConfig, embedded

TEMPLATES = Path(__file__).parent / "templates"
EPOCH = date(1970, 1, 1)
WARN_S = 120
"""How long before a session ends by itself its page asks; WCAG 2.2.1 wants at least 20 seconds."""

SIGN_IN = Page("staff_sign_in", "staff/sign-in", "staff_sign_in.html", "staff.sign_in", ("staff.",))
JOIN = Page("staff_join", "staff/join", "staff_join.html", "staff.join", ("staff.", "words.again"))
HOME = Page("staff", "staff/", "staff_home.html", "staff.home", ("staff.",))
KEYS = Page("staff_keys", "staff/keys", "staff_keys.html", "staff.keys", ("staff.", "words.again"))
PEOPLE = Page("staff", "staff/people", "staff_people.html", "staff.people", ("staff.",))

DECISIONS = Page(
    "staff_decisions",
    "staff/decisions",
    "staff_decisions.html",
    "staff.decisions",
    ("staff.", "decide.", "kept.class_"),
)

BEGIN = Page("staff", "staff/begin", "staff_begin.html", "begin.title", ("staff.",))
AREAS = Page("staff", "staff/areas", "staff_areas.html", "areas.title", ("staff.",))
TONIGHT = Page("staff", "staff/tonight", "staff_tonight.html", "tonight.title", ("staff.",))

ON_CALL, ALERT_DESK = "on-call", "alert-desk"
LINKS: tuple[tuple[Role, str, str], ...] = (
    (Role.DISPATCHER, ALERT_DESK, "adesk.title"),
    (Role.STEWARD, ALERT_DESK, "adesk.title"),
    (Role.LAWYER, "desk", "desk.title"),
    (Role.STEWARD, "desk", "desk.title"),
    (Role.DISPATCHER, ON_CALL, "call.duty"),
    (Role.EDITOR, "staff/registry", "registry.editors_title"),
    (Role.STEWARD, "staff/registry", "registry.editors_title"),
    (Role.STEWARD, "staff/people", "staff.people"),
    (Role.STEWARD, "staff/decisions", "staff.decisions"),
    (Role.STEWARD, "staff/passport", "passport.stewards"),
    (Role.STEWARD, "staff/begin", "begin.title"),
    (Role.STEWARD, "staff/areas", "areas.title"),
    (Role.STEWARD, "staff/tonight", "tonight.title"),
)
"""What the first page leads to, by role: path below the language, and key of its words."""


@cache
def templates() -> Environment:
    """The room's own templates over the shared ones."""
    return render.templates_over(TEMPLATES)


def fixed(config: PageConfig, language: Language, page: Page) -> bytes:
    """A page that is the same for everybody."""
    return render.draw(templates(), config, language, page)


def drawn(config: PageConfig, language: Language, page: Page, me: Staff, **more: object) -> bytes:
    """A page of somebody who is signed in; `staff.html` is its frame."""

    def roles_said(roles: Iterable[Role]) -> str:
        return ", ".join(language.say(f"staff.role_{role}") for role in sorted(roles))

    own = {"me": me, "told": told(me), "b64": b64, "day": day_of(language), "roles_said": roles_said}
    return render.draw(templates(), config, language, page, **own, **more)


def told(me: Staff) -> Markup:
    """What the page's script knows of who is signed in."""
    return embedded({"staff": b64(me.id), "pseudonym": me.pseudonym, "idle_s": IDLE_S, "warn_s": WARN_S})


def home(config: PageConfig, language: Language, me: Staff, doors: Iterable[Door], unread: int = 0) -> bytes:
    """`unread`: shown to those who can do something about it."""
    built = {ON_CALL: bool(config.pack.calls), ALERT_DESK: config.has_alerts}
    links = dict.fromkeys((path, key) for role, path, key in LINKS if role in me.roles and built.get(path, True))
    has_sheet = any(one.kind is Kind.SHEET for one in doors)
    told = unread if me.roles & {Role.LAWYER, Role.STEWARD} else 0
    return drawn(config, language, HOME, me, links=links, has_sheet=has_sheet, unread=told)


def keys(config: PageConfig, language: Language, me: Staff, doors: list[Door], problem: str = "") -> bytes:
    return drawn(config, language, KEYS, me, doors=doors, problem=problem)


def people(
    config: PageConfig,
    language: Language,
    me: Staff,
    everybody: list[Staff],
    invitations: list[Invitation],
    **more: Any,
) -> bytes:
    """The list for stewards: pseudonym, roles, state, and nothing else. `more`: what an act led to."""
    others = [one for one in everybody if one.id != me.id and one.state is State.ACTIVE]
    shown = {"problem": "", "link": "", "invited": "", "until": "", "invited_roles": frozenset(), **more}
    roles = [str(role) for role in Role]
    return drawn(
        config, language, PEOPLE, me, people=everybody, others=others, invitations=invitations, roles=roles,
        square=square, **shown,
    )  # fmt: skip


def square(link: str) -> Markup:
    """A link as a square that a camera reads (QR), for the sheet that is handed to whoever is invited."""
    drawn = segno.make(link, error="m")
    svg = drawn.svg_inline(svgclass="square", lineclass="ink", border=2, omitsize=True, light="#fff")
    return Markup(svg)  # noqa: S704  numbers and two fixed classes: the link is in the squares alone


def decided(config: PageConfig, language: Language, me: Staff, now: Decisions) -> bytes:
    """What stewards sign together."""
    return drawn(config, language, DECISIONS, me, now=now, reasons=[str(reason) for reason in Reason])


def begun(config: PageConfig, language: Language, me: Staff, steps: list[Step]) -> bytes:
    """What the node still needs."""
    return drawn(config, language, BEGIN, me, steps=steps, rooms=opened(config.pack))


def areas(config: PageConfig, language: Language, me: Staff, tried: Tried | None = None, table: str = "") -> bytes:
    """The areas of the pack, or those that would come of a table that somebody tries."""
    shown = tried.areas if tried and tried.areas else config.pack.areas
    return drawn(config, language, AREAS, me, shown=shown, shapes=shapes(shown), width=WIDTH, tried=tried, table=table)


def tonight(config: PageConfig, language: Language, me: Staff) -> bytes:
    """What a seized node holds, by the classes that `tocsin disclose` names, and how to go on elsewhere."""
    return drawn(config, language, TONIGHT, me, held=list(HELD), never=list(NEVER))


def day_of(language: Language) -> Callable[[int], str]:
    return lambda number: language.date(EPOCH + timedelta(days=number))
