"""A second past ASGI: the same bytes as by ASGI for every request, and only the usual one goes that way."""

import asyncio
import dataclasses
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

import httpx
import msgspec
import pytest

from tests.encounters.conftest import settings_in
from tests.encounters.phone import Phone
from tests.serving import free_ports
from tests.waiting import wait_until
from tests.web.test_forgetful import answer
from tocsin import new_keys
from tocsin.app import application, site_of
from tocsin.clock import SystemClock
from tocsin.errors import TocsinError
from tocsin.ids import b64
from tocsin.jurisdictions import load
from tocsin.node import Node
from tocsin.seconds import shortcut
from tocsin.web import server as web_server
from tocsin.web.headers import Site
from tocsin.web.server import server
from tocsin.web.shortcut import Headers, Shortcut

HOST = "node.example"
PATIENCE_S = 60.0


class Doors(NamedTuple):
    """One node behind two ports: `short` takes the shortcut, `long` never does. `taken` grows by one for each request that took it."""

    node: Node
    short: int
    long: int
    taken: list[str]


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    settings = msgspec.structs.replace(settings_in(tmp_path_factory.mktemp("node")), hosts=(HOST,))
    new_keys.make(settings, None, SystemClock())
    node = Node.open(settings, load.load(settings.pack), SystemClock())
    short, long = free_ports(2)
    whole, taken = shortcut(node, site_of(node)), list[str]()

    async def counted(path: str, headers: Headers, body: bytes) -> bytes:
        taken.append(path)
        return await whole.take(path, headers, body)

    counting = dataclasses.replace(whole, take=counted)
    served = server(application(node), host="127.0.0.1", port=short, tls=None, onion_port=long, shortcut=counting)
    thread = threading.Thread(target=served.run)
    thread.start()
    try:
        wait_until(lambda: served.started, PATIENCE_S)
        yield Doors(node, short, long, taken)
    finally:
        served.should_exit = True
        thread.join()


@pytest.fixture
def phone(doors: Doors) -> Phone:
    begun = Phone(doors.node.share_recipient)
    url = f"http://127.0.0.1:{doors.short}/encounters"
    assert httpx.post(url, content=begun.start_json(), headers={"Host": HOST}, timeout=PATIENCE_S).status_code == 201
    return begun


def request(phone: Phone, seq: int, raw: bytes, **changed: str | None) -> bytes:
    """A second as a browser sends it; `changed` headers instead, or none where None. Underscores stand for hyphens."""
    headers: dict[str, str | None] = {
        "Host": HOST,
        "Connection": "keep-alive",
        "Authorization": f"Tocsin {b64(phone.upload)}",
        "Content-Type": "application/octet-stream",
        "Content-Length": str(len(raw)),
        **{name.replace("_", "-"): value for name, value in changed.items()},
    }
    said = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value is not None)
    return f"PUT /encounters/{b64(phone.id)}/chunks/{seq} HTTP/1.1\r\n{said}\r\n".encode() + raw


def answered(port: int, sent: bytes, count: int = 1) -> list[bytes]:
    """`count` answers to what is sent in one go, each whole, without the random id of a refusal."""
    with (
        closing(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)) as line,
        line.makefile("rb") as came,
    ):
        line.sendall(sent)
        return [_one(came) for _ in range(count)]


def _one(came) -> bytes:  # type: ignore[no-untyped-def]  # what `makefile` gives
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        more = came.readline()
        assert more, head
        head += more
        if head == b"HTTP/1.1 100 Continue\r\n":
            came.readline()
            head = b""
    length = re.search(rb"content-length: (\d+)", head)
    body = came.read(int(length[1])) if length else b""
    return re.sub(rb'"id":"[0-9a-f]{16}"', b'"id":""', head + body)


def test_a_second_and_its_repetition_get_the_same_bytes_by_both_ways(doors: Doors, phone: Phone) -> None:
    doors.taken.clear()
    sent = request(phone, 0, phone.second())
    short, again, long = (answered(port, sent) for port in (doors.short, doors.short, doors.long))
    assert short == again == long
    assert short[0].startswith(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain")
    assert b"cache-control: no-store\r\n" in short[0]
    assert len(doors.taken) == 2


REFUSED: dict[str, dict[str, str | None]] = {
    "no capability": {"Authorization": None},
    "another scheme": {"Authorization": "Bearer x"},
    "noise for a capability": {"Authorization": "Tocsin !!"},
    "a wrong capability": {"Authorization": "Tocsin " + b64(bytes(32))},
    "no length": {"Content_Length": None},
    "a length that is no number": {"Content_Length": "x"},
    "a length above the limit": {"Content_Length": "2000000"},
    "a length with a thousand digits": {"Content_Length": "9" * 1000},
    "a host that is not ours": {"Host": "elsewhere.example"},
    "another site": {"Sec_Fetch_Site": "cross-site"},
    "an onion name": {"Host": "abc.onion"},
    "another protocol": {"Connection": "upgrade", "Upgrade": "h2c"},
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_has_the_same_bytes_by_both_ways(doors: Doors, phone: Phone, name: str) -> None:
    sent = request(phone, 0, phone.second(), **REFUSED[name])
    short, long = (answered(port, sent) for port in (doors.short, doors.long))
    assert short == long
    assert 400 <= int(short[0][9:12]) < 500


def test_a_wrong_second_has_the_same_refusal_by_both_ways(doors: Doors, phone: Phone) -> None:
    first, second = phone.second(), phone.second()
    answered(doors.short, request(phone, 0, first))
    doors.taken.clear()
    bad = [
        request(phone, 0, second),
        request(phone, 2, second),
        request(phone, 1, second[:-1] + bytes([second[-1] ^ 1])),
        request(phone, 1, first),
        request(phone, 1, b"x"),
        request(phone, 999_999, second),
    ]
    for sent in bad:
        short, long = (answered(port, sent) for port in (doors.short, doors.long))
        assert short == long
        assert 400 <= int(short[0][9:12]) < 500
    assert len(doors.taken) == len(bad)
    assert answered(doors.short, request(phone, 1, second))[0].startswith(b"HTTP/1.1 200")


UNUSUAL = {
    "it asks first": {"Expect": "100-continue"},
    "it ends the connection": {"Connection": "close"},
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_an_unusual_request_goes_by_asgi_and_gets_its_receipt(doors: Doors, phone: Phone, name: str) -> None:
    doors.taken.clear()
    sent = request(phone, 0, phone.second(), **UNUSUAL[name])
    short, long = (answered(port, sent) for port in (doors.short, doors.long))
    assert short == long
    assert short[0].startswith(b"HTTP/1.1 200")
    assert not doors.taken


@pytest.mark.parametrize("form", ["?x=1", "%2e", "/"])
def test_an_address_that_is_not_exactly_one_second_goes_by_asgi(doors: Doors, phone: Phone, form: str) -> None:
    doors.taken.clear()
    sent = request(phone, 0, phone.second()).replace(b"/chunks/0 ", b"/chunks/0%b " % form.encode())
    assert answered(doors.short, sent) == answered(doors.long, sent)
    assert not doors.taken


def test_seconds_on_one_connection_are_answered_in_order_even_when_they_come_together(
    doors: Doors, phone: Phone
) -> None:
    sent = b"".join(request(phone, number, phone.second()) for number in range(4))
    short = answered(doors.short, sent, 4)
    assert [one[:12] for one in short] == [b"HTTP/1.1 200"] * 4
    assert len(set(short)) == 4
    assert answered(doors.long, sent, 4) == short


def test_a_body_that_comes_in_pieces_goes_by_asgi_and_is_the_same_second(
    doors: Doors, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_server, "AT_ONCE_SECONDS", 0.0)
    doors.taken.clear()
    sent = request(phone, 0, phone.second())
    with closing(socket.create_connection(("127.0.0.1", doors.short), timeout=PATIENCE_S)) as line:
        cut = len(sent) - 100
        line.sendall(sent[:cut])
        wait_until(lambda: _is_under_way(doors.node, phone), PATIENCE_S)
        line.sendall(sent[cut:])
        with line.makefile("rb") as came:
            assert [_one(came)] == answered(doors.long, sent)
    assert not doors.taken


def _is_under_way(node: Node, phone: Phone) -> bool:
    """The first part was read: ASGI's reader holds it."""
    return any(
        task.get_coro().__name__ == "run_asgi" and not task.done()  # type: ignore[union-attr]  # a coroutine has a name
        for task in asyncio.all_tasks(node.tasks[0].get_loop())
    )


def test_a_node_that_ends_answers_what_it_has_begun_and_says_that_it_closes() -> None:
    said = asyncio.run(_ended_while_it_answers())
    assert said.startswith(b"HTTP/1.1 200 OK\r\n")
    assert said.endswith(b"connection: close\r\n\r\nhere")


async def _ended_while_it_answers() -> bytes:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def take(path: str, headers: Headers, body: bytes) -> bytes:
        begun.set()
        await go_on.wait()
        return body

    def refused(error: Exception) -> tuple[TocsinError, str]:
        raise error

    short = Shortcut(lambda path: path == "/here", 10, take, refused, Site())
    running = server(answer, host="127.0.0.1", port=free_ports(1)[0], tls=None, shortcut=short)
    serving = asyncio.create_task(running.serve())
    while not running.started:
        await asyncio.sleep(0)
    reader, writer = await asyncio.open_connection("127.0.0.1", running.config.port)
    writer.write(b"PUT /here HTTP/1.1\r\nHost: here\r\nContent-Length: 4\r\n\r\nhere")
    await begun.wait()
    running.should_exit = True
    while not all(one.cycle.keep_alive is False for one in running.server_state.connections):  # type: ignore[union-attr]
        await asyncio.sleep(0)
    go_on.set()
    said = await reader.read()
    writer.close()
    await serving
    return said
