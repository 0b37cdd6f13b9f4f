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
from tocsin.encounters import start
from tocsin.ids import b64
from tocsin.node import Node

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
    for key, name in zip(keys, ("Wren", "Kestrel"), strict=True):
        await done(settings, "steward", "add", key, "--name", name)
    hold = ("hold", "set", recording, "--reason", "court-order", "--key", one)
    early = await run(settings, *hold)
    assert (early.exit_code, "steward_unknown" in early.output) == (1, True)
    await strike(node)
    node.stewardship.wait_s = -(10**9)
    for steward in list((await node.stewardship._listed()).values()):
        assert steward.name in await done(settings, "steward", "list")
    node.encounters.clock = Ahead()  # the sample's wait is over

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


class Ahead:
    """The machine's clock, two minutes ahead: what a beat took counts."""

    def __init__(self) -> None:
        from tocsin.clock import SystemClock

        self._real = SystemClock()

    def now_ms(self) -> int:
        return self._real.now_ms() + 120_000

    def monotonic(self) -> float:
        return self._real.monotonic()

    def random_bytes(self, count: int) -> bytes:
        return self._real.random_bytes(count)
