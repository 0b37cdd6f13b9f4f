"""The editors' page of a running node: contests that wait, oldest promise first, who is the same as whom, what imports held back.

Only who is signed in as an editor or a steward gets it; it needs no script. What was sent by strangers is shown here and nowhere else.
A refusal comes back as the page itself, with its sentence and what was typed.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from sqlalchemy import Connection

from tocsin.errors import TocsinError
from tocsin.people.session import Sessions
from tocsin.people.staff import Role
from tocsin.registry import contest, queries, queue
from tocsin.registry.contest import ContestMalformed, ContestNamesPerson, ContestUnknown, Kind, Outcome
from tocsin.registry.judge import JudgementContradicts, Verdict, judge
from tocsin.registry.model import EntityUnknown, StatementMalformed, folded
from tocsin.registry.pages import EPOCH, Draw, draw
from tocsin.registry.record import release
from tocsin.registry.room import Registry
from tocsin.web.body import read_body
from tocsin.web.i18n import Language
from tocsin.web.render import Page, PageConfig

HTML = "text/html; charset=utf-8"
LONGEST = 24_576
LONGEST_REASON, LONGEST_NAME = 400, 200
ROLES = (Role.EDITOR, Role.STEWARD)
PROBLEMS = (
    ContestMalformed,
    ContestNamesPerson,
    ContestUnknown,
    JudgementContradicts,
    EntityUnknown,
    StatementMalformed,
)

AnyRequest = Request[Any, Any, Any]
Form = dict[str, str]
Verb = Callable[[Connection], None]


class FormMalformed(TocsinError):
    code = "form_malformed"
    status = 400
    message = "The node could not read the form. Go back and send it again; nothing was changed."


def routes(registry: Registry, sessions: Sessions, config: PageConfig) -> list[HTTPRouteHandler]:
    """The page and its three forms, in every language."""
    return [one for language in config.languages.values() for one in _routes(registry, sessions, config, language)]


def _routes(registry: Registry, sessions: Sessions, config: PageConfig, language: Language) -> list[HTTPRouteHandler]:
    here = f"/{language.code}/staff/registry"

    async def done(request: AnyRequest, verb: Callable[[Form], Verb]) -> Response[bytes]:
        """Do what a form says, and show the page again: anew, or with what is wrong and what was typed."""
        sessions.require(request, *ROLES)
        form = await read_form(request)
        try:
            await registry.database.write(
                verb(form)
            )  # a form that says nothing it can do is refused before the database
        except PROBLEMS as error:
            page = editors_page(config, language, form, error.code)
            return Response(await registry.read(request.receive, page), media_type=HTML)
        return Response(b"", status_code=303, headers={"location": here})

    @get(here, include_in_schema=False)
    async def show(request: AnyRequest) -> Response[bytes]:
        sessions.require(request, *ROLES)
        given = {name: str(request.query_params.get(name, ""))[:200] for name in ("one", "other")}
        return Response(await registry.read(request.receive, editors_page(config, language, given)), media_type=HTML)

    @post(f"{here}/answer", include_in_schema=False, status_code=200)
    async def answer(request: AnyRequest) -> Response[bytes]:
        return await done(request, partial(_answer, day=registry.today))

    @post(f"{here}/judge", include_in_schema=False, status_code=200)
    async def say(request: AnyRequest) -> Response[bytes]:
        return await done(request, partial(_judge, day=registry.today))

    @post(f"{here}/release", include_in_schema=False, status_code=200)
    async def let_in(request: AnyRequest) -> Response[bytes]:
        return await done(request, partial(_release, day=registry.today))

    return [show, answer, say, let_in]


def editors_page(config: PageConfig, language: Language, given: Form, problem: str = "") -> Draw:
    """The page, with what was typed where it was refused."""

    def page(connection: Connection) -> bytes:
        waiting = contest.waiting(connection)
        captions = queries.called(connection, [name for one in waiting for name in (one.entity, one.value)])
        return draw(
            config,
            language,
            Page("registry", "staff/registry", "editors.html", "registry.editors_title"),
            waiting=waiting,
            captions=captions,
            outcomes={one.reference: _outcomes(one.kind) for one in waiting},
            verdicts=[str(one) for one in Verdict],
            held=queue.held_back(connection),
            imports=queue.imports(connection),
            given=given,
            problem=problem,
            day=lambda at: language.date(EPOCH + timedelta(days=at)),
        )

    return page


def _outcomes(kind: Kind) -> list[str]:
    """What can become of a contest: a reply of an institution is shown, or not."""
    return [
        str(one) for one in ((Outcome.SHOWN, Outcome.KEPT) if kind is Kind.REPLY else (Outcome.KEPT, Outcome.CORRECTED))
    ]


def _answer(form: Form, day: int) -> Verb:
    outcome, words = form.get("outcome", ""), form.get("words", "")
    if outcome not in set(Outcome):
        raise ContestMalformed
    return partial(contest.answer, reference=form.get("reference", ""), outcome=Outcome(outcome), words=words, day=day)


def _judge(form: Form, day: int) -> Verb:
    verdict, reason = form.get("verdict", ""), form.get("reason", "").strip()
    if verdict not in set(Verdict) or not reason or len(reason) > LONGEST_REASON or contest.names_person(reason):
        raise StatementMalformed
    ends = (form.get("one", "").strip(), form.get("other", "").strip())

    def verb(connection: Connection) -> None:
        judge(connection, *ends, Verdict(verdict), reason, day)

    return verb


def _release(form: Form, day: int) -> Verb:
    name, reason = form.get("institution", "").strip(), form.get("why", "").strip()
    if (
        not folded(name)
        or len(name) > LONGEST_NAME
        or not reason
        or len(reason) > LONGEST_REASON
        or contest.names_person(reason)
    ):
        raise StatementMalformed
    return partial(release, name=name, reason=reason, day=day)


async def read_form(request: AnyRequest) -> Form:
    """The fields of a form of ours."""
    raw = await read_body(request.scope, request.receive, LONGEST)
    try:
        return {name: value.replace("\x00", " ") for name, value in parse_qsl(raw.decode(), max_num_fields=10)}
    except ValueError as error:
        raise FormMalformed from error
