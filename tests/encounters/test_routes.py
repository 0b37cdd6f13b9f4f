"""The room over HTTP: what a phone and a pair of recovery words can do, and how it is refused."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import httpx
import pytest

from tests.encounters.phone import Phone
from tocsin.app import application
from tocsin.crypto import envelope
from tocsin.crypto.profiles import CHUNK_LIMIT
from tocsin.crypto.stream import Reader
from tocsin.evidence.receipt import read
from tocsin.ids import b64
from tocsin.node import Node
from tocsin.web import server

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(node: Node) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the real server in front of the node."""
    listening = socket.create_server(("127.0.0.1", 0))
    running = server.server(application(node), host="127.0.0.1", port=0, tls=None)
    task = asyncio.create_task(running.serve(sockets=[listening]))
    port = listening.getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as client:
        while not running.started:
            await asyncio.sleep(0.01)
        yield client
    running.should_exit = True
    await task


def may(secret: bytes) -> dict[str, str]:
    return {"authorization": f"Tocsin {b64(secret)}"}


async def put(
    client: httpx.AsyncClient, phone: Phone, raw: bytes, seq: int | None = None, **more: Any
) -> httpx.Response:
    seq = int.from_bytes(raw[:8]) if seq is None else seq
    headers = may(phone.upload) | more.pop("headers", {})
    return await client.put(f"/encounters/{b64(phone.id)}/chunks/{seq}", content=raw, headers=headers, **more)


async def test_a_sealed_export_says_where_the_log_announces_its_receipt_key_and_its_client(
    client: httpx.AsyncClient, node: Node
) -> None:
    assert json.loads((await node.sealed_extra())["node.json"])["announced"] == []
    await node.beat(4_000_000_020)
    about = json.loads((await node.sealed_extra())["node.json"])
    assert node.log
    entries = {one["kind"]: node.log.entry(one["index"]).partition(b"\n")[2] for one in about["announced"]}
    config = (await client.get("/client-config")).json()
    assert json.loads(entries["receipt-key"]) == {"act": "add", "key": config["receipt_key"]}
    assert json.loads(entries["release"])["client"] == about["client"]


async def test_a_recording_from_the_first_second_to_its_words(client: httpx.AsyncClient, node: Node) -> None:
    phone = Phone(node.share_recipient)
    begun = await client.post("/encounters", content=phone.start_json())
    assert begun.status_code == 201, begun.text
    vkey = begun.json()["receipt_key"]
    assert begun.json()["limits"]["max_seconds"] == node.settings.recording.max_minutes * 60
    assert (await client.post("/encounters", content=phone.start_json())).status_code == 200
    for final in (False, False, True):
        answer = await put(client, phone, phone.second(final=final))
        assert answer.status_code == 200, answer.text
        read(answer.content, vkey)
    path = f"/encounters/{b64(phone.id)}"
    state = (await client.get(f"{path}/state", headers=may(phone.upload))).json()
    assert (state["next"], state["closed"]) == (3, "stopped")
    share = (await client.post(f"{path}/return-share", headers=may(phone.upload))).json()["share"]
    assert share == b64(phone.share)
    locator, (_, recipient) = node.clock.random_bytes(32), envelope.new_identity(node.clock)
    wraps = {"wraps": b64(envelope.seal_to([recipient], phone.rk)), "locator": b64(sha256(locator).digest())}
    assert (await client.put(f"{path}/wraps", content=json.dumps(wraps), headers=may(phone.upload))).status_code == 200
    found = (await client.post("/recover", headers=may(locator))).json()
    assert found["recording"] == b64(phone.id)
    owner = Reader(phone.rk, phone.writer.header).owner_secret
    sealed = await client.get(f"{path}/sealed", headers=may(owner))
    assert sealed.content.startswith(b"PK")
    erased = await client.post(f"{path}/erase", headers=may(owner))
    assert (erased.status_code, erased.json()["message"]) == (202, "will be erased when no duty to keep it remains")
    assert (await client.post("/recover", headers=may(locator))).status_code == 403


async def test_bad_input_gets_a_code_and_a_sentence_and_nothing_back(client: httpx.AsyncClient, node: Node) -> None:
    phone = Phone(node.share_recipient)
    await client.post("/encounters", content=phone.start_json())
    raw = phone.second()
    canary = b"canary-4711-canary"
    cases = [
        (await client.post("/encounters", content=canary), 400, "body_malformed"),
        (await client.post("/encounters", content=b'{"header": 1}'), 400, "body_malformed"),
        (await put(client, phone, canary, 0), 400, "chunk_malformed"),
        (await put(client, phone, b"", 0), 400, "chunk_malformed"),
        (await put(client, phone, raw, 3), 400, "chunk_malformed"),
        (await put(client, phone, b"\0" * (CHUNK_LIMIT + 1), 0), 413, "body_too_large"),
        (await put(client, phone, raw, headers={"authorization": ""}), 401, "capability_missing"),
        (await put(client, phone, raw, headers={"authorization": "Tocsin AAAA"}), 403, "capability_wrong"),
        (
            await client.put(f"/encounters/{b64(bytes(16))}/chunks/0", content=raw, headers=may(phone.upload)),
            403,
            "capability_wrong",
        ),
        (await client.get("/encounters/nonsense/state", headers=may(phone.upload)), 403, "capability_wrong"),
        (await client.get("/no/such/place"), 404, "not_found"),
    ]
    for answer, status, code in cases:
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert answer.json()["message"].endswith(".")
        assert canary not in answer.content
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert (await put(client, phone, raw)).status_code == 200


async def test_a_second_without_its_length_is_refused(client: httpx.AsyncClient, node: Node) -> None:
    phone = Phone(node.share_recipient)
    await client.post("/encounters", content=phone.start_json())

    async def parts() -> AsyncIterator[bytes]:
        yield phone.second()

    answer = await client.put(f"/encounters/{b64(phone.id)}/chunks/0", content=parts(), headers=may(phone.upload))
    assert (answer.status_code, answer.json()["code"]) == (411, "length_missing")


def several(phone: Phone, *raws: bytes, secret: bytes | None = None) -> bytes:
    """A request with several seconds, as it goes over the wire."""
    body = b"".join(len(raw).to_bytes(4) + raw for raw in raws)
    head = f"POST /encounters/{b64(phone.id)}/chunks HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Authorization: Tocsin {b64(secret or phone.upload)}\r\n\r\n".encode() + body


async def one_answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Head and body of the next answer on a connection."""
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
    length = next(line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
    return head, await reader.readexactly(int(length))


async def test_several_seconds_in_one_request_have_a_receipt_each(client: httpx.AsyncClient, node: Node) -> None:
    phone = Phone(node.share_recipient)
    vkey = (await client.post("/encounters", content=phone.start_json())).json()["receipt_key"]
    raws = [phone.second() for _ in range(20)]
    reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
    writer.write(several(phone, *raws))
    head, body = await one_answer(reader)
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"content-type: text/plain; charset=utf-8" in head.lower()
    assert b"cache-control: no-store" in head.lower()
    texts = [b"tocsin.receipt/v1" + one for one in body.split(b"tocsin.receipt/v1")[1:]]
    assert [read(text, vkey).seq for text in texts] == list(range(16))
    writer.write(several(phone, *raws[16:]))  # what was not looked at of the first is not taken for the second
    assert (await one_answer(reader))[1].count(b"tocsin.receipt/v1") == 4
    writer.write(several(phone, raws[18], b"noise"))
    assert (await one_answer(reader))[1] == (await put(client, phone, raws[18])).content
    for wrong, status, code in (
        (several(phone), 400, b"request_malformed"),
        (several(phone, b"noise"), 400, b"chunk_malformed"),
        (several(phone, Phone(node.share_recipient).second()), 409, b"chunk_conflict"),
    ):
        writer.write(wrong)
        head, body = await one_answer(reader)
        assert (int(head[9:12]), code in body) == (status, True), body
    writer.close()


async def test_who_is_answered_before_all_was_sent_keeps_the_connection_and_its_answer(
    client: httpx.AsyncClient, node: Node
) -> None:
    """What was still on its way was taken for a head that never ends, and a connection that is cut takes the answer with it."""
    phone = Phone(node.share_recipient)
    await client.post("/encounters", content=phone.start_json())
    raws = [phone.second(b"x" * 30_000) for _ in range(4)]
    forged = raws[1][:60] + bytes([raws[1][60] ^ 1]) + raws[1][61:]
    sent, begun = several(phone, raws[0], forged, *raws[2:]), len(several(phone, raws[0], forged)) + 100
    reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
    try:
        writer.write(sent[:begun])
        assert (await one_answer(reader))[1].count(b"tocsin.receipt/v1") == 1
        for at in range(begun, len(sent), 10_000):
            writer.write(sent[at : at + 10_000])
            await writer.drain()
            await client.get("/time")  # so that it is read by itself
        writer.write(several(phone, *raws[1:]))
        head, body = await one_answer(reader)
        assert (int(head[9:12]), body.count(b"tocsin.receipt/v1")) == (200, 3)
        writer.write(sent[:begun])
        await one_answer(reader)
        writer.write(sent[begun:])
        assert await asyncio.wait_for(reader.read(), 60) == b"", "and nobody stays for ever who then says nothing"
    finally:
        writer.close()


async def test_of_several_seconds_those_are_kept_that_came_before_the_line_broke(
    client: httpx.AsyncClient, node: Node
) -> None:
    phone = Phone(node.share_recipient)
    await client.post("/encounters", content=phone.start_json())
    sent = several(phone, *(phone.second(b"x" * 20_000) for _ in range(3)))
    _, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
    writer.write(sent[:-1])
    path = f"/encounters/{b64(phone.id)}/state"
    async with asyncio.timeout(60):
        while (await client.get(path, headers=may(phone.upload))).json()["next"] < 2:
            await asyncio.sleep(0.01)
    writer.transport.abort()
    async with asyncio.timeout(60):
        while any(task.get_coro().__name__ == "run_asgi" for task in asyncio.all_tasks()):  # type: ignore[union-attr]  # it has one
            await asyncio.sleep(0.01)
    assert (await client.get(path, headers=may(phone.upload))).json()["next"] == 2
    assert not node.noticed.errors(), "a line that broke is nothing unexpected"


async def test_a_wrong_capability_is_refused_before_any_of_several_seconds_has_come(
    client: httpx.AsyncClient, node: Node
) -> None:
    phone = Phone(node.share_recipient)
    await client.post("/encounters", content=phone.start_json())
    reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
    writer.write(several(phone, phone.second(), secret=bytes(32)).partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    head, body = await one_answer(reader)
    assert (int(head[9:12]), b"capability_wrong" in body) == (403, True)
    writer.close()


async def test_the_log_and_the_desk_are_published(client: httpx.AsyncClient, node: Node) -> None:
    await node.beat(1_900_000_020)
    note = (await client.get("/log/checkpoint")).text
    size = int(note.split("\n")[1])
    assert size == 64
    assert (await client.get(f"/log/beats/{size}")).text == note
    assert len((await client.get("/log/tile/0/000.p/64")).content) == 64 * 32
    desk = (await client.get("/desk-keys")).json()
    assert (desk["roll"], desk["checkpoint"]) == ([], note)
    assert (await client.get("/log/tile/0/001")).status_code == 404
    config = (await client.get("/client-config")).json()
    assert config["share_recipient"] == node.share_recipient
