"""The room's addresses: parse, ask the database, answer. All are public, and but for contesting a claim change nothing (ADR 8)."""

import io
import re
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request, Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from sqlalchemy import Connection

from tocsin.registry import (
    contest,
    exporting,
    facets,
    map_page,
    pages,
    place_page,
    queries,
    same_page,
    search,
    shares_page,
    ties_pages,
    twins,
)
from tocsin.registry.model import EntityUnknown
from tocsin.registry.pace import Pace
from tocsin.registry.room import Registry
from tocsin.registry.search import Asked
from tocsin.web.i18n import Language
from tocsin.web.render import PageConfig

HTML = "text/html; charset=utf-8"
LONGEST = 200
"""Characters of a search: a name, a phrase and some words."""
FURTHEST = 10_000
MOST = 1_000
"""Results in one file for a spreadsheet or a program."""
CHANGES = 100
LARGEST_FORM = 16_384
CONTEST_EACH_S, CONTESTS_AT_ONCE = 120, 20
"""Of everybody together: nothing is known of who sends, and somebody has to answer each."""
PROBLEMS = (contest.ContestMalformed, contest.ContestNamesPerson, contest.ContestsTooMany)
ID = re.compile(r"[A-Za-z0-9._-]{1,200}")
VERSION = re.compile(r"\d{1,12}-\d{1,12}-[0-9a-f]{16}")

AnyRequest = Request[Any, Any, Any]


def routes(registry: Registry, config: PageConfig) -> list[HTTPRouteHandler]:
    """Every handler of the registry."""
    pace = Pace(CONTEST_EACH_S, CONTESTS_AT_ONCE)
    read = [one for language in config.languages.values() for one in _pages(registry, config, language, pace)]
    return [*read, *_twins(registry, config)]


def asked_in(request: AnyRequest) -> tuple[str, Asked]:
    """The line somebody typed and the filters beside it, from an address; what is too long is cut."""
    given = request.query_params
    said = str(given.get("q", ""))[:LONGEST].replace("\x00", " ")
    filters = {name: str(given.get(name, ""))[:LONGEST].replace("\x00", "") for name in facets.FACETS}
    return said, search.asked_of(said, filters)


def _pages(registry: Registry, config: PageConfig, language: Language, pace: Pace) -> list[HTTPRouteHandler]:
    here = f"/{language.code}/registry"

    @get(here, include_in_schema=False)
    async def find(request: AnyRequest) -> Response[bytes]:
        said, asked = asked_in(request)
        return _html(
            await registry.read(request.receive, pages.search_page(config, language, said, asked, _begin(request)))
        )

    @get(f"{here}/entity/{{name:str}}", include_in_schema=False)
    async def show(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
        return _html(await _or_404(registry, request, pages.entity_page(config, language, _shown(name))))

    @get(f"{here}/entity/{{name:str}}/at/{{version:str}}", include_in_schema=False)
    async def show_version(request: AnyRequest, name: FromPath[str], version: FromPath[str]) -> Response[bytes]:
        if not VERSION.fullmatch(version):
            raise NotFoundException
        return _html(await _or_404(registry, request, pages.entity_page(config, language, _shown(name), version)))

    return [find, show, show_version, *_contests(registry, config, language, pace), *_ties(registry, config, language)]


def _ties(registry: Registry, config: PageConfig, language: Language) -> list[HTTPRouteHandler]:
    """How one is tied to another, who stands around one, who may be the same, and who got how much."""
    here = f"/{language.code}/registry"

    @get(f"{here}/way", include_in_schema=False)
    async def way(request: AnyRequest) -> Response[bytes]:
        one, other = (str(request.query_params.get(name, ""))[:LONGEST].replace("\x00", "") for name in ("from", "to"))
        return _html(
            await registry.read(request.receive, ties_pages.way_page(config, language, one.strip(), other.strip()))
        )

    @get(f"{here}/entity/{{name:str}}/ties", include_in_schema=False)
    async def around(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
        return _html(
            await _or_404(registry, request, ties_pages.around_page(config, language, _shown(name), _begin(request)))
        )

    @get(f"{here}/entity/{{name:str}}/same", include_in_schema=False)
    async def same(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
        return _html(await _or_404(registry, request, same_page.same_page(config, language, _shown(name))))

    @get(f"{here}/entity/{{name:str}}/shares", include_in_schema=False)
    async def shares(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
        return _html(
            await _or_404(registry, request, shares_page.shares_page(config, language, _shown(name), _begin(request)))
        )

    @get(f"{here}/place", include_in_schema=False)
    async def place(request: AnyRequest) -> Response[bytes]:
        name = str(request.query_params.get("name", ""))[:LONGEST].replace("\x00", "").strip()
        return _html(await registry.read(request.receive, place_page.place_page(config, language, name)))

    @get(f"{here}/map", include_in_schema=False)
    async def seen(request: AnyRequest) -> Response[bytes]:
        said, asked = asked_in(request)
        view = map_page.view_of({name: str(request.query_params.get(name, ""))[:20] for name in map_page.VIEW})
        return _html(await registry.read(request.receive, map_page.map_page(config, language, said, asked, view)))

    return [way, around, same, shares, place, seen]


def _begin(request: AnyRequest) -> int:
    """Where a list goes on; the beginning for anything that is no number."""
    begin = str(request.query_params.get("begin", "0"))
    return min(int(begin), FURTHEST) if begin.isascii() and begin.isdigit() and len(begin) < 6 else 0


def _contests(registry: Registry, config: PageConfig, language: Language, pace: Pace) -> list[HTTPRouteHandler]:
    """Contesting a claim: the form, what it sends, and what became of it."""
    here = f"/{language.code}/registry"

    @get(f"{here}/contest/{{number:str}}", include_in_schema=False)
    async def ask(request: AnyRequest, number: FromPath[str]) -> Response[bytes]:
        return _html(await _or_404(registry, request, pages.contest_page(config, language, _number(number))))

    @post(
        f"{here}/contest/{{number:str}}", include_in_schema=False, request_max_body_size=LARGEST_FORM, status_code=200
    )
    async def send(request: AnyRequest, number: FromPath[str]) -> Response[bytes]:
        claim, sent = _number(number), _sent(await request.body())
        try:
            if not pace.take(registry.clock.monotonic()):
                raise contest.ContestsTooMany
            verb = partial(contest.file, number=claim, sent=sent, day=registry.today, clock=registry.clock)
            reference = await registry.database.write(verb)
        except PROBLEMS as error:
            drawn = await _or_404(
                registry, request, pages.contest_page(config, language, claim, sent, f"registry.{error.code}")
            )
            return Response(drawn, media_type=HTML, status_code=error.status)
        except contest.ContestUnknown as error:
            raise NotFoundException from error
        return Response(b"", status_code=303, headers={"location": f"{here}/contested/{reference}"})

    @get(f"{here}/contested/{{reference:str}}", include_in_schema=False)
    async def sent(request: AnyRequest, reference: FromPath[str]) -> Response[bytes]:
        known = reference.upper() if contest.REFERENCE.fullmatch(reference.upper()) else ""
        return _html(await _or_404(registry, request, pages.contested_page(config, language, known)))

    return [ask, send, sent]


async def _or_404(registry: Registry, request: AnyRequest, page: pages.Draw) -> bytes:
    """The page. Raises litestar's own error for what is not there, which a person gets as a page."""
    try:
        return await registry.read(request.receive, page)
    except (EntityUnknown, contest.ContestUnknown) as error:
        raise NotFoundException from error


def _sent(body: bytes) -> tuple[str, str, str]:
    """Kind, words and link of a form; what is not there, or no form, is empty."""
    try:
        given = dict(parse_qsl(body.decode(), max_num_fields=10, errors="strict"))
    except ValueError:
        return "", "", ""
    kind, said, link = (given.get(name, "").replace("\x00", " ") for name in ("kind", "said", "link"))
    return kind, said.replace("\r\n", "\n"), link


def _number(said: str) -> int:
    """A claim's number from an address. Raises litestar's own error for what is none."""
    if not (said.isascii() and said.isdigit() and len(said) < 13):
        raise NotFoundException
    return int(said)


def _twins(registry: Registry, config: PageConfig) -> list[HTTPRouteHandler]:
    @get("/registry/search.json", include_in_schema=False)
    async def find_json(request: AnyRequest) -> Response[bytes]:
        hits, total = await registry.read(request.receive, partial(_found, asked=asked_in(request)[1]))
        return Response(twins.search_json(hits, total), media_type="application/json")

    @get("/registry/search.csv", include_in_schema=False)
    async def find_csv(request: AnyRequest) -> Response[bytes]:
        hits, _ = await registry.read(request.receive, partial(_found, asked=asked_in(request)[1]))
        return _csv(twins.search_csv(hits), "registry-search")

    @get("/registry/search.geojson", include_in_schema=False)
    async def find_geojson(request: AnyRequest) -> Response[bytes]:
        places = await registry.read(request.receive, partial(_places, asked=asked_in(request)[1]))
        return Response(places, media_type="application/geo+json")

    @get("/registry/entities/{name:str}/json", include_in_schema=False)
    async def entity_json(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
        found = await registry.read(request.receive, partial(queries.entity_of, name=_id(name)))
        return Response(twins.entity_json(found), media_type="application/json")

    @get("/registry/entities/{name:str}/csv", include_in_schema=False)
    async def entity_csv(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
        found = await registry.read(request.receive, partial(queries.entity_of, name=_id(name)))
        return _csv(twins.entity_csv(found), found.id)

    @get("/registry/entities/{name:str}/ftm", include_in_schema=False)
    async def entity_ftm(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
        lines = await registry.read(request.receive, partial(_ftm, name=_id(name)))
        headers = {"content-disposition": f'attachment; filename="{_id(name)}.ftm.json"'}
        return Response(lines, media_type="application/json+ftm", headers=headers)

    @get("/registry/entities/{name:str}/gexf", include_in_schema=False)
    async def entity_gexf(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
        drawn = await registry.read(request.receive, partial(ties_pages.gexf_of, name=_id(name)))
        headers = {"content-disposition": f'attachment; filename="{_id(name)}.gexf"'}
        return Response(drawn, media_type="application/gexf+xml", headers=headers)

    @get("/registry/changes.atom", include_in_schema=False)
    async def changes(request: AnyRequest) -> Response[bytes]:
        newest, versions = await registry.read(request.receive, _changed)
        feed = twins.changes_atom(newest, config.origin, versions)
        return Response(feed, media_type="application/atom+xml")

    return [find_json, find_csv, find_geojson, entity_json, entity_csv, entity_ftm, entity_gexf, changes]


def _changed(connection: Connection) -> tuple[list[queries.Kept], dict[str, str]]:
    """The newest claims, and what the permanent link of each entity is now."""
    newest = queries.changes(connection, CHANGES)
    names = list(dict.fromkeys(one.said.entity for one in newest))
    return newest, {name: str(queries.entity_of(connection, name).version) for name in names}


def _ftm(connection: Connection, name: str) -> bytes:
    """Every id that goes under this one, as lines of FollowTheMoney. Raises `EntityUnknown`."""
    out = io.BytesIO()
    exporting.write_lines(connection, exporting.some(connection, queries.entity_of(connection, name).members), out)
    return out.getvalue()


def _places(connection: Connection, asked: Asked) -> bytes:
    """Results that say where they are."""
    hits = pages.hits_of(connection, search.first(connection, asked, 0, MOST))
    return twins.search_geojson(hits, queries.places_of(connection, [one.id for one in hits]))


def _found(connection: Connection, asked: Asked) -> tuple[list[pages.Hit], int]:
    counted = search.count(connection, search.matches(connection, asked))
    return pages.hits_of(connection, search.first(connection, asked, 0, MOST)), counted.total


def _id(name: str) -> str:
    """An id from an address. Raises `EntityUnknown` for what no id looks like."""
    if not ID.fullmatch(name):
        raise EntityUnknown
    return name


def _shown(name: str) -> str:
    """The same for a page: litestar's own error, which a person gets as a page."""
    if not ID.fullmatch(name):
        raise NotFoundException
    return name


def _html(page: bytes) -> Response[bytes]:
    return Response(page, media_type=HTML)


def _csv(content: bytes, name: str) -> Response[bytes]:
    headers = {"content-disposition": f'attachment; filename="{name}.csv"'}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)
