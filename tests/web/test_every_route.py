"""Every address of the node answers under the exact headers of its kind, failures and refusals of the parser included."""

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.encounters.conftest import open_node
from tocsin.app import application, site_of
from tocsin.node import Node
from tocsin.web import headers, server
from tocsin.web.headers import Kind
from tocsin.web.refusals import HeadTooLarge

pytestmark = pytest.mark.anyio

PAGES = (
    "", "rehearsal", "import", "call", "join", "recover", "verify", "desk/open", "about", "retention", "measures", "offline",
)  # fmt: skip
ASKED = [
    *(f"/{language}/{page}" for language in ("en", "es", "fr") for page in PAGES),
    "/", "/leave", "/source", "/worker.js", "/client-config", "/client-files", "/desk-keys", "/health", "/en/app.webmanifest",
    "/log/checkpoint", "/log/keys", "/log/tile/0/000.p/64", "/log/tile/entries/000.p/64", "/log/beats/64", "/log/timestamps/64",
    "/en/registry", "/fr/registry/entity/tf-f020", "/es/registry/entity/none", "/registry/search.json", "/registry/search.csv",
    "/registry/documents/doc-none/1", "/registry/documents/doc-none/pdf", "/en/staff/registry/documents",
    "/en/staff/registry/documents/x/1",
    "/registry/entities/tf-f020/json", "/registry/entities/tf-f020/csv", "/registry/changes.atom",
    "/en/staff/sign-in", "/es/staff/join", "/fr/staff/", "/en/staff/keys", "/en/staff/people", "/en/staff/people/invite", "/staff",
    "/staff/challenge", "/staff/sign-in", "/staff/join", "/staff/doors", "/staff/session", "/staff/here", "/staff/sign-out",
    "/staff/statements", "/en/staff/decisions", "/fr/staff/tonight", "/es/staff/begin", "/en/staff/areas",
    "/es/desk", "/desk/items", "/desk/events", "/desk/late", "/desk/items/AAAAAAAAAAAAAAAAAAAAAA/take",
    "/desk/items/AAAAAAAAAAAAAAAAAAAAAA/sealed", "/desk/items/AAAAAAAAAAAAAAAAAAAAAA/papers/AAAAAAAAAAAAAAAAAAAAAA",
    "/en/passport", "/es/passport/join", "/fr/passport/lost", "/en/passport/train", "/en/staff/passport", "/en/staff/passport/burn",
    "/passport/keys", "/passport/admit", "/passport/issue", "/passport/vouch", "/passport/try", "/passport/find",
    "/alerts/areas", "/alerts/ticket", "/alerts/live", "/alerts/truth", "/alerts/reports",
    "/alerts/reports/state", "/alerts/danger", "/alerts/duty", "/alerts/duty/asked",
    "/alert-desk/matters", "/alert-desk/news", "/alert-desk/warnings", "/alert-desk/attribution",
    "/alert-desk/attribution/logged",
    "/alert-desk/matters/AAAAAAAAAAAAAAAAAAAAAA/take", "/alert-desk/alerts/AAAAAAAAAAAAAAAAAAAAAA/cancel",
    "/report", "/alerts", "/report-a-danger", "/es/report", "/es/report/status", "/es/alerts", "/fr/alerts/map", "/en/alerts/true",
    "/.well-known/webfinger", "/ap/actor", "/ap/inbox", "/ap/notes/00", "/cap/feed.atom",
    "/cap/AAAAAAAAAAAAAAAAAAAAAA.xml", "/es/report-a-danger", "/en/alert-desk", "/alerts/reports/sealed",
    "/es/on-call", "/calls", "/calls/words/es", "/calls/duty", "/calls/events", "/calls/shift/events", "/calls/shift/free",
    "/calls/answer", "/calls/decline", "/calls/messages", "/calls/relay", "/calls/resume",
    "/en/circle", "/es/circle/join", "/fr/circle/words", "/circle/words/en", "/circle/tell", "/circle/place", "/circle/look",
    "/recover", "/encounters", "/encounters/AAAAAAAAAAAAAAAAAAAAAA/state", "/encounters/AAAAAAAAAAAAAAAAAAAAAA/sealed",
    "/no/such/place", "/log/tile/nonsense", "/log/beats/x", "/static/built/none.js", "/en/nothing", "/%00",
]  # fmt: skip


ID = re.compile(r"[0-9a-f]{16}")
HTTPS = headers.Site(https=True)
"""What the parser's own refusals are to know of the deployment, as every answer does."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def node(tmp_path_factory: pytest.TempPathFactory) -> Node:
    return open_node(tmp_path_factory.mktemp("node"))


@pytest.fixture
async def address(node: Node) -> AsyncIterator[tuple[str, int]]:
    listening = socket.create_server(("127.0.0.1", 0))
    running = server.server(application(node), host="127.0.0.1", port=0, tls=None, site=HTTPS)
    task = asyncio.create_task(running.serve(sockets=[listening]))
    while not running.started:
        await asyncio.sleep(0.01)
    await node.beat(1_900_000_020)
    yield listening.getsockname()
    running.should_exit = True
    await task


async def test_each_answer_has_exactly_the_headers_of_its_kind(node: Node, address: tuple[str, int]) -> None:
    host, port = address
    async with httpx.AsyncClient(base_url=f"http://{host}:{port}", trust_env=False, timeout=60) as client:
        built = [path for path in (await client.get("/worker.js")).text.split('"') if path.startswith("/static/built/")]
        assert built
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
            for path in [*ASKED, *(built[:3] if method == "GET" else [])]:
                answer = await client.request(method, path)
                wanted = expected(node, path, answer)
                given = [(name, value) for name, value in answer.headers.items() if name in dict(wanted)]
                assert sorted(given) == sorted(wanted), (method, path, answer.status_code)
                assert not {"server", "etag", "last-modified", "set-cookie", "date"} & set(answer.headers), (
                    method,
                    path,
                )


def expected(node: Node, path: str, answer: httpx.Response) -> list[tuple[str, str]]:
    kind = headers.answered_kind(headers.kind_of(path), answer.status_code, answer.headers.get("content-type", ""))
    return headers.headers_for(kind, site_of(node), "127.0.0.1", path)


async def test_what_the_parser_refuses_says_nothing_back_and_has_the_headers_too(address: tuple[str, int]) -> None:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"GET /canary-4711 NONSENSE\r\ncanary-4711\r\n\r\n")
    answer = (await reader.read()).decode()
    writer.close()
    await writer.wait_closed()
    head, _, body = answer.partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 400")
    assert "canary" not in answer
    told = json.loads(body)
    assert told["code"] == "request_malformed"
    assert ID.fullmatch(told["id"])
    lines = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
    assert dict(headers.headers_for(Kind.MACHINE, HTTPS)).items() <= lines.items()
    assert "strict-transport-security" in lines


async def test_trickled_headers_are_let_go(address: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEADER_SECONDS", 0.3)
    reader, writer = await asyncio.open_connection(*address)

    async def trickle() -> None:
        for letter in b"GET / HTTP/1.1\r\nhost: x\r\nx-long: " + b"a" * 200:
            writer.write(bytes([letter]))
            await asyncio.sleep(0.05)

    task = asyncio.create_task(trickle())
    async with asyncio.timeout(60):
        with pytest.raises(ConnectionResetError):
            assert await reader.read() == b""
            raise ConnectionResetError
    task.cancel()
    writer.close()


CHUNKED = b"POST /encounters HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (b"GET / HTTP/1.1\r\nhost: x\r\nx-long: ", b"a"),
        (b"GET / HTTP/1.1\r\nhost: x\r\nx", b"a"),
        (b"GET /", b"a"),
        (b"GET / HTTP/1.1\r\nhost: x\r\n", b"x: y\r\n"),
        (b"", b"\r\n"),
        (CHUNKED + b"0\r\nx: ", b"a"),
        (CHUNKED + b"2;x=", b"a"),
    ],
    ids=["value", "name", "address", "lines", "between", "trailer", "extension"],
)
async def test_a_head_without_end_is_let_go_by_its_size(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch, first: bytes, then: bytes
) -> None:
    """The parser keeps a name or a value until it ends and copies it with every read: eight such senders stalled a node."""
    monkeypatch.setattr(server, "HEADER_SECONDS", 600.0)
    _, writer = await asyncio.open_connection(*address)
    writer.write(first)
    megabyte = then * (1024 * 1024 // len(then))
    async with asyncio.timeout(60):
        with pytest.raises(OSError, match=r"reset|Broken pipe|lost"):
            for _ in range(64):  # the system's own buffers take some
                writer.write(megabyte)
                await writer.drain()
    writer.transport.abort()


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nhost: x\r\nx-long: %s\r\n\r\n" % (b"a" * server.HEADER_BYTES),
        b"GET / HTTP/1.1\r\nhost: x\r\nx-canary-4711%s" % (b"a" * server.HEADER_BYTES),
        b"GET /?canary-4711%s HTTP/1.1\r\nhost: x\r\n\r\n" % (b"a" * server.HEADER_BYTES),
        b"GET / HTTP/1.1\r\nhost: x\r\n%s\r\n" % (b"canary-4711: y\r\n" * (server.HEADER_BYTES // 12 + 1)),
    ],
    ids=["value", "name", "address", "lines"],
)
async def test_a_head_that_is_too_long_is_told_so_in_words(address: tuple[str, int], head: bytes) -> None:
    """Whose browser carries too many cookies learns what is wrong. Nothing behind the limit reaches an address."""
    for first in (b"", b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n"):
        reader, writer = await asyncio.open_connection(*address)
        if first:
            writer.write(first)
            assert b"HTTP/1.1 200" in await reader.read(65_536), "on a connection that has been answered too"
        writer.write(head)
        async with asyncio.timeout(60):
            answer = (await reader.read()).decode()
        writer.close()
        lines, _, body = answer.partition("\r\n\r\n")
        assert lines.startswith("HTTP/1.1 431 Request Header Fields Too Large\r\n"), answer[:80]
        told = json.loads(body)
        assert (told["code"], told["message"]) == ("head_too_large", HeadTooLarge.message)
        assert ID.fullmatch(told["id"])
        assert "canary" not in answer
        assert set(headers.headers_for(Kind.MACHINE, HTTPS)) <= {
            tuple(line.split(": ", 1)) for line in lines.split("\r\n")[1:]
        }
        assert answer.count("HTTP/1.1") == 1


async def test_every_refusal_before_an_address_has_an_id_of_its_own(address: tuple[str, int]) -> None:
    """What other errors have too: a constant body but for it."""
    asked = {
        "not_found": ("GET", "/none", {}),
        "method_wrong": ("DELETE", "/encounters", {}),
        "cross_site": ("POST", "/encounters", {"sec-fetch-site": "cross-site"}),
    }
    async with httpx.AsyncClient(base_url="http://{}:{}".format(*address)) as client:
        for code, (method, path, more) in asked.items():
            one, other = [(await client.request(method, path, headers=more)).json() for _ in range(2)]
            assert one["code"] == code
            assert ID.fullmatch(one["id"])
            assert one.pop("id") != other.pop("id")
            assert one == other
