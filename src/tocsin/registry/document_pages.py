"""Pages where editors hand a document in, look at what is covered, publish it or throw it away. For editors; no script."""

import asyncio
import re
from functools import lru_cache, partial
from typing import Any

from litestar import Request, Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from tocsin.errors import TocsinError
from tocsin.evidence import pixels
from tocsin.evidence.sandbox import SandboxMissing
from tocsin.people.session import Sessions
from tocsin.registry import documents, search
from tocsin.registry.editors import ROLES, read_form
from tocsin.registry.handed_files import parts_of
from tocsin.registry.model import EntityUnknown, StatementMalformed
from tocsin.registry.pages import draw
from tocsin.registry.reading import LARGEST, Desk, DocumentsTooMany, Reading, Told
from tocsin.registry.room import Registry
from tocsin.web.body import read_body
from tocsin.web.i18n import Language
from tocsin.web.render import Page, PageConfig

HTML = "text/html; charset=utf-8"
WAITS_S = 5
"""A page waits so long for the reading to end before it says how far it is."""
PROBLEMS = (
    SandboxMissing,
    DocumentsTooMany,
    StatementMalformed,
    EntityUnknown,
    documents.DocumentTellsPerson,
    documents.DocumentNotReady,
)
DATE = re.compile(r"(?:\d{4}(?:-\d{2}(?:-\d{2})?)?)?")
NAME = re.compile(r"[^A-Za-z0-9._-]")
KNOWN_PHRASES = 4096

AnyRequest = Request[Any, Any, Any]


def routes(registry: Registry, sessions: Sessions, config: PageConfig, desk: Desk) -> list[HTTPRouteHandler]:
    """Every address, in every language."""
    return [
        one for language in config.languages.values() for one in _routes(registry, sessions, config, desk, language)
    ]


def _routes(
    registry: Registry, sessions: Sessions, config: PageConfig, desk: Desk, language: Language
) -> list[HTTPRouteHandler]:
    here = f"/{language.code}/staff/registry/documents"

    @get(here, include_in_schema=False)
    async def show(request: AnyRequest) -> Response[bytes]:
        sessions.require(request, *ROLES)
        return _html(_page(config, language, desk, {"about": str(request.query_params.get("about", ""))[:200]}))

    @post(here, include_in_schema=False, status_code=200)
    async def hand_in(request: AnyRequest) -> Response[bytes]:
        sessions.require(request, *ROLES)
        body = await read_body(request.scope, request.receive, LARGEST)
        given = dict(parts_of(request.headers.get("content-type", ""), body))
        raw = given.pop("file", b"")
        said = {name: value.decode("utf-8", "replace").replace("\x00", " ").strip() for name, value in given.items()}
        try:
            told = told_of(said, raw)
            name = await asyncio.to_thread(desk.hand_in, raw, told, _known_to(registry))
        except PROBLEMS as error:
            return _html(_page(config, language, desk, said, error))
        return Response(b"", status_code=303, headers={"location": f"{here}/{name}"})

    return [show, hand_in, *_looking(registry, sessions, config, desk, language)]


def _looking(
    registry: Registry, sessions: Sessions, config: PageConfig, desk: Desk, language: Language
) -> list[HTTPRouteHandler]:
    """Looking one document through."""
    here = f"/{language.code}/staff/registry/documents"

    @get(f"{here}/{{name:str}}", include_in_schema=False)
    async def look(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
        sessions.require(request, *ROLES)
        reading = desk.of(name)
        await asyncio.to_thread(reading.done.wait, WAITS_S)
        return _html(await asyncio.to_thread(_review, config, language, name, reading))

    @get(f"{here}/{{name:str}}/{{page:int}}", include_in_schema=False)
    async def picture(request: AnyRequest, name: FromPath[str], page: FromPath[int]) -> Response[bytes]:
        sessions.require(request, *ROLES)
        reading = desk.of(name)
        if not 1 <= page <= len(reading.pages):
            raise NotFoundException
        drawn = await asyncio.to_thread(lambda: pixels.png(reading.picture(page - 1)))
        return Response(drawn, media_type="image/png")

    @post(f"{here}/{{name:str}}", include_in_schema=False, status_code=200)
    async def decide(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
        sessions.require(request, *ROLES)
        form, reading = await read_form(request), desk.of(name)
        if form.get("do") == "drop":
            desk.drop(name)
            return Response(b"", status_code=303, headers={"location": here})
        reading.kept, reading.asked = (
            documents.kept_words(form.get("keep", "")),
            documents.kept_words(form.get("cover", "")),
        )
        if form.get("do") != "publish":
            return Response(b"", status_code=303, headers={"location": f"{here}/{name}"})
        try:
            made = await registry.database.write(partial(documents.publish, reading=reading, day=registry.today))
        except PROBLEMS as error:
            return _html(await asyncio.to_thread(_review, config, language, name, reading, error))
        desk.drop(name)
        return Response(b"", status_code=303, headers={"location": f"/{language.code}/registry/entity/{made}"})

    return [look, picture, decide]


def told_of(said: dict[str, str], raw: bytes) -> Told:
    """What a form says of a document. Raises `StatementMalformed`."""
    title, source, date = said.get("title", ""), said.get("source", ""), said.get("date", "")
    is_source = bool(re.fullmatch(r"https?://[^\s<>\"]{1,500}", source))
    if not raw or not title or len(title) > documents.LONGEST_TITLE or not is_source or not DATE.fullmatch(date):
        raise StatementMalformed
    return Told(title, source, said.get("about", ""), date, said.get("language", "en"))


def _known_to(registry: Registry) -> Any:
    """Whether the registry says a phrase of an institution, asked once a phrase while one document is looked through."""

    @lru_cache(maxsize=KNOWN_PHRASES)
    def is_known(phrase: str) -> bool:
        return registry.database.read_now(partial(search.is_said, phrase=phrase))

    return is_known


def _page(
    config: PageConfig, language: Language, desk: Desk, given: dict[str, str], problem: TocsinError | None = None
) -> bytes:
    return draw(
        config,
        language,
        Page("registry", "staff/registry/documents", "documents.html", "registry.documents_title"),
        waiting=desk.waiting(),
        given=given,
        tongues={code: config.languages[code].name for code in pixels.LANGUAGES if code in config.languages},
        problem=problem.code if problem else "",
    )


def _review(
    config: PageConfig, language: Language, name: str, reading: Reading, problem: TocsinError | None = None
) -> bytes:
    refused = problem or reading.problem
    pages = range(len(reading.pages))
    return draw(
        config,
        language,
        Page("registry", f"staff/registry/documents/{name}", "review.html", "registry.documents_title"),
        reading=reading,
        name=name,
        is_done=reading.done.is_set(),
        texts=[reading.text(at) for at in pages],
        many=sum(len(reading.covered(at)) for at in pages),
        doubtful=reading.doubtful(),
        left=[one.name.lower() for one in reading.left if one.name],
        problem=refused.code if refused else "",
    )


def public_routes(registry: Registry) -> list[HTTPRouteHandler]:
    """A published document's pages, for anybody."""

    @get("/registry/documents/{name:str}/{page:int}", include_in_schema=False)
    async def picture(request: AnyRequest, name: FromPath[str], page: FromPath[int]) -> Response[bytes]:
        found = await registry.read(
            request.receive, partial(documents.picture_of, name=name[:200], page=min(page, 1 << 30))
        )
        return Response(found, media_type="image/png")

    @get("/registry/documents/{name:str}/pdf", include_in_schema=False)
    async def paper(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
        found = await registry.read(request.receive, partial(documents.paper_of, name=name[:200]))
        headers = {"content-disposition": f'attachment; filename="{NAME.sub("", name)[:60]}.pdf"'}
        return Response(found, media_type="application/pdf", headers=headers)

    return [picture, paper]


def _html(page: bytes) -> Response[bytes]:
    return Response(page, media_type=HTML)
