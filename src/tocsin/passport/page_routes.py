"""The pages and the forms that need no script. Who asks is looked at on the stewards' page alone."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from tocsin.passport import burn, counts, hand_out, pages
from tocsin.passport.model import ACTING, BodyWrong, CityFounded, CodesTooMany, KeysAbsent, KeysUsedUp, Role
from tocsin.passport.room import Passport
from tocsin.passport.training import ANSWERS, CARDS
from tocsin.people import staff
from tocsin.people.session import Sessions
from tocsin.people.staff import Staff
from tocsin.web.body import read_body
from tocsin.web.i18n import Language
from tocsin.web.render import Page, PageConfig

LONGEST = 4096
SHOWN = (CityFounded, CodesTooMany, KeysAbsent, KeysUsedUp)
"""Refusals that the stewards' page has a sentence for."""
BURNT = (*ACTING, Role.VOUCHER, *(role.renewal for role in ACTING))

AnyRequest = Request[Any, Any, Any]
Form = dict[str, list[str]]


def page_routes(passport: Passport, sessions: Sessions, config: PageConfig) -> list[HTTPRouteHandler]:
    """Every page and form, in every language."""
    found: list[HTTPRouteHandler] = []
    for language in config.languages.values():
        found += [fixed_page(config, language, page) for page in pages.FIXED]
        found += [*training_pages(config, language), *_stewards(passport, sessions, config, language)]
    return found


def fixed_page(config: PageConfig, language: Language, page: Page) -> HTTPRouteHandler:
    content = pages.fixed(config, language, page)

    @get(f"/{language.code}/{page.path}", sync_to_thread=False, include_in_schema=False)
    def constant() -> Response[bytes]:
        return html(content)

    return constant


def training_pages(config: PageConfig, language: Language) -> list[HTTPRouteHandler]:
    here, bare = f"/{language.code}/{pages.TRAIN.path}", pages.train(config, language)

    @get(here, sync_to_thread=False, include_in_schema=False)
    def cards() -> Response[bytes]:
        return html(bare)

    @post(here, status_code=200, include_in_schema=False)
    async def answered(request: AnyRequest) -> Response[bytes]:
        form = await form_of(request)
        given = {name: number_of(form, name, ANSWERS) for name in CARDS if name in form}
        return html(pages.train(config, language, given))

    return [cards, answered]


def _stewards(passport: Passport, sessions: Sessions, config: PageConfig, language: Language) -> list[HTTPRouteHandler]:
    here = f"/{language.code}/{pages.STEWARDS.path}"

    async def shown(**more: Any) -> Response[bytes]:
        counted = await counts.counts(passport)
        is_founding = hand_out.is_founding(passport)
        return html(pages.stewards(config, language, counted, is_founding=is_founding, **more))

    async def act(request: AnyRequest, verb: Callable[[Staff, Form], Awaitable[Response[bytes]]]) -> Response[bytes]:
        """Do what a form says; where that is refused, the page says why."""
        me = sessions.require(request, staff.Role.STEWARD)
        try:
            return await verb(me, await form_of(request))
        except SHOWN as error:
            return await shown(said=f"passport.no_{error.code}")

    @get(here, include_in_schema=False)
    async def page(request: AnyRequest) -> Response[bytes]:
        sessions.require(request, staff.Role.STEWARD)
        return await shown()

    @post(f"{here}/training", status_code=200, include_in_schema=False)
    async def training(request: AnyRequest) -> Response[bytes]:
        return await act(request, partial(_make_trainings, passport, shown))

    @post(f"{here}/vouch", status_code=200, include_in_schema=False)
    async def vouch(request: AnyRequest) -> Response[bytes]:
        return await act(request, partial(_make_vouches, passport, shown))

    @post(f"{here}/burn", status_code=200, include_in_schema=False)
    async def burn_one(request: AnyRequest) -> Response[bytes]:
        return await act(request, partial(_burn, passport, shown))

    return [page, training, vouch, burn_one]


Shown = Callable[..., Awaitable[Response[bytes]]]


async def _make_trainings(passport: Passport, shown: Shown, _: Staff, form: Form) -> Response[bytes]:
    role = _role(form, ACTING)
    made = await hand_out.trainings(passport, role, number_of(form, "count", hand_out.AT_ONCE))
    return await shown(made=made, kind=str(role))


async def _make_vouches(passport: Passport, shown: Shown, me: Staff, form: Form) -> Response[bytes]:
    made = await hand_out.vouches(passport, me.id, number_of(form, "count", hand_out.AT_ONCE))
    return await shown(made=made, kind="vouch")


async def _burn(passport: Passport, shown: Shown, _: Staff, form: Form) -> Response[bytes]:
    if form.get("sure") != ["1"]:
        raise BodyWrong
    await burn.burn(passport, _role(form, BURNT))
    return await shown(said="passport.burnt")


def _role(form: Form, known: tuple[Role, ...]) -> Role:
    """Raises `BodyWrong`."""
    given = form.get("role", [""])[0]
    if given not in known:
        raise BodyWrong
    return Role(given)


def number_of(form: Form, name: str, most: int) -> int:
    """A number from 1 to `most`. Raises `BodyWrong`."""
    text = form.get(name, [""])[0]
    if not (text.isascii() and text.isdigit()) or len(text) > 3 or not 1 <= int(text) <= most:
        raise BodyWrong
    return int(text)


async def form_of(request: AnyRequest) -> Form:
    """The fields of a form. Raises `BodyWrong`."""
    raw = await read_body(request.scope, request.receive, LONGEST)
    try:
        return parse_qs(raw.decode(), max_num_fields=40, strict_parsing=bool(raw))
    except ValueError as error:
        raise BodyWrong from error


def html(page: bytes) -> Response[bytes]:
    return Response(page, media_type=pages.HTML)
