"""A report: closed answers, an area, nothing about whoever sent it; once, however often it comes."""

import asyncio

import msgspec
import pytest

from tests.alerts.world import AREA, DEE, PACK, City
from tocsin.alerts import ask, board, danger, queries, take
from tocsin.alerts.model import Answer, HowMany, Kind, Lane, State, Vehicles
from tocsin.alerts.report import Asked, code_of, digest_of_code, report, state
from tocsin.crypto import envelope
from tocsin.ids import b64

pytestmark = pytest.mark.anyio


async def test_the_same_key_is_the_same_report_however_many_ask_at_once(either: City) -> None:
    asked = Asked(b64(b"k" * 32), Kind.ACTIVITY, AREA, ticket="t", work="w")
    filed = await asyncio.gather(*(report(either.alerts, asked) for _ in range(8)))
    assert len({one.code for one in filed}) == 1
    assert sum(one.is_new for one in filed) == 1
    assert len(await either.database.read(queries.reports)) == 1
    assert len(await either.database.read(queries.matters)) == 1


async def test_a_code_has_a_hundred_bits_and_is_read_as_people_write_it(town: City) -> None:
    filed = await town.file(key=b64(b"o" * 32))
    assert filed.code == code_of(b"o" * 32)
    assert len(filed.code.replace("-", "")) * 5 == 100
    for typed in (
        filed.code,
        filed.code.lower(),
        filed.code.replace("-", " "),
        filed.code.replace("0", "o").replace("1", "l"),
    ):
        assert await state(town.alerts, typed) == ("received", False)
    await town.refused("alerts_code_unknown", state(town.alerts, "0" * 20))
    assert digest_of_code(filed.code) != digest_of_code(filed.code[:-1] + ("2" if filed.code[-1] != "2" else "3"))


async def test_who_reported_hears_received_being_checked_and_what_came_of_it(town: City) -> None:
    crew = await town.on_duty(1, 2)
    filed = await town.file()
    matter_id = await town.matter(filed)
    await take.take(town.alerts, DEE, matter_id)
    await take.acknowledge(town.alerts, DEE, matter_id)
    assert await state(town.alerts, filed.code) == ("being-checked", True)
    await ask.ask(town.alerts, DEE, matter_id)
    questions = [await town.speak(one, Answer.NOTHING_SEEN) for one in crew]
    assert (await state(town.alerts, filed.code))[0] == "being-checked"
    await town.released(matter_id, crew[0], questions[0])
    assert (await state(town.alerts, filed.code))[0] == "nothing-seen"


async def test_a_place_is_kept_as_its_area_and_no_finer(town: City) -> None:
    merged = next(area for area in PACK.areas if len(area.places) > 1)
    matter_id = await town.matter(await town.file(area=merged.places[0]))
    assert town.alerts.held(await town.row(matter_id)).draft.area == merged.id
    await town.refused("alerts_area_unknown", town.file(area="44.95,-93.26"))
    await town.refused("alerts_area_unknown", town.file(area="3012 Bloomington Ave"))


async def test_a_photo_opens_at_the_desk_alone_and_dies_with_the_decision(town: City) -> None:
    photo = envelope.seal_to([envelope.recipient_of(town.dispatcher)], b"a covered picture")
    matter_id = await town.taken(photo=b64(photo))
    [told] = await board.detail(town.alerts, matter_id)
    assert told["photo"] == b64(photo)
    assert envelope.open_with(town.dispatcher, photo) == b"a covered picture"
    [row] = await town.database.read(lambda c: queries.reports_of(c, matter_id))
    assert photo not in row.box
    await take.close(town.alerts, DEE, matter_id)
    with pytest.raises(Exception, match="recording_erased"):
        town.alerts.open(row.slot, row.id, row.box)
    [left] = await town.database.read(lambda c: queries.reports_of(c, matter_id))
    assert (left.box, left.slot) == (b"", -1)


async def test_what_is_no_sealed_file_is_refused(town: City) -> None:
    for photo in (b64(b"\xff\xd8\xff plain"), "not base64!", b64(b"age-encryption.org/v1\n" + b"x" * 400 * 1024)):
        await town.refused("body_malformed", town.file(photo=photo))


async def test_no_field_is_for_a_name_a_home_a_plate_or_a_person(town: City) -> None:
    fields = {field.name for field in msgspec.structs.fields(Asked)}
    assert fields == {
        "key", "kind", "area", "how_many", "wearing", "vehicles", "when", "language", "photo", "voice", "text", "token", "secret",
        "ticket", "work",
    }  # fmt: skip
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"key":"k","kind":"activity","area":"a","plate":"ABC 123"}', type=Asked)
    await town.refused("alerts_kind_refused", town.file(kind=Kind.NOTHING_SEEN))


async def test_a_token_says_its_cohort_and_a_spent_one_files_nothing(town: City) -> None:
    matter_id = await town.matter(await town.file(cohort=3))
    [row] = await town.database.read(lambda c: queries.reports_of(c, matter_id))
    said = town.alerts.said(row)
    assert said is not None
    assert (said.lane, said.cohort) == (Lane.TOKEN, 3)
    token = b64(bytes([2]) + b"t" * 31)
    await town.file(token=token, secret=b64(b"s" * 32))
    await town.refused("token_spent", town.file(token=token, secret=b64(b"s" * 32)))
    assert len(await town.database.read(queries.reports)) == 2


async def test_missing_parts_are_named_and_the_board_is_told_at_once(town: City) -> None:
    watching = town.board.watch(0, 60.0)
    await anext(watching)
    filed = await town.file(how_many=HowMany.UNKNOWN, wearing=(), vehicles=Vehicles.UNKNOWN)
    told = await asyncio.wait_for(anext(watching), 60)
    [line] = told["lines"]
    assert line.missing == ("how_many", "wearing", "vehicles")
    assert line.matter == b64(await town.matter(filed))
    await watching.aclose()


async def test_danger_ends_what_nobody_decided_and_stands_everybody_down(town: City) -> None:
    crew = await town.on_duty(1, 2)
    matter_id = await town.taken()
    await ask.ask(town.alerts, DEE, matter_id)
    await danger.danger(town.alerts, DEE, matter_id)
    assert (await town.row(matter_id)).state is State.CLOSED
    questions = await town.database.read(
        lambda c: [board.questions(town.alerts, c, who)[0] for who in town.alerts.duty.on]
    )
    assert [one.answer for one in questions] == ["stood-down"] * len(crew)
    await town.refused("alerts_event_wrong", ask.ask(town.alerts, DEE, matter_id))
