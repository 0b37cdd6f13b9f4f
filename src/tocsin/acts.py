"""What `tocsin check` does instead of asking: it records, opens, logs, cosigns and timestamps, and says what came of it.

Each act is performed the way its user would: over HTTP, with the real writer, the real receipts, the real proofs. What an act makes is
marked as rehearsal and erased again. A line is green only because the thing was just done.
"""

import asyncio
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import httpx

from tocsin import settings as settings_
from tocsin.clock import Clock
from tocsin.crypto import canonical, envelope
from tocsin.crypto.stream import EVENT, MEDIA, Reader, Writer, parse_chunk, parse_header
from tocsin.evidence.receipt import read
from tocsin.evidence.sealed import Sealed
from tocsin.ids import b64
from tocsin.node import authority_of
from tocsin.settings import Settings
from tocsin.tlog import checkpoint as checkpoints
from tocsin.tlog import cosignature, timestamp
from tocsin.tlog import note as notes

PATIENCE = 15.0
LEAST_FREE_BYTES = 2 * 1024**3
REMEMBERED = "checked.json"


class ActFailed(Exception):
    """An act did not come out right; the message says what was seen, in plain words."""


@dataclass(frozen=True)
class Act:
    """One line of the check. `perform` answers what was seen or raises; `mend` is the exact next thing to do."""

    name: str
    perform: Callable[[], str]
    mend: str


@dataclass(frozen=True)
class Done:
    """What came of one act. `last_good_ms` is when it last worked, from earlier runs too; 0 for never."""

    act: Act
    is_good: bool
    seen: str
    last_good_ms: int


def perform(acts: list[Act], folder: Path, clock: Clock) -> list[Done]:
    """Do every act and remember when each last worked. An act that fails never stops the next."""
    file = folder / REMEMBERED
    known: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
    done = []
    for act in acts:
        try:
            seen, is_good = act.perform(), True
            known[act.name] = clock.now_ms()
        except Exception as error:  # noqa: BLE001  whatever went wrong is the answer
            seen, is_good = str(error) or type(error).__name__, False
        done.append(Done(act, is_good, seen, known.get(act.name, 0)))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file.write_text(json.dumps(known))
    return done


def acts_of(settings: Settings, clock: Clock, folder: Path) -> list[Act]:
    """Every act this node can be asked for, the main job first. `folder` is for what is fetched while checking."""
    node = httpx.Client(base_url=settings.public_url, timeout=PATIENCE, trust_env=False, verify=not settings.trials)
    acts = [
        Act("recording", lambda: record_three_seconds(node, clock, folder), "tocsin serve"),
        Act("log", lambda: newest_checkpoint(node, settings, clock), "tocsin keys unlock"),
        Act("legal desk", lambda: desk_has_keys(node), "tocsin desk add age1... --name PSEUDONYM"),
        Act("disk", lambda: disk_has_room(Path(settings.folder)), "make room, or move `folder` to a larger disk"),
    ]
    acts += [
        Act(f"witness {w.url}", lambda w=w: witness_cosigns(node, w.vkeys), f"ask who runs {w.url} to start it")  # type: ignore[misc]
        for w in settings.witnesses
    ]
    if not settings.witnesses:
        acts.append(Act("witness", nothing_configured, "add [[witnesses]] to the settings (docs/run/settings.md)"))
    acts += [
        Act(f"timestamp {a.name}", lambda a=a: stamp(a, clock), f"try: curl {a.url}")  # type: ignore[misc]
        for a in settings.timestamp_authorities
    ]
    if not settings.timestamp_authorities:
        acts.append(
            Act("timestamp", nothing_configured, "add [[timestamp_authorities]] to the settings (docs/run/settings.md)")
        )
    return acts


def nothing_configured() -> str:
    raise ActFailed("none is configured: packages will say in red that it is missing")


def record_three_seconds(node: httpx.Client, clock: Clock, folder: Path) -> str:
    """Begin a rehearsal, send three seconds, stop, fetch it sealed, open it, erase it."""
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
    sent = _send_seconds(node, place, upload, writer, config["receipt_key"], clock)
    took = clock.monotonic() - began
    owner = Reader(recording_key, writer.header).owner_secret
    try:
        _open_fetched(node, place, owner, identity, folder, sent)
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


def _open_fetched(node: httpx.Client, place: str, owner: bytes, identity: str, folder: Path, sent: list[bytes]) -> None:
    path = folder / "checked.tocsin"
    path.write_bytes(node.get(f"{place}/sealed", headers=_may(owner)).raise_for_status().content)
    with Sealed(path) as sealed:
        reader = Reader(envelope.open_wraps(identity, sealed.wraps), parse_header(sealed.header))
        opened = [reader.open(parse_chunk(raw)) for raw in sealed.chunks()]
    path.unlink()
    if [inner.body for inner in opened if inner.type == MEDIA] != sent:
        raise ActFailed("what was opened is not what was sent")


def newest_checkpoint(node: httpx.Client, settings: Settings, clock: Clock) -> str:
    """The newest checkpoint, signed by the log, not older than two beats by a witness's clock where one cosigned."""
    keys = node.get("/log/keys").raise_for_status().json()
    raw = node.get("/log/checkpoint").raise_for_status().text
    head, _ = checkpoints.open_checkpoint(raw.encode(), notes.parse_vkey(keys["log"]))
    beat = node.get("/health").raise_for_status().json()["beat"]
    age = clock.now_ms() // 1000 - beat
    if beat and age > 2 * settings.beat_seconds + 30:
        raise ActFailed(f"the newest beat is {age} s old")
    return (
        f"{head.size} entries, newest beat {age} s ago" if beat else f"{head.size} entries, no beat yet since the start"
    )


def witness_cosigns(node: httpx.Client, vkeys: tuple[str, ...]) -> str:
    """The newest checkpoint carries this witness's lines, and they hold."""
    note = notes.parse(node.get("/log/checkpoint").raise_for_status().text)
    keys = [notes.parse_vkey(text) for text in vkeys]
    times = [cosignature.verify(note, key) for key in keys if note.by(key)]
    if not times:
        raise ActFailed("did not cosign the newest checkpoint")
    return f"cosigned the newest checkpoint ({len(times)} of {len(keys)} keys)"


def desk_has_keys(node: httpx.Client) -> str:
    """At least one lawyer's key stands in the log under an outside cosignature."""
    listed = node.get("/desk-keys").raise_for_status().json()["keys"]
    proven = sum(1 for key in listed if key["since"] is not None)
    if not proven:
        raise ActFailed("no lawyer's key stands under an outside cosignature: phones seal to the person alone")
    return f"{proven} entries stand under an outside cosignature"


def stamp(authority: settings_.Authority, clock: Clock) -> str:
    """Fetch a timestamp for random bytes, and check it under the configured roots."""
    known = authority_of(authority)

    async def ask() -> bytes:
        async with httpx.AsyncClient(trust_env=False) as client:
            return await timestamp.fetch(client, known, clock.random_bytes(32), clock)

    token = asyncio.run(ask())
    return f"a token of {len(token)} bytes" + ("" if known.roots else ", unchecked: no roots are configured")


def disk_has_room(folder: Path) -> str:
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        raise ActFailed(f"{free / 1e9:.1f} GB are free")
    return f"{free / 1e9:.1f} GB are free"


def _may(secret: bytes) -> dict[str, str]:
    return {"authorization": f"Tocsin {b64(secret)}"}
