"""What `tocsin check` does instead of asking: it records, opens, logs, cosigns and timestamps, and says what came of it.

Each act is performed the way its user would: over HTTP, with the real writer, the real receipts, the real proofs. What an act makes is
marked as rehearsal and erased again. A line is green only because the thing was just done.
"""

import asyncio
import json
import shutil
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from tocsin import backup
from tocsin import settings as settings_
from tocsin.clock import Clock
from tocsin.node import authority_of
from tocsin.people import roll
from tocsin.people.roll import Entered
from tocsin.rehearse import ActFailed, record_three_seconds
from tocsin.settings import Settings
from tocsin.tlog import checkpoint as checkpoints
from tocsin.tlog import cosignature, timestamp
from tocsin.tlog import note as notes
from tocsin.wake import TEXT, ways
from tocsin.watch import LEAST_FREE_BYTES

PATIENCE = 15.0
BACKUP_HOURS = 48
"""Older than this and the check says so: a day may be missed."""
REMEMBERED = "checked.json"


@dataclass(frozen=True)
class Act:
    """One line of the check. `perform` answers what was seen or raises; `mend` is the exact next thing to do, and `start` that
    where the node was asked and did not answer at all.
    """

    name: str
    perform: Callable[[], str]
    mend: str
    start: str = ""


@dataclass(frozen=True)
class Done:
    """What came of one act. `last_good_ms` is when it last worked, from earlier runs too; 0 for never."""

    act: Act
    is_good: bool
    seen: str
    last_good_ms: int
    mend: str


def perform(acts: list[Act], folder: Path, clock: Clock) -> list[Done]:
    """Do every act and remember when each last worked. An act that fails never stops the next."""
    file = folder / REMEMBERED
    known: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
    done = []
    for act in acts:
        mend = act.mend
        try:
            seen, is_good = act.perform(), True
            known[act.name] = clock.now_ms()
        except Exception as error:  # noqa: BLE001  whatever went wrong is the answer
            seen, is_good = _told(error), False
            mend = act.start if act.start and isinstance(error, httpx.TransportError) else mend
        done.append(Done(act, is_good, seen, known.get(act.name, 0), mend))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file.write_text(json.dumps(known))
    return done


def _told(error: Exception) -> str:
    """What went wrong, as a sentence: what a library says of a line that is not there is none."""
    if isinstance(error, httpx.TimeoutException):
        return "there was no answer in time"
    if isinstance(error, httpx.TransportError):
        return "nobody answers at that address"
    return str(error) or type(error).__name__


def acts_of(settings: Settings, clock: Clock, program: str = "tocsin") -> list[Act]:
    """Every act this node can be asked for, the main job first. `program` is how it was called, settings included."""
    start = f"{program} serve"
    node = httpx.Client(base_url=settings.public_url, timeout=PATIENCE, trust_env=False, verify=not settings.trials)
    acts = [
        Act("recording", lambda: record_three_seconds(node, clock), f"{program} status", start),
        Act("log", lambda: newest_checkpoint(node, settings, clock), f"{program} keys unlock", start),
        Act(
            "legal desk",
            lambda: desk_has_keys(node),
            f"two stewards add a lawyer: {program} desk propose (docs/run/keys.md)",
            start,
        ),
        Act("alarm", lambda: wake_somebody(settings.alarm), "set [alarm] in the settings (docs/run/alarm.md)"),
        Act("disk", lambda: disk_has_room(Path(settings.folder)), "make room, or move `folder` to a larger disk"),
    ]
    mend = f"{program} backup FILE{'' if settings.backup_recipient else ' --to age1...'}"
    acts.append(Act("backup", lambda: backup_is_fresh(Path(settings.folder), clock), mend))
    acts += [
        Act(f"witness {w.url}", lambda w=w: witness_cosigns(node, w.vkeys), f"ask who runs {w.url} to start it", start)  # type: ignore[misc]
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
    """At least one lawyer's key, signed by two stewards, stands in the log under an outside cosignature."""
    told = node.get("/desk-keys").raise_for_status().json()
    listed = [Entered(b64decode(one["entry"]), one["index"], 0) for one in told["roll"] if one["since"] is not None]
    proven = roll.read(listed, told["origin"], 0).recipients(0)
    if not proven:
        raise ActFailed("no lawyer's key is signed by two stewards and seen outside: phones seal to the person alone")
    return f"lawyers' keys signed by two stewards and seen outside: {len(proven)}"


def stamp(authority: settings_.Authority, clock: Clock) -> str:
    """Fetch a timestamp for random bytes, and check it under the configured roots."""
    known = authority_of(authority)

    async def ask() -> bytes:
        async with httpx.AsyncClient(trust_env=False) as client:
            return await timestamp.fetch(client, known, clock.random_bytes(32), clock)

    token = asyncio.run(ask())
    return f"a token of {len(token)} bytes" + ("" if known.roots else ", unchecked: no roots are configured")


def wake_somebody(alarm: settings_.Alarm) -> str:
    """Ring, by every way that is configured."""
    configured = ways(alarm.command, alarm.url)
    if not configured:
        raise ActFailed("nobody is woken when this node stands still at night")
    heard = sum(way() for way in configured)
    if heard < len(configured):
        raise ActFailed(f"{len(configured) - heard} of {len(configured)} ways did not take the message")
    return f'"{TEXT}" was taken by {heard} of {heard} ways; ask whether it arrived'


def backup_is_fresh(folder: Path, clock: Clock) -> str:
    """When the last backup was made. What lies in it is proven by restoring it (docs/run/backup.md)."""
    made_ms = backup.last_made_ms(folder)
    if not made_ms:
        raise ActFailed("none was ever made here")
    hours = (clock.now_ms() - made_ms) // 3_600_000
    if hours >= BACKUP_HOURS:
        raise ActFailed(f"the last one is {hours // 24} days old")
    return f"the last one is {hours} h old"


def disk_has_room(folder: Path) -> str:
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        raise ActFailed(f"{free / 1e9:.1f} GB are free")
    return f"{free / 1e9:.1f} GB are free"
