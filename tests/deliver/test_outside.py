"""Outside channels say the pointer and nothing else, byte for byte the same whatever happened; a budget each; a real mail server."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import msgspec
import pytest

from tests.deliver.conftest import MovableClock, message
from tests.deliver.test_push import Steps
from tests.encounters.conftest import settings_in
from tests.serving import free_ports, serving
from tocsin.deliver import channels
from tocsin.deliver.channel import Channel, ChannelDown
from tocsin.deliver.model import Kind, Message
from tocsin.settings import Mail

pytestmark = pytest.mark.anyio
CITY = "Minneapolis (sample)"
SENTENCE = f"There is news from {CITY}. Open your Tocsin page."
LOUD = [kind for kind in Kind if kind is not Kind.TEST]


@dataclass
class MailServer:
    """A mail server by hand (RFC 5321), and the letters it took."""

    port: int = 0
    letters: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 list.example\r\n")
        while line := (await reader.readline()).decode():
            if line.startswith("DATA"):
                writer.write(b"354 go on\r\n")
                raw = await reader.readuntil(b"\r\n.\r\n")
                self.letters.append(raw.decode())
            writer.write(b"221 bye\r\n" if line.startswith("QUIT") else b"250 list.example\r\n")
            if line.startswith("QUIT"):
                break
        writer.close()


@asynccontextmanager
async def mail_server() -> AsyncIterator[MailServer]:
    server = MailServer()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    yield server
    listening.close()


def with_mail(tmp_path: Path, port: int, clock: MovableClock, a_day: int = 24) -> Channel:
    mail = Mail(host="127.0.0.1", port=port, sender="node@city.example", to="news@list.example")
    settings = msgspec.structs.replace(settings_in(tmp_path), mail=mail, outside_a_day=a_day)
    [channel] = channels.configured(settings, CITY, clock)
    return channel


def telling(kind: Kind) -> Message:
    """A message whose every part could leak."""
    return message(kind, body=b'{"area":"corcoran","kind":"people-taken","seen_from":1795999200}')


async def test_a_mail_says_the_sentence_whatever_happened(tmp_path: Path, clock: MovableClock) -> None:
    async with mail_server() as server:
        channel = with_mail(tmp_path, server.port, clock)
        for kind in Kind:
            await channel.send(telling(kind), Steps())
    assert len(server.letters) == len(LOUD), "a trial is told to nobody outside"
    same = {re.sub(r"(?m)^Message-ID: .*$", "", letter) for letter in server.letters}
    assert len(same) == 1, "an alert, its update and its cancel look the same"
    [letter] = same
    assert letter.count(SENTENCE) == 2, "subject and body"
    assert not re.search(r"corcoran|people|\d\d:[1-9]\d", letter.replace("127.0.0.1", ""))
    assert len({re.search(r"(?m)^Message-ID: (.*)$", letter)[1] for letter in server.letters}) == len(LOUD)  # type: ignore[index]


async def test_a_mail_server_that_is_away_is_tried_again(tmp_path: Path, clock: MovableClock) -> None:
    port = free_ports(1)[0]
    channel = with_mail(tmp_path, port, clock, a_day=1)
    for _ in range(3):
        with pytest.raises(ChannelDown) as down:
            await channel.send(telling(Kind.ALERT), Steps())
        assert down.value.after_s == 0, "what was not said is not counted against the day"
    server = MailServer()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", port)
    await channel.send(telling(Kind.ALERT), Steps())
    listening.close()
    assert len(server.letters) == 1


async def test_a_channel_has_a_budget_and_what_takes_back_is_not_held_by_it(
    tmp_path: Path, clock: MovableClock
) -> None:
    async with mail_server() as server:
        channel = with_mail(tmp_path, server.port, clock, a_day=2)
        for _ in range(2):
            await channel.send(telling(Kind.ALERT), Steps())
        with pytest.raises(ChannelDown) as held:
            await channel.send(telling(Kind.ALERT), Steps())
        assert held.value.after_s == 86_400
        for kind in (Kind.CANCEL, Kind.DANGER):
            await channel.send(telling(kind), Steps())
        clock.s += 86_401
        await channel.send(telling(Kind.ALERT), Steps())
    assert len(server.letters) == 5


@pytest.mark.filterwarnings("ignore:.imghdr:DeprecationWarning")  # apprise imports it
async def test_apprise_is_given_the_sentence_alone_and_each_target_fails_alone(
    tmp_path: Path, clock: MovableClock
) -> None:
    came: list[bytes] = []

    class Takes(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with serving(Takes) as url:
        targets = (url.replace("http://", "json://"), f"json://127.0.0.1:{free_ports(1)[0]}")
        settings = msgspec.structs.replace(settings_in(tmp_path), relay_targets=targets)
        well, down = channels.configured(settings, CITY, clock)
        assert (well.name, down.name) == ("relay-1", "relay-2"), "a name says no secret"
        for kind in Kind:
            await well.send(telling(kind), Steps())
        with pytest.raises(ChannelDown):
            await down.send(telling(Kind.ALERT), Steps())
    assert len(came) == len(LOUD)
    assert len(set(came)) == 1
    assert json.loads(came[0])["message"] == SENTENCE
    assert b"corcoran" not in came[0]


async def test_without_settings_there_is_no_outside_channel(tmp_path: Path, clock: MovableClock) -> None:
    assert channels.configured(settings_in(tmp_path), CITY, clock) == []
