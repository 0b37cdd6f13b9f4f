"""Anybody contests a claim: marked at once and everywhere, answered by a date, and never a way to name, to swamp or to hide."""

import csv
import io
import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from litestar import Litestar

from tests.web.sample import page_config, small_build
from tocsin.registry import amounts, contest, exports, queries, routes
from tocsin.registry.contest import Outcome
from tocsin.registry.room import Registry
from tocsin.registry.value_sums import Refused
from tocsin.web import i18n, pages
from tocsin.web.headers import Site, with_headers

pytestmark = pytest.mark.anyio

SAYS = {code: language.say for code, language in i18n.load().items()}
SENT = {
    "kind": "wrong",
    "said": "The record of the court says otherwise zzcanaryzz.",
    "link": "https://court.example/1",
}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def registry(copied: Callable[[str], Registry]) -> Registry:
    return copied("node")


@pytest.fixture
def client(registry: Registry) -> httpx.AsyncClient:
    config = page_config(small_build())
    handlers = [*pages.routes(config), *routes.routes(registry, config)]
    app = with_headers(Litestar(handlers, exception_handlers={**pages.failures(config)}, openapi_config=None), Site())
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=cast(Any, app)), base_url="http://node.example")


def claim(registry: Registry, name: str = "tf-f001", prop: str = "supplier") -> int:
    found = registry.database.read_now(partial(queries.entity_of, name=name))
    return next(one.number for each in found.properties if each.name == prop for one in each.values[0].claims)


def answered(registry: Registry, reference: str, outcome: Outcome, words: str) -> None:
    registry.database.write_now(
        partial(contest.answer, reference=reference, outcome=outcome, words=words, day=registry.today)
    )


async def sent(client: httpx.AsyncClient, number: int, code: str = "en", **changed: str) -> httpx.Response:
    return await client.post(f"/{code}/registry/contest/{number}", data=SENT | changed)


def reference_of(answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].rpartition("/")[2]


@pytest.mark.parametrize("code", ["en", "es", "fr"])
async def test_a_contest_marks_the_claim_at_once_on_pages_twins_and_exports(
    client: httpx.AsyncClient, registry: Registry, code: str
) -> None:
    entity = await client.get(f"/{code}/registry/entity/tf-f001")
    number = claim(registry)
    assert f'href="/{code}/registry/contest/{number}"' in entity.text
    form = await client.get(f"/{code}/registry/contest/{number}")
    assert "Palantir Technologies Inc" in form.text
    assert "<script" not in form.text
    reference = reference_of(await sent(client, number, code))
    told = await client.get(f"/{code}/registry/contested/{reference}")
    assert SAYS[code]("registry.contest_due") in told.text
    page = await client.get(f"/{code}/registry/entity/tf-f001")
    assert SAYS[code]("registry.contested", date="X").split("X")[0] in page.text
    twin = (await client.get("/registry/entities/tf-f001/json")).json()
    assert twin["contested"] == ["supplier"]
    assert twin["contests"][0]["outcome"] == "open"
    rows = list(
        csv.DictReader(io.StringIO((await client.get("/registry/entities/tf-f001/csv")).content.decode("utf-8-sig")))
    )
    assert [row["property"] for row in rows if row["contested"].startswith("contested since 2")] == ["supplier"]
    for form_name, kept in exported(registry).items():
        assert b"contested since 2" in kept or form_name == "geojson", (
            form_name
        )  # has what has a place: test_whole_exports


def exported(registry: Registry) -> dict[str, bytes]:
    made = {}
    for name, write in exports.EXPORTS.items():
        out = io.BytesIO()
        registry.database.read_now(lambda c, to=out, by=write: by(c, to))  # type: ignore[misc]
        made[name] = out.getvalue()
    return made


async def test_the_words_are_never_shown_and_are_gone_with_the_answer(
    client: httpx.AsyncClient, registry: Registry, tmp_path: Path
) -> None:
    reference = reference_of(await sent(client, claim(registry)))
    places = (f"/en/registry/contested/{reference}", "/en/registry/entity/tf-f001", "/registry/entities/tf-f001/json")
    for place in (*places, "/registry/changes.atom"):
        assert "zzcanaryzz" not in (await client.get(place)).text
    assert not any(b"zzcanaryzz" in kept for kept in exported(registry).values())
    [waiting] = registry.database.read_now(contest.waiting)
    assert "zzcanaryzz" in waiting.said
    answered(registry, reference, Outcome.KEPT, "The award stands in the federal record.")
    found = registry.database.read_now(partial(contest.contest_of, reference=reference))
    assert (found.said, found.link) == ("", "")
    page = (await client.get("/en/registry/entity/tf-f001")).text
    assert "The award stands in the federal record." in page
    assert "contested since" not in page
    with pytest.raises(contest.ContestMalformed):
        answered(registry, reference, Outcome.CORRECTED, "twice")


async def test_a_value_that_was_found_wrong_says_so_and_is_added_no_more(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    number = claim(registry, "tf-f001-value-0", "amount")
    called = registry.database.read_now(lambda c: queries.captions_of(c, ["tf-f001"]))["tf-f001"]
    assert called in (await client.get(f"/en/registry/contest/{number}")).text, "an amount is called as what it is of"
    reference = reference_of(await sent(client, number))
    contract = registry.database.read_now(
        lambda c: amounts.totals_of(c, amounts.money_of(c, queries.entity_of(c, "tf-f001")))
    )
    assert Refused.UNCONFIRMED not in [total for _, _, total in contract], "a contest alone takes no sum away"
    answered(registry, reference, Outcome.CORRECTED, "The mirror misread the column.")
    contract = registry.database.read_now(
        lambda c: amounts.totals_of(c, amounts.money_of(c, queries.entity_of(c, "tf-f001")))
    )
    assert Refused.UNCONFIRMED in [total for _, _, total in contract]
    page = re.sub(r"\s+", " ", (await client.get("/en/registry/entity/tf-f001-value-0")).text)
    assert SAYS["en"]("registry.corrected", date="X").split("X")[0] in page
    assert any(b"corrected on 2" in kept for kept in exported(registry).values())


async def test_an_institutions_reply_stands_beside_the_claim_once_it_is_theirs(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    reference = reference_of(
        await sent(client, claim(registry, "tf-f020", "status"), kind="reply", said="We ended it in 2024.")
    )
    page = (await client.get("/en/registry/entity/tf-f020")).text
    assert "We ended it" not in page
    assert "contests" in (twin := (await client.get("/registry/entities/tf-f020/json")).json())
    assert twin["contests"] == []
    with pytest.raises(contest.ContestMalformed):
        answered(registry, claim_reference := reference, Outcome.OPEN, "x")
    answered(registry, claim_reference, Outcome.SHOWN, "We ended it in 2024.")
    page = (await client.get("/en/registry/entity/tf-f020")).text
    assert "We ended it in 2024." in page
    assert SAYS["en"]("registry.outcome_shown") in page


NAMING = (
    "write to a@b.example", "call +1 612 555 0100", "Officer Smith did it", "it was signed by Philippa Montrose", "Mme Durand le dit",
    "the clerk Jane Doe",
)  # fmt: skip


async def test_what_names_or_reaches_a_person_is_refused(client: httpx.AsyncClient, registry: Registry) -> None:
    number = claim(registry)
    for said in NAMING:
        answer = await sent(client, number, said=said)
        assert answer.status_code == 422, said
        assert SAYS["en"]("registry.contest_names_person") in answer.text
    assert registry.database.read_now(contest.waiting) == []


@pytest.mark.parametrize(
    "said",
    [
        "Palantir Technologies says 150,703,825 since 2022-09-26",
        "L'accord de 2019 avec la Ville de Marseille",
        "Clearview AI ended in March",
    ],
)
def test_what_names_institutions_is_taken(said: str) -> None:
    assert not contest.names_person(said)


async def test_a_flood_is_bounded_and_takes_nothing_away(client: httpx.AsyncClient, registry: Registry) -> None:
    number = claim(registry)
    statuses = [(await sent(client, number)).status_code for _ in range(7)]
    assert statuses == [303] * 5 + [429] * 2
    others = [claim(registry, f"tf-f0{at:02}", "title") for at in range(10, 30)]
    assert (await sent(client, others[0])).status_code == 303
    assert [(await sent(client, one)).status_code for one in others[1:]][-1] == 429, (
        "of all together only so many at once"
    )
    page = (await client.get("/en/registry/entity/tf-f001")).text
    assert "Palantir Technologies Inc" in page


async def test_what_is_no_contest_is_refused_in_words(client: httpx.AsyncClient, registry: Registry) -> None:
    number = claim(registry)
    for changed in (
        {"kind": "x"},
        {"said": " "},
        {"said": "a" * 1001},
        {"link": "http://x"},
        {"link": "javascript:alert(1)"},
    ):
        answer = await sent(client, number, **changed)
        assert (answer.status_code, answer.headers["content-type"][:9]) == (422, "text/html"), changed
    for path in (
        "/en/registry/contest/999999",
        "/en/registry/contest/x",
        "/en/registry/contested/AAAAAAAA",
        "/en/registry/contested/x",
    ):
        assert (await client.get(path, headers={"Accept": "text/html"})).status_code == 404
    assert (await client.post("/en/registry/contest/999999", data=SENT)).status_code == 404
    assert (await client.post(f"/en/registry/contest/{number}", content=b"\xff" * 100)).status_code == 422
    assert (await client.post(f"/en/registry/contest/{number}", content=b"a" * 20_000)).status_code == 413
    answer = await client.post(f"/en/registry/contest/{number}", data=SENT, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert json.dumps([one.said for one in registry.database.read_now(contest.waiting)]) == "[]"
