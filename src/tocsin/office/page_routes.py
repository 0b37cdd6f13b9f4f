"""The office's pages and forms. They need no script but for what only a browser can do: keys.

A refusal comes back as the page itself, with its sentence in the reader's language above what they wanted to do, and with status
200: a failed answer gets the headers of a page without script (`web.headers.answered_kind`), and this one has to go on working.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qs, quote

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from tocsin.errors import TocsinError
from tocsin.ids import unb64
from tocsin.office import pages
from tocsin.office.begin import steps
from tocsin.office.decide import decisions
from tocsin.office.model import BodyMalformed
from tocsin.office.retire import retire
from tocsin.office.room import Office
from tocsin.office.try_areas import try_areas
from tocsin.people import doors, invitation, staff
from tocsin.people.session import cookie_of, refuse_foreign, set_cookie
from tocsin.people.staff import Role, Staff
from tocsin.web.body import read_body
from tocsin.web.i18n import Language, negotiate
from tocsin.web.render import Page, PageConfig

HTML = "text/html; charset=utf-8"
LONGEST = 8 * 1024
LONGEST_TABLE = 64 * 1024
PROBLEMS = frozenset(
    {
        "door_last",
        "door_unknown",
        "invitation_unknown",
        "invitations_too_many",
        "pseudonym_taken",
        "pseudonym_wrong",
        "roles_wrong",
        "staff_unknown",
        "stewards_too_few",
    }
)
"""Refusals that a page has a sentence for, `staff.no_<code>`."""

AnyRequest = Request[Any, Any, Any]
Form = dict[str, list[str]]


def routes(office: Office, config: PageConfig) -> list[HTTPRouteHandler]:
    """Every page and form, in every language."""
    handlers = [_door(config)]
    for language in config.languages.values():
        handlers += [_fixed(config, language, page) for page in (pages.SIGN_IN, pages.JOIN)]
        handlers += [*_own(office, config, language), *_stewards(office, config, language)]
        handlers += [*_looking(office, config, language), *_areas(office, config, language)]
    return handlers


async def form_of(request: AnyRequest, longest: int = LONGEST) -> Form:
    """The fields of a form of ours. The caller has let `Sessions.require` look at where it came from."""
    raw = await read_body(request.scope, request.receive, longest)
    try:
        return parse_qs(raw.decode(), max_num_fields=20, strict_parsing=bool(raw))
    except ValueError as error:
        raise BodyMalformed from error


def html(page: bytes) -> Response[bytes]:
    return Response(page, status_code=200, media_type=HTML)


def to(place: str, cookie: str | None = None) -> Response[bytes]:
    headers = {"location": place} | ({} if cookie is None else {"set-cookie": cookie})
    return Response(b"", status_code=303, media_type="text/plain", headers=headers)


def sign_in_place(request: AnyRequest, config: PageConfig) -> str:
    """Where somebody signs in who wanted this page: the fragment, which no browser sends, says where they were going."""
    first = str(request.scope["path"]).split("/")[1]
    language = (
        first if first in config.languages else negotiate(request.headers.get("accept-language", ""), config.languages)
    )
    return f"/{language}/{pages.SIGN_IN.path}#{quote(request.scope['path'])}"


def _door(config: PageConfig) -> HTTPRouteHandler:
    @get("/staff", sync_to_thread=False, include_in_schema=False)
    def door(request: AnyRequest) -> Response[bytes]:
        return to(f"/{negotiate(request.headers.get('accept-language', ''), config.languages)}/staff/")

    return door


def _fixed(config: PageConfig, language: Language, page: Page) -> HTTPRouteHandler:
    content = pages.fixed(config, language, page)

    @get(f"/{language.code}/{page.path}", sync_to_thread=False, include_in_schema=False)
    def constant() -> Response[bytes]:
        return html(content)

    return constant


def _own(office: Office, config: PageConfig, language: Language) -> list[HTTPRouteHandler]:
    here = f"/{language.code}/staff"

    @get(f"{here}/", include_in_schema=False)
    async def home(request: AnyRequest) -> Response[bytes]:
        me = office.sessions.require(request)
        own = await office.database.read(lambda c: doors.of_staff(c, me.id))
        return html(pages.home(config, language, me, own, office.unread()))

    @get(f"{here}/keys", include_in_schema=False)
    async def keys(request: AnyRequest) -> Response[bytes]:
        me = office.sessions.require(request)
        return await _keys(office, config, language, me)

    @post(f"{here}/keys/drop", include_in_schema=False)
    async def drop(request: AnyRequest) -> Response[bytes]:
        me = office.sessions.require(request)
        door = _raw(await form_of(request), "door")

        async def act() -> Response[bytes]:
            await office.database.write(lambda c: doors.drop(c, me.id, door))
            return to(f"{here}/keys")

        return await _or_said(act, lambda problem: _keys(office, config, language, me, problem))

    @post(f"{here}/sign-out", include_in_schema=False)
    async def sign_out(request: AnyRequest) -> Response[bytes]:
        refuse_foreign(request)
        if (await form_of(request)).get("everywhere"):
            office.sessions.end_all(office.sessions.staff_of(cookie_of(request)).id)
        office.sessions.end(
            cookie_of(request)
        )  # also where another tab has ended it: who signs out is told that they are out
        return to(f"{here}/sign-in", set_cookie(""))

    return [home, keys, drop, sign_out]


def _stewards(office: Office, config: PageConfig, language: Language) -> list[HTTPRouteHandler]:
    here = f"/{language.code}/staff/people"
    page = partial(_people, office, config, language)

    @get(here, include_in_schema=False)
    async def people(request: AnyRequest) -> Response[bytes]:
        return await page(office.sessions.require(request, Role.STEWARD))

    @post(f"{here}/invite", include_in_schema=False)
    async def invite(request: AnyRequest) -> Response[bytes]:
        me, form = office.sessions.require(request, Role.STEWARD), await form_of(request)
        name = form.get("pseudonym", [""])[0]

        async def act() -> Response[bytes]:
            roles, today = staff.roles_of(form.get("role", [])), office.today
            secret = await office.database.write(lambda c: invitation.make(c, name, roles, office.clock, today))
            link = f"{request.headers['origin']}/{language.code}/{pages.JOIN.path}#{secret}"
            until = pages.day_of(language)(today + invitation.LIFE_DAYS)
            return await page(me, link=link, invited=staff.pseudonym(name), until=until, invited_roles=roles)

        return await _or_said(act, lambda problem: page(me, problem=problem))

    @post(f"{here}/take-back", include_in_schema=False)
    async def take_back(request: AnyRequest) -> Response[bytes]:
        me = office.sessions.require(request, Role.STEWARD)
        digest = _raw(await form_of(request), "invitation")

        async def act() -> Response[bytes]:
            await office.database.write(lambda c: invitation.use_up(c, digest))
            return to(here)

        return await _or_said(act, lambda problem: page(me, problem=problem))

    @post(f"{here}/retire", include_in_schema=False)
    async def let_go(request: AnyRequest) -> Response[bytes]:
        me = office.sessions.require(request, Role.STEWARD)
        who = _raw(await form_of(request), "staff")

        async def act() -> Response[bytes]:
            await retire(office, who)
            return to(here)

        return await _or_said(act, lambda problem: page(me, problem=problem))

    return [people, invite, take_back, let_go]


def _looking(office: Office, config: PageConfig, language: Language) -> list[HTTPRouteHandler]:
    """Pages on which stewards see how things stand."""

    @get(f"/{language.code}/{pages.DECISIONS.path}", include_in_schema=False)
    async def decided(request: AnyRequest) -> Response[bytes]:
        me = office.sessions.require(request, Role.STEWARD)
        return html(pages.decided(config, language, me, await decisions(office, me)))

    @get(f"/{language.code}/{pages.BEGIN.path}", include_in_schema=False)
    async def begun(request: AnyRequest) -> Response[bytes]:
        me = office.sessions.require(request, Role.STEWARD)
        return html(pages.begun(config, language, me, await steps(office, config)))

    @get(f"/{language.code}/{pages.TONIGHT.path}", sync_to_thread=False, include_in_schema=False)
    def tonight(request: AnyRequest) -> Response[bytes]:
        return html(pages.tonight(config, language, office.sessions.require(request, Role.STEWARD)))

    return [decided, begun, tonight]


def _areas(office: Office, config: PageConfig, language: Language) -> list[HTTPRouteHandler]:
    here = f"/{language.code}/{pages.AREAS.path}"

    @get(here, sync_to_thread=False, include_in_schema=False)
    def areas(request: AnyRequest) -> Response[bytes]:
        return html(pages.areas(config, language, office.sessions.require(request, Role.STEWARD)))

    @post(here, include_in_schema=False)
    async def tried(request: AnyRequest) -> Response[bytes]:
        me = office.sessions.require(request, Role.STEWARD)
        table = (await form_of(request, LONGEST_TABLE)).get("table", [""])[0]
        found = await asyncio.to_thread(try_areas, table, config.pack.area_floor)
        return html(pages.areas(config, language, me, found, table))

    return [areas, tried]


async def _keys(
    office: Office, config: PageConfig, language: Language, me: Staff, problem: str = ""
) -> Response[bytes]:
    own = await office.database.read(lambda c: doors.of_staff(c, me.id))
    return html(pages.keys(config, language, me, own, problem))


async def _people(office: Office, config: PageConfig, language: Language, me: Staff, **more: Any) -> Response[bytes]:
    everybody = await office.database.read(staff.everybody)
    waiting = await office.database.read(invitation.waiting)
    return html(pages.people(config, language, me, everybody, waiting, **more))


async def _or_said(
    act: Callable[[], Awaitable[Response[bytes]]], said: Callable[[str], Awaitable[Response[bytes]]]
) -> Response[bytes]:
    """What `act` answers, or the page with the sentence of its refusal."""
    try:
        return await act()
    except TocsinError as error:
        if error.code not in PROBLEMS:
            raise
        return await said(f"staff.no_{error.code}")


def _raw(form: Form, name: str) -> bytes:
    """Bytes of a hidden field. Raises `BodyMalformed`."""
    try:
        return unb64(form.get(name, [""])[0])
    except ValueError as error:
        raise BodyMalformed from error
