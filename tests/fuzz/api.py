"""Every address of a running node under generated requests: no 500, no echo, constant bodies, exact headers.

The node is real, behind its real server on a loopback port, and holds recordings that are open, stopped, given words and erased.
"""

import asyncio
import contextlib
import json
import random
import re
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec
import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.core.transport import Response

from tests.encounters.conftest import settings_in
from tests.encounters.phone import CLOCK, Phone
from tests.fuzz.description import description
from tests.serving import free_ports
from tests.waiting import wait_until
from tocsin import new_keys
from tocsin.app import application, site_of
from tocsin.crypto import envelope
from tocsin.crypto.stream import Reader
from tocsin.errors import TocsinError
from tocsin.ids import b64
from tocsin.jurisdictions import load
from tocsin.node import Node
from tocsin.settings import RecordingLimits
from tocsin.web import headers
from tocsin.web.server import server

CANARY = "canary4711canary"
QUIET = settings(
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
    verbosity=Verbosity.quiet,
)
ID = re.compile(r"[0-9a-f]{16}")
OTHER_HEADERS = {"content-type", "content-length", "location", "vary", "retry-after", "content-disposition"} | {
    "connection",
    "transfer-encoding",
    "allow",
}


class World(NamedTuple):
    """The node, where it is, and what there is to ask for."""

    node: Node
    url: str
    document: dict[str, Any]
    chunks: list[bytes]
    error_pages: set[bytes]


@contextlib.contextmanager
def world(folder: Path) -> Iterator[World]:
    """A node in its own thread, with a life behind it."""
    port = free_ports(1)[0]
    given_settings = settings_in(folder)
    limits = RecordingLimits(starts_per_minute=1_000_000)
    asked = msgspec.structs.replace(given_settings, port=port, recording=limits, erase_slots=4096, hosts=("127.0.0.1",))
    new_keys.make(asked, None, CLOCK)
    node = Node.open(asked, load.load("minneapolis-sample"), CLOCK)
    running = server(application(node), host="127.0.0.1", port=port, tls=None)
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        wait_until(lambda: running.started, 60)
        url = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
            made = live(client)
            wanted = {"accept": "text/html"}
            errors = {client.get(f"/{code}/none-such", headers=wanted).content for code in ("en", "es", "fr", "xx")}
        yield World(node, url, made[0], made[1], errors)
    finally:
        running.should_exit = True
        thread.join()


def live(client: httpx.Client) -> tuple[dict[str, Any], list[bytes]]:
    """Four recordings, each left in another state; the document that asks for them and their seconds."""
    share = client.get("/client-config").json()["share_recipient"]
    phones = [Phone(share) for _ in range(4)]
    starts, chunks, capabilities = [], list[bytes](), list[str]()
    for number, phone in enumerate(phones):
        starts.append(phone.start())
        client.post("/encounters", json=starts[-1]).raise_for_status()
        place, upload = f"/encounters/{b64(phone.id)}", {"authorization": f"Tocsin {b64(phone.upload)}"}
        seconds = [phone.second(b"x" * 300, final=at == 2 and number > 0) for at in range(3)]
        for seq, raw in enumerate(seconds):
            client.put(f"{place}/chunks/{seq}", content=raw, headers=upload).raise_for_status()
        chunks += [*seconds, phone.second(b"next", final=False)] if number == 0 else seconds
        owner, locator = Reader(phone.rk, phone.writer.header).owner_secret, CLOCK.random_bytes(32)
        if number == 2:
            client.post(f"{place}/return-share", headers=upload).raise_for_status()
            wraps = envelope.seal_to([envelope.recipient_of(phone.identity)], phone.rk)
            body = {"wraps": b64(wraps), "locator": b64(sha256(locator).digest())}
            client.put(f"{place}/wraps", json=body, headers=upload).raise_for_status()
        if number == 3:
            client.post(f"{place}/erase", headers={"authorization": f"Tocsin {b64(owner)}"}).raise_for_status()
        capabilities += [b64(phone.upload), b64(owner), b64(locator)]
    document = description([b64(phone.id) for phone in phones], capabilities, [*starts, Phone(share).start()])
    return document, chunks


def check(place: World, case: Any, answer: Response) -> None:
    """What holds for every answer to anything. Raises `AssertionError`."""
    status, body = answer.status_code, answer.content or b""
    said = [(name.lower(), value) for name, values in answer.headers.items() for value in values]
    where = (case.method, case.formatted_path, status)
    assert status < 500, (*where, body[:200])
    assert CANARY.encode() not in body, where
    assert not [name for name, value in said if CANARY in value], where
    kind_of_body = dict(said).get("content-type", "")
    kind = headers.answered_kind(headers.kind_of(httpx.URL(case.formatted_path).path), status, kind_of_body)
    wanted = headers.headers_for(kind, site_of(place.node))
    ours = [(name, value) for name, value in said if name not in OTHER_HEADERS]
    assert sorted(ours) == sorted(wanted), (*where, sorted(set(ours) ^ set(wanted)))
    if status >= 400:
        check_refusal(place, where, kind_of_body, body)


def check_refusal(place: World, where: object, kind: str, body: bytes) -> None:
    """A refusal is one of the program's own sentences, byte for byte, but for a random id and the number to go on at."""
    if kind.startswith("text/html"):
        assert body in place.error_pages, where
        return
    if not body:
        return
    told = json.loads(body)
    told_id, told_next = told.pop("id", None), told.pop("next", 0)
    assert ID.fullmatch(told_id or ""), (where, body)
    assert isinstance(told_next, int)
    assert (told["code"], told["message"]) in sentences(), (where, body)


def sentences() -> set[tuple[str, str]]:
    """Every code with its sentence."""
    found, waiting = set(), [TocsinError]
    while waiting:
        kind = waiting.pop()
        found.add((kind.code, kind.message))
        waiting += kind.__subclasses__()
    return found


def run(place: World, examples: int, number: int) -> int:
    """`examples` requests of each kind to each address; how many were answered. Raises `AssertionError`."""
    document = schemathesis.openapi.from_dict(place.document)
    count = 0
    for found in document.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]  # the document is ours
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            with contextlib.suppress(schemathesis.errors.SchemathesisError):
                count += ask(place, operation.as_strategy(generation_mode=mode), examples, number)
    return count


def ask(place: World, cases: Any, examples: int, number: int) -> int:
    """One address, one mode."""
    count = 0
    source = random.Random(number)

    @seed(number)
    @settings(QUIET, max_examples=examples)
    @given(case=cases)
    def each(case: Any) -> None:
        nonlocal count
        count += 1
        case.headers = {**(case.headers or {}), "X-Canary": CANARY, "User-Agent": CANARY, "Cookie": CANARY}
        case.query = {**(case.query or {}), "canary": CANARY}
        if case.media_type == "application/octet-stream":
            case.body = body_of(source, place.chunks, is_several=case.path.endswith("/chunks"))
        check(place, case, case.call(base_url=place.url, allow_redirects=False, timeout=60))

    each()
    return count


def body_of(source: random.Random, chunks: list[bytes], *, is_several: bool) -> bytes:
    """A second, or several behind their lengths, or what is neither."""
    if not is_several or source.randrange(5) == 0:
        return bent(source, source.choice(chunks))
    begin, count = source.randrange(len(chunks)), source.randrange(20)
    raws = [raw if source.randrange(4) else bent(source, raw) for raw in chunks[begin : begin + count]]
    whole = b"".join(len(raw).to_bytes(4) + raw for raw in raws)
    return whole if source.randrange(4) or not whole else bent(source, whole)


def bent(source: random.Random, raw: bytes) -> bytes:
    """A second as it was sealed, or with something wrong about it."""
    way = source.randrange(5)
    at = source.randrange(len(raw))
    if way == 0:
        return raw
    if way == 1:
        return raw[:at]
    if way == 2:
        return raw[:at] + bytes([raw[at] ^ (1 << source.randrange(8))]) + raw[at + 1 :]
    if way == 3:
        return raw + source.randbytes(at % 4096)
    return source.randbytes(at)


def main(folder: Path, seconds: float) -> int:
    """Go on with other choices until the time is over; how many requests were answered."""
    loop = asyncio.new_event_loop()
    count, number, until = 0, 0, loop.time() + seconds
    with world(folder) as place:
        while loop.time() < until or not number:
            count, number = count + run(place, 10, number), number + 1
    loop.close()
    return count
