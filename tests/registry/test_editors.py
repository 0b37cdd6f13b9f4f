"""Editors answer contests and say who is who on a running node; nobody else does, and no other page's form does it for them."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import Connection

from tests.crypto.counted_clock import CountedClock
from tests.web.sample import page_config, small_build
from tocsin.people.session import COOKIE, NotSignedIn, Sessions
from tocsin.people.staff import Role, Staff, StaffId
from tocsin.registry import contest, editors, ftm, queries
from tocsin.registry.importing import import_file
from tocsin.registry.room import Registry
from tocsin.store.db import Database
from tocsin.web import i18n, pages

pytestmark = pytest.mark.anyio

SAYS = {code: language.say for code, language in i18n.load().items()}
HOST = "http://node.example"


def not_penlink(registry: Registry) -> list[str]:
    """Who is recorded as not Penlink."""

    def told(connection: Connection) -> list[str]:
        found = queries.entity_of(connection, "tf-org-penlink")
        return queries.not_same(found, queries.judged(connection, found))

    return registry.database.read_now(told)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    database = Database.open(f"sqlite:///{tmp_path_factory.mktemp('editors') / 'node.db'}")
    database.migrate()
    yield Registry.open(database, CountedClock())
    database.close()


@pytest.fixture
def sessions() -> Sessions:
    return Sessions(CountedClock())


@pytest.fixture
def client(registry: Registry, sessions: Sessions) -> httpx.AsyncClient:
    config = page_config(small_build())
    known = {**pages.failures(config)}
    app = Litestar(editors.routes(registry, sessions, config), exception_handlers=known, openapi_config=None)
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=cast(Any, app), raise_app_exceptions=False), base_url=HOST
    )


def signed_in(sessions: Sessions, *roles: Role) -> dict[str, str]:
    me = Staff(StaffId(bytes(16)), "Wren", frozenset(roles), "age1", b"")
    return {"cookie": f"{COOKIE}={sessions.begin(me)}", "origin": HOST, "accept": "text/html"}


def filed(registry: Registry, kind: str = "wrong") -> str:
    found = registry.database.read_now(partial(queries.entity_of, name="tf-f001"))
    number = found.properties[0].values[0].claims[0].number
    sent = (kind, "the record says otherwise", "")
    verb = partial(contest.file, number=number, sent=sent, day=registry.today, clock=registry.clock)
    return registry.database.write_now(verb)


@pytest.mark.parametrize("code", ["en", "es", "fr"])
async def test_an_editor_sees_what_was_sent_and_answers_it(
    client: httpx.AsyncClient, registry: Registry, sessions: Sessions, code: str
) -> None:
    reference, me = filed(registry), signed_in(sessions, Role.EDITOR)
    page = (await client.get(f"/{code}/staff/registry", headers=me)).text
    assert "the record says otherwise" in page
    assert reference in page
    form = {"reference": reference, "outcome": "kept", "words": "It stands in the record."}
    empty = await client.post(f"/{code}/staff/registry/answer", data=form | {"words": " "}, headers=me)
    assert SAYS[code]("registry.no_contest_malformed") in empty.text
    assert (await client.post(f"/{code}/staff/registry/answer", data=form, headers=me)).status_code == 303
    again = await client.post(f"/{code}/staff/registry/answer", data=form, headers=me)
    assert SAYS[code]("registry.no_contest_malformed") in again.text
    assert reference not in (await client.get(f"/{code}/staff/registry", headers=me)).text


async def test_an_editor_says_who_is_who_and_takes_it_back(
    client: httpx.AsyncClient, registry: Registry, sessions: Sessions
) -> None:
    me = signed_in(sessions, Role.EDITOR)
    said = {"one": "tf-org-penlink", "other": "tf-org-clearview-ai", "verdict": "not_same", "reason": "two firms"}
    assert (await client.post("/en/staff/registry/judge", data=said, headers=me)).status_code == 303
    not_same = not_penlink(registry)
    assert not_same == ["tf-org-clearview-ai"]
    for changed, key in (
        ({"reason": ""}, "statement_malformed"),
        ({"other": "none"}, "entity_unknown"),
        ({"reason": "Jane Doe said"}, "statement_malformed"),
    ):
        answer = await client.post("/en/staff/registry/judge", data=said | changed, headers=me)
        assert SAYS["en"](f"registry.no_{key}") in answer.text
    assert (
        await client.post("/en/staff/registry/judge", data=said | {"verdict": "unsure"}, headers=me)
    ).status_code == 303
    assert not_penlink(registry) == []


@pytest.mark.parametrize("code", ["en", "es", "fr"])
async def test_an_editor_sees_what_was_held_and_lets_an_institution_in(
    client: httpx.AsyncClient, registry: Registry, sessions: Sessions, tmp_path: Path, code: str
) -> None:
    me, language = signed_in(sessions, Role.EDITOR), i18n.load()[code]
    name = {"en": "Booz Allen Hamilton", "es": "Northrop Grumman", "fr": "Dassault Systemes"}[code]
    lines = [
        {"id": f"{code}-{at}", "schema": "Company", "properties": {"name": [one]}}
        for at, one in enumerate((name, "Acme LLC"))
    ]
    (tmp_path / "file").write_text("\n".join(map(json.dumps, lines)))
    take = partial(import_file, registry, tmp_path / "file", ftm.reader("", code), code)
    [(reason, many)] = take().held.items()
    assert many == 1
    page = (await client.get(f"/{code}/staff/registry", headers=me)).text
    assert language.say(f"registry.held_{reason}") in page
    assert language.say("registry.imports_done") in page
    assert name not in page, "of a row that was held the node knows no name"
    form = {"institution": name.upper(), "why": "a firm on the stock exchange"}
    for changed in ({"why": ""}, {"institution": "-"}, {"why": "Jane Doe said"}):
        refused = await client.post(f"/{code}/staff/registry/release", data=form | changed, headers=me)
        assert language.say("registry.no_statement_malformed") in refused.text
    assert take().held == {reason: 1}
    assert (await client.post(f"/{code}/staff/registry/release", data=form, headers=me)).status_code == 303
    assert (take().kept, take().held) == (1, {})
    assert language.say("registry.held_none") in (await client.get(f"/{code}/staff/registry", headers=me)).text


async def test_nobody_else_and_no_other_site_does_it(
    client: httpx.AsyncClient, registry: Registry, sessions: Sessions, tmp_path: Path
) -> None:
    reference = filed(registry)
    form = {"reference": reference, "outcome": "kept", "words": "x"}
    lawyer = signed_in(sessions, Role.LAWYER)
    editor = signed_in(sessions, Role.EDITOR)
    for headers in ({}, lawyer, editor | {"origin": "https://else.example"}, {"cookie": editor["cookie"]}):
        for verb, said in (("answer", form), ("release", {"institution": "Booz", "why": "x"})):
            answer = await client.post(f"/en/staff/registry/{verb}", data=said, headers=headers)
            assert answer.status_code in (401, 403, 500)
    assert (await client.get("/en/staff/registry", headers=lawyer)).status_code in (403, 500)
    with pytest.raises(NotSignedIn):
        sessions.staff_of(None)
    assert registry.database.read_now(partial(contest.contest_of, reference=reference)).said
