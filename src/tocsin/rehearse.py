"""A rehearsal from the first second to the last, as a phone makes it: begun, sent, acknowledged, fetched, opened, erased.

`tocsin check` and the node's own probe do this. The key is drawn for it and forgotten with it; what it leaves is an erased rehearsal.
"""

import io
import json
from hashlib import sha256

import httpx

from tocsin.clock import Clock
from tocsin.crypto import canonical, envelope
from tocsin.crypto.stream import EVENT, MEDIA, Reader, Writer, parse_chunk, parse_header
from tocsin.evidence.receipt import read
from tocsin.evidence.sealed import Sealed
from tocsin.ids import b64


class ActFailed(Exception):
    """An act did not come out right; the message says what was seen, in plain words."""


def record_three_seconds(node: httpx.Client, clock: Clock) -> str:
    """Begin a rehearsal, send three seconds, stop, fetch it sealed, open it, erase it. Raises `ActFailed` or what `httpx` raises."""
    config = node.get("/client-config").raise_for_status().json()
    recording_key = clock.random_bytes(32)
    upload, (identity, recipient) = clock.random_bytes(32), envelope.new_identity(clock)
    writer = Writer(recording_key, clock)
    start = {
        "header": b64(writer.header.raw),
        "kind": "rehearsal",
        "upload": b64(sha256(upload).digest()),
        "owner": b64(writer.owner_digest),
        "custody_public": b64(writer.custody_public),
        "wraps": b64(envelope.seal_to([recipient], recording_key)),
        "return_share": b64(envelope.seal_to([config["share_recipient"]], clock.random_bytes(32))),
    }
    began = clock.monotonic()
    node.post("/encounters", content=json.dumps(start)).raise_for_status()
    place = f"/encounters/{b64(writer.header.recording_id)}"
    owner = Reader(recording_key, writer.header).owner_secret
    try:
        sent = _send_seconds(node, place, upload, writer, config["receipt_key"], clock)
        took = clock.monotonic() - began
        _open_fetched(node, place, owner, identity, sent)
    finally:
        node.post(f"{place}/erase", headers=_may(owner)).raise_for_status()
    return f"{len(sent)} seconds were sealed, acknowledged in {took:.2f} s, fetched, opened and erased"


def _send_seconds(
    node: httpx.Client, place: str, upload: bytes, writer: Writer, receipt_key: str, clock: Clock
) -> list[bytes]:
    at = clock.now_ms()
    started = canonical.dumps({"event": "start", "kind": "rehearsal", "at": at, "mime": "application/octet-stream"})
    stopped = canonical.dumps({"event": "stop", "reason": "person", "at": at})
    bodies = [(EVENT, started), *((MEDIA, clock.random_bytes(4096)) for _ in range(3)), (EVENT, stopped)]
    for seq, (kind, body) in enumerate(bodies):
        raw = writer.seal(kind, seq * 1000, body, final=seq == len(bodies) - 1)
        answer = node.put(f"{place}/chunks/{seq}", content=raw, headers=_may(upload)).raise_for_status()
        if read(answer.content, receipt_key).link != parse_chunk(raw).link:
            raise ActFailed("a receipt is not for what was sent")
    return [body for kind, body in bodies if kind == MEDIA]


def _open_fetched(node: httpx.Client, place: str, owner: bytes, identity: str, sent: list[bytes]) -> None:
    fetched = node.get(f"{place}/sealed", headers=_may(owner)).raise_for_status().content
    with Sealed(io.BytesIO(fetched)) as sealed:
        reader = Reader(envelope.open_wraps(identity, sealed.wraps), parse_header(sealed.header))
        opened = [reader.open(parse_chunk(raw)) for raw in sealed.chunks()]
    if [inner.body for inner in opened if inner.type == MEDIA] != sent:
        raise ActFailed("what was opened is not what was sent")


def _may(secret: bytes) -> dict[str, str]:
    return {"authorization": f"Tocsin {b64(secret)}"}
