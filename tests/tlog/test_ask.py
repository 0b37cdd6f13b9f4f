"""The log's side: every witness is asked at once, what does not verify is not kept, and a lie is told apart from bad luck."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.tlog.town import Town
from tocsin.store.blobs import DiskBlobs
from tocsin.tlog import cosignature, note
from tocsin.tlog.ask import ALARMS, Answer, Outcome, WitnessAddress, Witnesses
from tocsin.tlog.witness_state import WitnessState


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


def run(town: Town, story: Callable[[Witnesses], Coroutine[Any, Any, None]]) -> None:
    async def told() -> None:
        async with town.client() as client:
            await story(town.witnesses(client))

    asyncio.run(told())


def outcomes(answers: list[Answer]) -> list[Outcome]:
    return [answer.outcome for answer in answers]


def test_two_hundred_honest_polls_raise_no_alarm_and_are_all_cosigned(town: Town) -> None:
    async def story(witnesses: Witnesses) -> None:
        for number in range(1, 201):
            town.beat(number=number)
            if number % 50 == 0:
                town.start_witness("w1")  # an honest restart is not an alarm either
                witnesses.client = town.client()
            answers = await witnesses.ask(town.log)
            assert outcomes(answers) == [Outcome.COSIGNED, Outcome.COSIGNED]

    run(town, story)
    found = note.parse(town.log.checkpoint_note())
    for witness in town.servers.values():
        for key in witness.cosigner.vkeys:
            cosignature.verify(found, key)
        assert witness.state.forks() == []


def test_a_restarted_log_finds_out_what_its_witnesses_have(town: Town) -> None:
    async def story(witnesses: Witnesses) -> None:
        town.beat()
        await witnesses.ask(town.log)
        town.log = town.open_log("log")
        town.beat(number=2)
        assert outcomes(await Witnesses(town.addresses, witnesses.client).ask(town.log)) == [Outcome.COSIGNED] * 2

    run(town, story)


def test_a_silent_witness_does_not_hold_the_beat_and_is_covered_later(town: Town) -> None:
    async def story(witnesses: Witnesses) -> None:
        town.beat()
        honest = witnesses.client
        witnesses.client = town.client(dead="w2")
        witnesses.seconds = 0.3
        assert outcomes(await witnesses.ask(town.log)) == [Outcome.COSIGNED, Outcome.SILENT]
        witnesses.client, witnesses.seconds = honest, 5
        town.beat(number=2)
        assert outcomes(await witnesses.ask(town.log)) == [Outcome.COSIGNED, Outcome.COSIGNED]

    run(town, story)


def test_a_rolled_back_log_is_told_that_its_witness_is_ahead(town: Town) -> None:
    async def story(witnesses: Witnesses) -> None:
        town.beat()
        old = {path: path.read_bytes() for path in (town.place / "log").rglob("*") if path.is_file()}
        town.beat(number=2)
        town.beat(number=3)
        await witnesses.ask(town.log)
        for path in (town.place / "log").rglob("*"):
            if path.is_file() and path not in old:
                path.unlink()
        for path, content in old.items():
            path.write_bytes(content)
        town.log = town.open_log("log")
        town.beat(number=4)
        answers = await Witnesses(town.addresses, witnesses.client).ask(town.log)
        assert outcomes(answers) == [Outcome.AHEAD, Outcome.AHEAD]
        assert Outcome.AHEAD in ALARMS

    run(town, story)


def test_a_log_that_shows_another_tree_is_told_that_it_forked(town: Town) -> None:
    async def story(witnesses: Witnesses) -> None:
        town.beat()
        await witnesses.ask(town.log)
        lie = town.open_log("lie")
        town.beat(lie, [b"\1" * 32])
        assert outcomes(await Witnesses(town.addresses, witnesses.client).ask(lie)) == [Outcome.FORKED] * 2
        town.beat(lie, number=2)
        assert outcomes(await Witnesses(town.addresses, witnesses.client).ask(lie)) == [Outcome.FORKED] * 2
        assert len(town.servers["w1"].state.forks()) == 1

    run(town, story)


@pytest.mark.parametrize("is_restarted", [False, True])
def test_a_witness_that_forgot_is_noticed(town: Town, is_restarted: bool) -> None:
    async def story(witnesses: Witnesses) -> None:
        town.beat()
        await witnesses.ask(town.log)
        town.log.publish()
        if is_restarted:
            town.log = town.open_log("log")
            witnesses = Witnesses(town.addresses, witnesses.client)
        (town.place / "w1" / "state.json").unlink()
        WitnessState.begin(DiskBlobs(town.place / "w1"), 0, after_loss=True)
        town.start_witness("w1")
        witnesses.client = town.client()
        town.beat(number=2)
        first, second = await witnesses.ask(town.log)
        assert (first.outcome, second.outcome) == (Outcome.WENT_BACK, Outcome.COSIGNED)

    run(town, story)


def test_lines_of_other_keys_are_not_kept(town: Town) -> None:
    async def story(witnesses: Witnesses) -> None:
        town.beat()
        first, second = town.addresses
        witnesses.addresses = [WitnessAddress(first.url, second.keys)]
        assert outcomes(await witnesses.ask(town.log)) == [Outcome.UNTRUSTED]
        assert len(note.parse(town.log.checkpoint_note()).signatures) == 1

    run(town, story)


def test_a_witness_that_does_not_know_the_log_is_a_matter_of_settings(town: Town) -> None:
    async def story(witnesses: Witnesses) -> None:
        town.beat()
        town.servers["w1"]._logs.clear()
        assert outcomes(await witnesses.ask(town.log)) == [Outcome.REFUSED, Outcome.COSIGNED]

    run(town, story)


@pytest.mark.parametrize("status", [301, 404, 429, 500])
def test_any_other_answer_is_a_refusal(town: Town, status: int) -> None:
    async def story(witnesses: Witnesses) -> None:
        town.beat()
        witnesses.client = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(status)))
        assert set(outcomes(await witnesses.ask(town.log))) == {Outcome.REFUSED}

    run(town, story)


def test_an_answer_without_end_is_not_read_to_its_end(town: Town) -> None:
    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            while True:
                yield b"x" * 4096

    async def story(witnesses: Witnesses) -> None:
        town.beat()
        transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=Endless()))
        witnesses.client = httpx.AsyncClient(transport=transport)
        assert set(outcomes(await witnesses.ask(town.log))) == {Outcome.SILENT}

    run(town, story)
