"""Two people who do not exist, who recorded a drawn street: so that whoever tries the demo has something at the legal desk at once.

One of them stopped; the phone of the other was "taken" in the middle, so that the desk shows a cut recording. Every picture says
that it is a sample. What is sent is what a phone sends.
"""

import json
from hashlib import sha256
from importlib import resources

import httpx

from tocsin.clock import Clock
from tocsin.crypto import bech32, canonical, envelope
from tocsin.crypto.stream import EVENT, MEDIA, Writer
from tocsin.demo.town import Town
from tocsin.ids import b64

IDENTITY = "age-secret-key-"
MIME = "video/webm;codecs=vp8,opus"
SLICES = 6
MARK = "fake-people"


def come(town: Town, clock: Clock) -> None:
    """Have them record, once in the life of a demo's folder."""
    mark = town.folder / MARK
    if mark.exists():
        return
    lawyer = bech32.decode(IDENTITY, town.desk_identity.read_text().split()[-1].lower())
    recipient = envelope.recipient_of(envelope.identity_of(lawyer))
    with httpx.Client(base_url=f"http://127.0.0.1:{town.ports.node}", trust_env=False, timeout=30) as node:
        for is_stopped in (True, False):
            _record(node, clock, recipient, is_stopped=is_stopped)
    mark.touch(0o600)


def _record(node: httpx.Client, clock: Clock, lawyer: str, *, is_stopped: bool) -> None:
    key, upload = clock.random_bytes(32), clock.random_bytes(32)
    _, own = envelope.new_identity(clock)
    writer = Writer(key, clock)
    share = node.get("/client-config").raise_for_status().json()["share_recipient"]
    begun = {
        "header": b64(writer.header.raw),
        "kind": "encounter",
        "upload": b64(sha256(upload).digest()),
        "owner": b64(writer.owner_digest),
        "custody_public": b64(writer.custody_public),
        "wraps": b64(envelope.seal_to([own, lawyer], key)),
        "return_share": b64(envelope.seal_to([share], clock.random_bytes(32))),
    }
    node.post("/encounters", content=json.dumps(begun)).raise_for_status()
    bodies = _bodies(clock.now_ms(), is_stopped=is_stopped)
    for seq, (kind, body) in enumerate(bodies):
        raw = writer.seal(kind, seq * 1000, body, final=is_stopped and seq == len(bodies) - 1)
        place = f"/encounters/{b64(writer.header.recording_id)}/chunks/{seq}"
        node.put(place, content=raw, headers={"authorization": f"Tocsin {b64(upload)}"}).raise_for_status()


def _bodies(at_ms: int, *, is_stopped: bool) -> list[tuple[int, bytes]]:
    film = resources.files("tocsin.demo").joinpath("street.webm").read_bytes()
    step = len(film) // SLICES + 1
    slices = [(MEDIA, film[at : at + step]) for at in range(0, len(film), step)]
    started = canonical.dumps({"event": "start", "kind": "encounter", "at": at_ms, "mime": MIME})
    stopped = canonical.dumps({"event": "stop", "reason": "person", "at": at_ms + SLICES * 1000})
    return [(EVENT, started), *(slices if is_stopped else slices[:-2]), *([(EVENT, stopped)] if is_stopped else [])]
