"""Stewards' commands against a running node: keys, a hold, its confirmation and release, a table. Refusals come in words."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.encounters.conftest import open_node, settings_in
from tests.encounters.phone import Phone
from tests.encounters.stewards import strike
from tests.encounters.test_owner import record
from tocsin.cli import main
from tocsin.clock import SystemClock
from tocsin.encounters import start
from tocsin.ids import b64
from tocsin.node import Node
from tocsin.people.statement import Act, KeyStatement, Named, Statement
from tocsin.steward_commands import about

pytestmark = pytest.mark.anyio


@pytest.fixture
async def node(folder: Path) -> AsyncIterator[Node]:
    """A node that takes what commands leave."""
    node = open_node(folder)
    await start.start(node.encounters)
    await node.stewardship.keep()

    async def attend() -> None:
        while True:
            await node.take_inbox()
            await asyncio.sleep(0.02)

    attending = asyncio.create_task(attend())
    yield node
    attending.cancel()
    with suppress(asyncio.CancelledError):
        await attending
    await node.end()


@pytest.fixture
def settings(folder: Path) -> Path:
    told = settings_in(folder)
    file = folder / "node.toml"
    lines = {name: getattr(told, name) for name in ("folder", "runtime", "log_origin", "pack", "keys")}
    file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items()))
    return file


async def run(settings: Path, *arguments: str, said: str = "") -> Result:
    command = ["--settings", str(settings), *arguments]
    return await asyncio.to_thread(lambda: CliRunner().invoke(main, command, input=said, catch_exceptions=False))


async def done(settings: Path, *arguments: str, said: str = "") -> str:
    result = await run(settings, *arguments, said=said)
    assert result.exit_code == 0, result.output
    return result.output


async def test_from_two_keys_to_a_hold_a_release_and_a_table(node: Node, folder: Path, settings: Path) -> None:
    phone = Phone(node.share_recipient)
    await record(node, phone)
    recording, one, two = b64(phone.id), str(folder / "one.key"), str(folder / "two.key")
    made = [json.loads(await done(settings, "steward", "new", "-o", file, "--in-clear")) for file in (one, two)]
    keys = [one["key"] for one in made]
    hold = ("hold", "set", recording, "--reason", "court-order", "--key", one)
    early = await run(settings, *hold)
    assert (early.exit_code, "steward_unknown" in early.output) == (1, True)
    await found(settings, keys[1], one, two)
    await strike(node)
    for name in ("Wren", "Kestrel"):
        assert f"{name}  counts" in await done(settings, "steward", "list")
    node.encounters.clock = Ahead()  # the beat that took them may lie ahead of the clock

    proposed = await done(settings, *hold)
    number = re.findall(r"Statement ([0-9a-f]{16}): waits", proposed)[0]
    alone = await run(settings, "hold", "confirm", number, "--key", one, "--yes")
    assert (alone.exit_code, "second_steward_needed" in alone.output) == (1, True)
    assert number in await done(settings, "hold", "list")
    assert "done" in await done(settings, "hold", "confirm", number, "--key", two, said="y\n")
    listed = await done(settings, "hold", "list")
    assert recording in listed
    assert "court-order" in listed
    assert "waits" not in listed
    gone = await run(settings, "hold", "confirm", number, "--key", two, "--yes")
    assert "statement_unknown" in gone.output

    paper, countersigned = str(folder / "paper"), str(folder / "countersigned")
    away = ("--node", "sample.example/log")
    await done(settings, "hold", "release", recording, "--key", two, "-o", paper, *away)
    await done(settings, "hold", "confirm", paper, "--key", one, "-o", countersigned, *away, "--yes")
    assert "done" in await done(settings, "steward", "hand-in", countersigned)
    assert recording not in await done(settings, "hold", "list")
    again = await run(settings, "steward", "hand-in", countersigned)
    assert (again.exit_code, "statement_used" in again.output) == (1, True)

    table = await done(settings, "retention", "propose", "--encounter", "60", "--key", two)
    number = re.findall(r"Statement ([0-9a-f]{16}): waits", table)[0]
    assert number in await done(settings, "retention", "show")
    await done(settings, "retention", "confirm", number, "--key", one, "--yes")
    await strike(node)
    shown = json.loads(await done(settings, "retention", "show", "--json"))
    assert (shown["kept"]["encounter"]["days"], shown["table"]["number"]) == (60, 2)


async def found(settings: Path, other: str, one: str, two: str) -> None:
    """Two stewards begin."""
    names = ("--other-name", "Kestrel", "--name", "Wren")
    proposed = await done(settings, "steward", "found", f"={other}", *names, "--key", one)
    number = re.findall(r"Statement ([0-9a-f]{16}): waits", proposed)[0]
    assert number in await done(settings, "steward", "list")
    assert "done" in await done(settings, "steward", "confirm", number, "--key", two, "--yes")


async def test_a_lawyer_comes_by_two_stewards_and_goes_by_one(node: Node, folder: Path, settings: Path) -> None:
    one, two, three = (str(folder / f"{name}.key") for name in ("one", "two", "three"))
    made = [json.loads(await done(settings, "steward", "new", "-o", file, "--in-clear")) for file in (one, two, three)]
    lawyer = json.loads(await done(settings, "identity", "-o", str(folder / "lawyer")))["recipient"]
    propose = ("desk", "propose", lawyer, "--name", "Heron", "--key", one)
    assert "steward_unknown" in (await run(settings, *propose)).output
    await found(settings, made[1]["key"], one, two)
    founded = ("steward", "found", f"={made[2]['key']}", "--other-name", "X", "--name", "Y", "--key", one)
    assert "founded_already" in (await run(settings, *founded)).output
    number = re.findall(r"Statement ([0-9a-f]{16}): waits", await done(settings, *propose))[0]
    waits = await done(settings, "desk", "list")
    words = re.findall(r"Heron age1\w+ \(((?:\w+ ){6}\w+)\)", waits)[0]
    for stranger in (one, three):
        assert (await run(settings, "desk", "confirm", number, "--key", stranger, "--yes")).exit_code == 1
    confirmed = await done(settings, "desk", "confirm", number, "--key", two, said="y\n")
    assert words in confirmed
    assert "done" in confirmed
    await strike(node)
    assert lawyer in await done(settings, "desk", "list")
    again = re.findall(r"Statement ([0-9a-f]{16}): waits", await done(settings, *propose))[0]
    assert "key_refused" in (await run(settings, "desk", "confirm", again, "--key", two, "--yes")).output
    remove = ("desk", "remove", lawyer, "--name", "Heron", "--key", two)
    assert "done" in await done(settings, *remove)
    await strike(node)
    assert lawyer not in (await done(settings, "desk", "list")).partition("waits")[0]
    last = ("steward", "remove", f"={made[1]['key']}", "--name", "Kestrel", "--key", one)
    number = re.findall(r"Statement ([0-9a-f]{16}): waits", await done(settings, *last))[0]
    assert (
        "Two stewards have to stay" in (await run(settings, "steward", "confirm", number, "--key", two, "--yes")).output
    )


class Ahead:
    """The machine's clock, two minutes ahead."""

    def __init__(self) -> None:
        self._real = SystemClock()

    def now_ms(self) -> int:
        return self._real.now_ms() + 120_000

    def monotonic(self) -> float:
        return self._real.monotonic()

    def random_bytes(self, count: int) -> bytes:
        return self._real.random_bytes(count)


def test_what_is_shown_before_it_is_signed_hides_nothing() -> None:
    """A name that a colleague wrote into a file moves no cursor and turns no line round."""
    named = Named(key="age1x", name="Wren\x1b[8m\u202e\r")
    said = KeyStatement(act=Act.DESK_ADD, day=1, node="n", salt="s", keys=(named,))
    assert about(said).startswith("desk-add Wren\\x1b[8m\\u202e\\r age1x (")
    table = Statement(
        act=Act.RETENTION, day=1, node="n", salt="s", number=2, days={"encounter": 1}, recording="x", reason="y"
    )
    assert about(table) == "retention x encounter 1 days y"
