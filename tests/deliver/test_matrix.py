"""The sentence in an encrypted room of a real homeserver (Synapse): a second client reads it, and the server does not."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import nio  # type: ignore[import-untyped]  # ships no types
import pytest

from tests.deliver.conftest import MovableClock
from tests.deliver.test_outside import CITY, SENTENCE, telling
from tests.deliver.test_push import Steps
from tests.encounters.conftest import settings_in
from tests.serving import free_ports
from tests.waiting import wait_until
from tocsin.deliver import channels
from tocsin.deliver.channel import Channel, ChannelDown
from tocsin.deliver.matrix import RoomOpen
from tocsin.deliver.model import Kind
from tocsin.settings import MatrixRoom

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore::DeprecationWarning")]  # nio's and aiohttp's own
PASSWORD = "correct-horse-battery"
NAME = "home.example"
SETTINGS = """
server_name: {name}
pid_file: {folder}/pid
signing_key_path: {folder}/signing.key
media_store_path: {folder}/media
report_stats: false
enable_registration: true
enable_registration_without_verification: true
suppress_key_server_warning: true
trusted_key_servers: []
log_config: {folder}/log.yaml
listeners: [{{port: {port}, type: http, bind_addresses: ["127.0.0.1"], resources: [{{names: [client]}}]}}]
database: {{name: sqlite3, args: {{database: "{folder}/home.db"}}}}
rc_login: {{address: {{per_second: 100, burst_count: 100}}, account: {{per_second: 100, burst_count: 100}}}}
rc_registration: {{per_second: 100, burst_count: 100}}
"""
LOG = """
version: 1
handlers: {{file: {{class: logging.FileHandler, filename: {folder}/home.log}}}}
root: {{level: WARNING, handlers: [file]}}
"""


@pytest.fixture(scope="module")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Synapse on SQLite: where it is, and its folder."""
    folder, [port] = tmp_path_factory.mktemp("home"), free_ports(1)
    (folder / "home.yaml").write_text(SETTINGS.format(name=NAME, folder=folder, port=port))
    (folder / "log.yaml").write_text(LOG.format(folder=folder))
    program = [sys.executable, "-m", "synapse.app.homeserver", "--config-path", str(folder / "home.yaml")]
    environment = {**os.environ, "SYNAPSE_CACHE_FACTOR": "0.1"}
    subprocess.run([*program, "--generate-keys"], check=True, capture_output=True, env=environment)
    running = subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert running.poll() is None, (folder / "home.log").read_text()[-2000:]
        try:
            return httpx.get(f"{url}/_matrix/client/versions", trust_env=False).is_success
        except httpx.HTTPError:
            return False

    try:
        wait_until(answers, 120, step=0.2)
        yield url, folder
    finally:
        running.terminate()
        running.wait(60)


@asynccontextmanager
async def member(url: str, name: str) -> AsyncIterator[Any]:
    """Somebody with an ordinary client that stays."""
    config = nio.AsyncClientConfig(store=nio.store.SqliteMemoryStore, store_sync_tokens=False, encryption_enabled=True)
    client = nio.AsyncClient(url, f"@{name}:{NAME}", config=config)
    try:
        answer = await client.register(name, PASSWORD)
        assert isinstance(answer, nio.RegisterResponse), answer
        client.load_store()
        await client.keys_upload()
        yield client
    finally:
        await client.close()


async def room_of(client: Any, guest: str, *, encrypted: bool = True) -> str:
    how = {"algorithm": "m.megolm.v1.aes-sha2"}
    state = [{"type": "m.room.encryption", "state_key": "", "content": how}] if encrypted else []
    made = await client.room_create(invite=[guest], initial_state=state)
    await client.sync(timeout=0, full_state=True)
    return str(made.room_id)


def channel_to(folder: Path, url: str, room: str, clock: MovableClock) -> Channel:
    matrix = MatrixRoom(homeserver=url, account=f"@tocsin:{NAME}", secret=PASSWORD, room=room)
    [channel] = channels.configured(msgspec.structs.replace(settings_in(folder), matrix=matrix), CITY, clock)
    return channel


async def read(client: Any, room: str, least: int) -> list[Any]:
    """What a client decrypted, when it has so many."""
    found: list[Any] = []
    client.add_event_callback(lambda _, event: found.append(event), (nio.RoomMessageText, nio.MegolmEvent))
    async with asyncio.timeout(60):
        while len(found) < least:
            await client.sync(timeout=1_000)
    assert {event.sender for event in found} == {f"@tocsin:{NAME}"}
    return found


async def test_a_room_reads_the_sentence_and_its_server_does_not(
    homeserver: tuple[str, Path], tmp_path: Path, clock: MovableClock
) -> None:
    url, place = homeserver
    async with member(url, "tocsin"), member(url, "ada") as ada:
        room = await room_of(ada, f"@tocsin:{NAME}")
        channel = channel_to(tmp_path, url, room, clock)
        for kind in (Kind.TEST, Kind.ALERT, Kind.CANCEL):
            await channel.send(telling(kind), Steps())
        events = await read(ada, room, least=2)
        assert [event.body for event in events] == [SENTENCE] * 2, "a trial is told to nobody outside"
        assert all(event.decrypted for event in events)
        stored = b"".join(path.read_bytes() for path in place.glob("home.db*"))
        assert b"m.room.encrypted" in stored
        assert b"There is news" not in stored
        assert list(tmp_path.rglob("*")) == [], "nothing of the room stays with the node"

        bare = await room_of(ada, f"@tocsin:{NAME}", encrypted=False)
        with pytest.raises(RoomOpen):
            await channel_to(tmp_path, url, bare, clock).send(telling(Kind.ALERT), Steps())
        with pytest.raises(RoomOpen):
            await channel_to(tmp_path, url, f"!elsewhere:{NAME}", clock).send(telling(Kind.ALERT), Steps())


async def test_a_homeserver_that_is_away_or_refuses_is_tried_again(tmp_path: Path, clock: MovableClock) -> None:
    away = channel_to(tmp_path, f"http://127.0.0.1:{free_ports(1)[0]}", "!room:home.example", clock)
    for _ in range(40):
        with pytest.raises(ChannelDown) as down:
            await away.send(telling(Kind.ALERT), Steps())
        assert down.value.after_s == 0, "what was not said is not counted against the day"
