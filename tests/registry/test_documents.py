"""Documents of the registry: fifty planted names go in by every door and none comes out; what is covered is gone."""

import csv
import io
import re
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import httpx
import pypdfium2  # type: ignore[import-untyped]
import pytest
from litestar import Litestar

from tests.crypto.counted_clock import CountedClock
from tests.evidence.papers import letter, pdf, photo, workbook
from tests.registry.test_editors import HOST, signed_in
from tests.web.sample import page_config, small_build
from tocsin.evidence import pixels
from tocsin.people.session import Sessions
from tocsin.people.staff import Role
from tocsin.registry import document_pages, queries, routes, search
from tocsin.registry.exports import EXPORTS
from tocsin.registry.model import Claim, Draft, Row, Source, folded
from tocsin.registry.reading import Desk
from tocsin.registry.record import record
from tocsin.registry.redact import COVER, Rules, Why, covers, tells_person, text_of
from tocsin.registry.room import Registry
from tocsin.store.db import Database
from tocsin.web import i18n, pages

pytestmark = pytest.mark.anyio

NAMES = [
    "Jean-Baptiste Roussel", "Aurélie Martin", "Ngozi Adeyemi", "KAREN WHITFIELD", "O'Brien, Kevin", "María del Carmen Ortega",
    "Tobias Ekström", "Priya Raghunathan", "D. Castellanos", "Wojciech Zieliński", "Hélène Vasseur", "Mohamed Benali",
    "LEROY Christophe", "Anneke de Vries", "Thanh Nguyen", "Samantha Okonkwo", "Pedro Almeida Santos", "Yusuf Karaca",
    "Grace Abernathy", "Luc Montferrand", "Fatima Zahra Idrissi", "Billy Redfeather", "Sven Halvorsen", "Chiara Lombardi",
    "Amara Okafor",
]  # fmt: skip
FIRST = (
    "Isabel Marcus Odile Farid Ruth Emeka Solène Victor Nadège Omar Judith Pascal Ingrid Rafael Leïla Conrad Simone Hamid "
    "Beatriz Gareth Mireille Dmitri Paloma Ewan Zoé"
)
LAST = (
    "Quintanar Delacroix-Roy Bouvier Haddad Steinfeldt Nwosu Charpentier Lindqvist Perrault Siddiqui Wexler Guérin Thorvald "
    "Escamilla Bensaïd Fairweather Duquesne Rahimi Valdivia Prichard Lagarde Volkov Arriaga Macleod Fontanel"
)
HIDDEN = [f"{one} {two}" for one, two in zip(FIRST.split(), LAST.split(), strict=True)]
SAYS = {code: language.say for code, language in i18n.load().items()}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("documents")


@pytest.fixture(scope="module")
def registry(folder: Path) -> Iterator[Registry]:
    database = Database.open(f"sqlite:///{folder / 'node.db'}")
    database.migrate()
    yield Registry.open(database, CountedClock())
    database.close()


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk(CountedClock())


@pytest.fixture(scope="module")
def sessions() -> Sessions:
    return Sessions(CountedClock())


@pytest.fixture
def client(registry: Registry, sessions: Sessions, desk: Desk) -> httpx.AsyncClient:
    config = page_config(small_build())

    handlers = [
        *document_pages.routes(registry, sessions, config, desk), *document_pages.public_routes(registry),
        *routes.routes(registry, config),
    ]  # fmt: skip
    app = Litestar(handlers, exception_handlers={**pages.failures(config)}, openapi_config=None)
    transport = httpx.ASGITransport(app=cast(Any, app), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=HOST)


def planted() -> dict[str, bytes]:
    """Fifty names: half where a reader sees them, half where only a program does."""
    seen, under = iter(NAMES), iter(HIDDEN)
    told = [
        "Contract for geofencing software, lot 2.", f"Signed by {next(seen)} for the city.", f"Contact: {next(seen)}",
        f"cc {next(seen)}, procurement", f"CONTRACTING OFFICER {next(seen)}", f"{next(seen)}, deputy director",
        f"Approved: {next(seen)}", f"The inspector {next(seen)} was there.", "The price is 1,200,000 USD a year.",
    ]  # fmt: skip
    sheet = ["Supplier | Wavelength Plates LLC", *(f"Row {at} | {next(seen)}" for at in range(6))]
    words = ["Deliberation on video.", *(f"Mme {next(seen)} a voté pour." for _ in range(6))]
    shown = "\n".join(["Minutes of the meeting", *(f"Present: {next(seen)}" for _ in range(6))])
    return {
        "pdf": pdf(told, title=next(under), attached=next(under), script=next(under), under=next(under)),
        "xlsx": workbook(
            [("Prices", "visible", sheet), ("Staff", "hidden", [next(under) for _ in range(8)]),
             ("Old", "veryHidden", [next(under) for _ in range(4)])],
            comment=next(under), hidden_row=next(under),
        ),
        "docx": letter(words, deleted=", ".join(next(under) for _ in range(3))),
        "jpeg": photo(shown, artist=", ".join(next(under) for _ in range(4))),
    }  # fmt: skip


async def handed_in(client: httpx.AsyncClient, desk: Desk, cookie: dict[str, str], raw: bytes, **more: str) -> str:
    """Hand a file in as an editor, and wait until it was read; the name it is looked through under."""
    told = {"title": "A contract", "source": "https://city.example/1.pdf", "date": "2024-03", "language": "en"} | more
    sent = await client.post("/en/staff/registry/documents", data=told, files={"file": ("x", raw)}, headers=cookie)
    assert sent.status_code == 303, re.sub(r"(?s).*<main", "", sent.text)
    name = sent.headers["location"].rsplit("/", 1)[1]
    assert desk.of(name).done.wait(120)
    return name


async def published(client: httpx.AsyncClient, desk: Desk, cookie: dict[str, str], raw: bytes, **more: str) -> str:
    name = await handed_in(client, desk, cookie, raw, **more)
    done = await client.post(f"/en/staff/registry/documents/{name}", data={"do": "publish"}, headers=cookie)
    assert done.status_code == 303, re.sub(r"(?s).*<main", "", done.text)
    return done.headers["location"].rsplit("/", 1)[1]


def parts() -> set[str]:
    """Every planted name's words that are long enough to be told from others."""
    return {word for name in (*NAMES, *HIDDEN) for word in folded(name).split() if len(word) > 4}


def found_in(text: str) -> set[str]:
    """Which planted words stand in a text, in whatever letters."""
    return parts() & set(folded(text).split())


async def test_of_fifty_planted_names_none_is_found(
    client: httpx.AsyncClient, registry: Registry, desk: Desk, sessions: Sessions, folder: Path
) -> None:
    cookie = signed_in(sessions, Role.EDITOR)
    assert len(NAMES) + len(HIDDEN) == 50
    made = {kind: await published(client, desk, cookie, raw) for kind, raw in planted().items()}
    for kind, name in made.items():
        page = (await client.get(f"/en/registry/entity/{name}")).text
        assert COVER in page, kind
        assert not found_in(page), kind
        for twin in ("json", "csv", "ftm"):
            answer = await client.get(f"/registry/entities/{name}/{twin}")
            assert answer.status_code == 200
            assert not found_in(answer.text)
        paper = await client.get(f"/registry/documents/{name}/pdf")
        document = pypdfium2.PdfDocument(paper.content, autoclose=True)
        assert len(document) == 1
        assert not document.get_metadata_dict(skip_empty=True)
        assert document[0].get_textpage().get_text_range() == ""
        drawn = document[0].render(scale=200 / 72, grayscale=True).to_pil()
        again = pixels.read_answer(b"PAGES\0\0\0\x01\0" + _sized(drawn.width - drawn.width % 2, drawn.height, drawn))[
            2
        ][0]
        assert not found_in(" ".join(one.text for one in pixels.read_words(again, "en"))), kind
    assert "geofencing" in (await client.get(f"/en/registry/entity/{made['pdf']}")).text
    hits = (await client.get("/registry/search.json", params={"q": '"geofencing software"'})).json()
    assert made["pdf"] in [one["id"] for one in hits["results"]]
    for word in sorted(parts()):
        hits = (await client.get("/registry/search.json", params={"q": word})).json()["results"]
        assert not {one["id"] for one in hits} & set(made.values()), word
    told = (Path(search.__file__).parent / "starter_facts.csv").read_text()
    for form in EXPORTS:
        assert not found_in(exported(registry, form)) - found_in(told)
    assert not desk.waiting()


def exported(registry: Registry, form: str) -> str:
    out = io.BytesIO()
    registry.database.read_now(lambda connection: EXPORTS[form](connection, out))
    return out.getvalue().decode()


def _sized(width: int, height: int, drawn: Any) -> bytes:
    pixel: bytes = drawn.crop((0, 0, width, height)).tobytes()
    return width.to_bytes(2) + height.to_bytes(2) + pixel


async def test_what_only_looks_like_a_name_is_shown_again_by_an_editor_and_what_is_one_is_not(
    client: httpx.AsyncClient, desk: Desk, sessions: Sessions
) -> None:
    cookie = signed_in(sessions, Role.STEWARD)
    raw = b"Bought of Wavelength Oakfield in March.\nSigned by Aurelie Martin. Also zebrawood is named.\n"
    name = await handed_in(client, desk, cookie, raw)
    page = (await client.get(f"/fr/staff/registry/documents/{name}", headers=cookie)).text
    assert "oakfield" in page
    assert "Martin" not in page
    shown = {"keep": "wavelength oakfield aurelie martin", "cover": "zebrawood", "do": "again"}
    await client.post(f"/en/staff/registry/documents/{name}", data=shown, headers=cookie)
    text = desk.of(name).text(0)
    assert "Wavelength Oakfield" in text
    assert "Martin" not in text
    assert "zebrawood" not in text
    picture = await client.get(f"/en/staff/registry/documents/{name}/1", headers=cookie)
    assert picture.content.startswith(b"\x89PNG")
    dropped = await client.post(f"/en/staff/registry/documents/{name}", data={"do": "drop"}, headers=cookie)
    assert dropped.status_code == 303
    assert not desk.waiting()


async def test_a_document_stands_at_what_it_is_about_and_its_original_is_nowhere(
    client: httpx.AsyncClient, registry: Registry, desk: Desk, sessions: Sessions, folder: Path
) -> None:
    cookie = signed_in(sessions, Role.EDITOR)
    raw = pdf(["Plainmarker of the contract.", "The original has kept-under marks."], under="deepmarker")
    name = await published(client, desk, cookie, raw, about="tf-f020", title="Order of the agency")
    assert name in (await client.get("/en/registry/entity/tf-f020")).text
    found = registry.database.read_now(partial(queries.entity_of, name=name))
    assert found.first("contentHash") == sha256(raw).hexdigest()
    assert "Plainmarker" in found.pages(1)[0].value
    source = found.properties[0].values[0].claims[0].said.source.url
    cited = Row(1, [Draft("x-cited", "Company", [Claim("name", "Acme Cameras LLC")])], Source(source, "report"))
    registry.database.write_now(lambda c: record(c, [cited], "d", registry.today))
    page = (await client.get("/en/registry/entity/x-cited")).text
    assert f'href="/en/registry/entity/{name}">Our copy of ' in page
    assert sha256(raw).hexdigest()[:16] in page
    assert "Our copy" not in (await client.get(f"/en/registry/entity/{name}")).text, "it is the copy itself"
    for path in folder.iterdir():
        held = path.read_bytes()
        assert b"deepmarker" not in held
        assert raw[:200] not in held


async def test_only_editors_hand_in_and_refusals_are_in_words(
    client: httpx.AsyncClient, desk: Desk, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = "/en/staff/registry/documents"
    for cookie in ({}, signed_in(sessions, Role.LAWYER)):
        for answer in (
            await client.get(here, headers=cookie), await client.get(f"{here}/x", headers=cookie),
            await client.post(here, files={"file": b"x"}, headers=cookie), await client.get(f"{here}/x/1", headers=cookie),
            await client.post(f"{here}/x", data={"do": "publish"}, headers=cookie),
        ):  # fmt: skip
            assert answer.status_code >= 400
    cookie = signed_in(sessions, Role.EDITOR)
    foreign = cookie | {"origin": "https://evil.example"}
    assert (await client.post(here, files={"file": b"x"}, headers=foreign)).status_code >= 400
    bent = await client.post(here, content=b"--x", headers=cookie | {"content-type": "multipart/form-data; boundary=y"})
    assert bent.status_code >= 400
    refused = await client.post(here, data={"title": "", "source": "x"}, files={"file": b"x"}, headers=cookie)
    assert SAYS["en"]("registry.no_statement_malformed") in refused.text
    hostile = await handed_in(client, desk, cookie, b"%PDF-1.7 torn")
    page = await client.get(f"{here}/{hostile}", headers=cookie)
    assert SAYS["en"]("registry.no_document_unreadable") in page.text
    none = await client.post(f"{here}/{hostile}", data={"do": "publish"}, headers=cookie)
    assert SAYS["en"]("registry.no_document_not_ready") in none.text
    desk.drop(hostile)
    monkeypatch.setattr("shutil.which", lambda _: None)
    told = {"title": "A contract", "source": "https://city.example/1", "language": "en"}
    missing = await client.post(here, data=told, files={"file": b"words"}, headers=cookie)
    assert SAYS["en"]("registry.no_sandbox_missing") in missing.text
    assert not desk.waiting()


def test_nearly_every_name_on_the_labelled_list_is_covered_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """Of a person every word but joints and words of trade; how many institutions lose a word for nothing is printed."""
    with (Path(__file__).parent / "labelled_names.csv").open(newline="") as file:
        rows = [(kind, name) for kind, name, *_ in csv.reader(file)]
    seen, wrongly = [], []
    for kind, name in rows:
        words = f"The notice of 12 March was approved by the agency and {name} was present at the meeting".split()
        begin = words.index(name.split()[0])
        covered = covers(words)
        here = range(begin, begin + len(name.split()))
        if kind == "person" and not any(covered.get(at) for at in here):
            seen.append(name)
        if kind != "person" and any(at in covered for at in here):
            wrongly.append(name)
    people = sum(kind == "person" for kind, _ in rows)
    with capsys.disabled():
        print(
            f"\ncovering: {people - len(seen)} of {people} people, {len(wrongly)} of {len(rows) - people} institutions"
        )
    assert len(seen) <= 0.03 * people
    assert len(wrongly) <= 0.3 * (len(rows) - people)


@pytest.mark.parametrize(
    ("said", "hidden", "why"),
    [
        ("call 04 91 55 12 34 today", "04 91 55 12 34", Why.PHONE), ("call (612) 555-0199", "(612) 555-0199", Why.PHONE),
        ("write to j.doe@city.example now", "j.doe@city.example", Why.MAIL),
        ("lives at 12 rue des Lilas", "12 rue des Lilas", Why.STREET),
        ("lives at 221 Baker Street here", "221 Baker Street", Why.STREET), ("Officer Quentin was", "Quentin", Why.TITLE),
        ("Signed by: Zbigniew X. Prz", "Zbigniew", Why.TOLD),
    ],
)  # fmt: skip
def test_ways_to_reach_somebody_are_covered(said: str, hidden: str, why: Why) -> None:
    words = said.split()
    covered = covers(words)
    assert why in covered.values()
    assert not set(hidden.split()) & set(text_of(words, covered).split())


@pytest.mark.parametrize(
    "said",
    ["The total is 150,703,825 USD in 2022", "PIID 70CTD022FR0000170 of 2024-05-04", "from 14:00 to 15:30 on 12 March 2024",
     "The City of Minneapolis and the County", "Palantir Technologies Inc. delivers", "le marché de la ville de Marseille"],
)  # fmt: skip
def test_amounts_dates_and_institutions_stay(said: str) -> None:
    assert covers(said.split()) == {}


def test_a_covered_name_is_covered_everywhere_and_its_mark_tells_no_length() -> None:
    said = "Jane Whitlock said so . Later whitlock left , as Al did with Jane Whitlock Abercrombie-Fitzwilliam"
    words = said.split()
    text = text_of(words, covers(words))
    assert "hitlock" not in text
    assert text.count(COVER) >= 3
    assert COVER * 2 not in text.replace(" ", "")
    assert tells_person("ask Jane Whitlock")
    assert not tells_person(text)
    assert covers(["Whitlock"], Rules(asked=frozenset({"whitlock"})))[0] is Why.ASKED


def test_pages_that_name_somebody_are_held_whoever_brings_them(registry: Registry) -> None:
    draft = Draft("x-doc", "Document", [Claim("title", "A letter"), Claim("bodyText", "Signed by Jane Whitlock")])
    row = Row(1, [draft], Source("https://x.example", "file"), is_foreign=True)
    done = registry.database.write_now(partial(record, rows=[row], dataset="foreign", day=1))
    assert done.held == {"name": 1}
