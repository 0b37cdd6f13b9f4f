"""One running node: opens the stores, makes the rooms, keeps the beat.

`Node.open` is the only place where settings become things; `app` puts HTTP in front. Everything here may die at any instant: what
was acknowledged is on disk, and `open` takes it up again.
"""

import asyncio
import gc
import logging
from base64 import b64decode
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx

from tocsin import __version__, stewardship
from tocsin import settings as settings_
from tocsin.clock import Clock
from tocsin.crypto import canonical, envelope
from tocsin.crypto.keys import SigningKey
from tocsin.encounters import close, cover, erase, export, forget, queries, reclaim, share, start
from tocsin.encounters.limits import limits_of
from tocsin.encounters.live import Pace
from tocsin.encounters.model import NotReady, State
from tocsin.encounters.room import ERASE, ERASE_SLOT, Room
from tocsin.errors import TocsinError, place_of
from tocsin.evidence.receipt import ReceiptSigner
from tocsin.ids import RecordingId, b64, unb64
from tocsin.jurisdictions.model import Pack
from tocsin.noticed import Noticed
from tocsin.own_keys import CITY_KEY, LOG_KEY, RECEIPT_KEY, SHARE_KEY, open_custody, read_published
from tocsin.people import inbox
from tocsin.settings import Settings
from tocsin.stewardship import Stewardship
from tocsin.store import disk, fail_points
from tocsin.store.ballast import Ballast
from tocsin.store.blobs import DiskBlobs
from tocsin.store.db import Database
from tocsin.store.erase_keys import EraseKeys
from tocsin.store.key_custody import KeyCustody, KeyLocked
from tocsin.store.segments import SegmentStore
from tocsin.store.work import Verb, Work
from tocsin.tlog import entry as entries
from tocsin.tlog import outside, public, roll, token_keys
from tocsin.tlog.ask import WitnessAddress, Witnesses
from tocsin.tlog.catch_up import LogForked
from tocsin.tlog.log import Log
from tocsin.tlog.publish import Published, publish
from tocsin.tlog.timestamp import Authority, read_roots

LOG = logging.getLogger("tocsin")

OUT = "out"
INBOX_SECONDS, INDEX_SECONDS = 1.0, 5.0
"""A thousand recordings touch a thousand pages of the index each time it is written; a start reads again what came since."""
SWEEP_SECONDS = 20.0
QUIET_SECONDS = 15.0
"""With the sweep's step: within a minute of the last second, memory holds nothing of a finished recording."""


async def _nothing_more() -> dict[str, bytes]:
    return {"node.json": b"{}"}


@dataclass
class Node:
    """What runs. `log` is None while its key is locked: seconds are still received and acknowledged, the beat waits."""

    settings: Settings
    pack: Pack
    clock: Clock
    database: Database
    custody: KeyCustody
    blobs: DiskBlobs
    encounters: Room
    stewardship: Stewardship
    share_recipient: str
    log: Log | None
    witnesses: Witnesses
    authorities: tuple[Authority, ...] = ()
    last_beat: int = 0
    published: Published | None = None
    seen_size: int | None = None
    """The newest tree that an outside witness cosigned since this process began."""
    troubles: dict[str, str] = field(default_factory=dict)
    """What does not work now, by name: shown to stewards, never about anybody."""
    noticed: Noticed = field(init=False)
    tell_status: Callable[[], bytes] = lambda: b"{}"
    """What `tocsin status` is answered; set by who watches this node."""
    release: str = ""
    """SHA-256 of the client that this node serves, for the log; set by the composition root."""
    desk_shown: tuple[object, dict[str, Any]] | None = None
    """What phones were last told of the roll, and what it was computed from."""
    pinned: str = ""
    """SHA-256 of the keys and witnesses that phones are told to believe (`tlog.served`); set with it."""
    is_newest: bool = False
    """Whether the witnesses were asked for anything newer than this log, since this process began."""
    is_contradicted: bool = False
    """Whether a witness holds what this log does not."""
    is_ended: bool = False
    sealed_extra: Callable[[], Awaitable[dict[str, bytes]]] = _nothing_more
    """Members of a sealed export that only the composition root knows."""
    take_files: Callable[[Mapping[str, Any], Callable[[bytes], object]], None] = lambda *_: None
    """What takes files into the registry, and writes how far it came; set by the composition root."""
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.noticed = Noticed(self.clock)

    @classmethod
    def open(cls, settings: Settings, pack: Pack, clock: Clock) -> "Node":
        """Open or begin a node in `settings.folder`. Raises what the stores raise when something is damaged or locked by another."""
        place = Path(settings.folder)
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        database = Database.open(settings.database_url)
        database.migrate()
        custody = open_custody(settings)
        blobs = DiskBlobs(place / "log")
        receipts = ReceiptSigner(settings.log_origin, SigningKey(custody.get(RECEIPT_KEY)))
        room = _room(settings, pack, clock, database, custody, receipts)
        public_city = b64decode(read_published(settings).get("city", ""))
        node = cls(
            settings=settings,
            pack=pack,
            clock=clock,
            database=database,
            custody=custody,
            blobs=blobs,
            encounters=room,
            stewardship=Stewardship.of(settings, pack, room, lambda: SigningKey(custody.get(CITY_KEY)), public_city),
            share_recipient=read_published(settings)["share"],
            log=None,
            witnesses=Witnesses([], httpx.AsyncClient()),
        )
        node.unlock()
        return node

    @property
    def log_vkey(self) -> str:
        """The log's verifier key, also while its secret half is locked."""
        return read_published(self.settings)["log"]

    def unlock(self) -> None:
        """Open the log if its key can be had."""
        try:
            key = SigningKey(self.custody.get(LOG_KEY))
        except KeyLocked:
            self.troubles["log"] = (
                "the log's key is locked: unlock it with `tocsin keys unlock`; recordings are received meanwhile"
            )
            return
        self.troubles.pop("log", None)
        self.log = Log.open(self.blobs, self.settings.log_origin, key, self.clock)
        self.encounters.newest_beat = self.log.newest_beat

    async def begin(self) -> None:
        """Take up what was unfinished and start the loops."""
        addresses = [WitnessAddress.parse(w.url, w.vkeys, is_outside=w.outside) for w in self.settings.witnesses]
        self.authorities = tuple(authority_of(one) for one in self.settings.timestamp_authorities)
        self.witnesses = Witnesses(addresses, httpx.AsyncClient(trust_env=False))
        await start.start(self.encounters)
        await self._queue_own_keys()
        await self._attempt("retention", self.stewardship.keep)
        well = partial(
            self.troubles.pop, "work", None
        )  # that loop never returns while it is well, so it says so itself
        for name, verb, seconds in (
            ("inbox", self.take_inbox, INBOX_SECONDS),
            ("index", self.encounters.flush_index, INDEX_SECONDS),
            ("sweep", self.sweep, SWEEP_SECONDS),
            ("retention", self.stewardship.keep, SWEEP_SECONDS),
            ("work", lambda: self.encounters.work.run(self._work(), well=well), INBOX_SECONDS),
        ):
            self.tasks.append(asyncio.create_task(self.every(name, verb, seconds)))
        self.tasks.append(asyncio.create_task(self._beats()))

    def _work(self) -> dict[str, Verb]:
        """The verbs of durable work, by kind."""
        room = self.encounters
        return {ERASE: partial(erase.finish, room), ERASE_SLOT: partial(share.finish_slot, room)}

    async def end(self) -> None:
        """Stop the loops and let go of the stores, once. Nothing depends on this being called."""
        if self.is_ended:
            return
        self.is_ended = True
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.encounters.flush_index()
        await self.witnesses.client.aclose()
        await asyncio.to_thread(self.close)

    def close(self) -> None:
        self.encounters.segments.close()
        self.encounters.erase_keys.close()
        self.database.close()

    async def beat(self, beat: int) -> None:
        """One beat of the log (`docs/spec/log.md`, Publishing). Raises what the log raises; then nothing was covered."""
        log = self.log
        if log is None:
            return
        await self._refuse_fork(log)
        waiting, rolled, given = await self.database.read(
            lambda c: (public.waiting(c), public.rolled(c), public.of_kind(c, token_keys.KIND))
        )
        covered = await cover.prepare(self.encounters, beat)
        leaves = [entries.beat_entry(item.commitment) for item in covered] + [entry for _, entry in waiting]
        leaves.append(roll.state_entry(beat, rolled))
        if given:
            leaves.append(token_keys.state_entry(beat, given))
        fail_points.hit("beat.before_append")
        try:
            made = await asyncio.to_thread(log.append_beat, beat, leaves)
        except BaseException:
            cover.give_back(covered)
            raise
        fail_points.hit("beat.after_append")
        self.encounters.newest_beat = beat
        split = len(covered)
        await cover.settle(self.encounters, beat, covered, made.indices[:split], made.tree_size)
        digests = [digest for digest, _ in waiting]
        if digests:
            stands = made.indices[split : split + len(digests)], made.tree_size, beat
            await self.database.write(lambda c: public.settle(c, digests, *stands))
        self.published = await publish(log, self.witnesses, self.authorities, self.witnesses.client, self.clock)
        if self.published.is_cosigned_outside:
            self.seen_size = made.tree_size
            await self.database.write(lambda c: public.cosigned(c, made.tree_size))
        self.last_beat = beat

    async def _refuse_fork(self, log: Log) -> None:
        """Before the first signature of this process: raise `LogBehind` where a witness holds what this log does not.

        A disk that was rolled back does not know it, and what it signs next would be a second log under this one's name.
        """
        if self.is_newest:
            return
        try:
            asked = [one.url for one in self.settings.witnesses]
            self.is_newest = await outside.refuse_behind(self.witnesses.client, asked, log)
        except (outside.LogBehind, LogForked):
            self.is_contradicted = True
            raise
        self.is_contradicted = False

    async def take_inbox(self) -> None:
        """Do what commands left for this node, and try a key that was locked."""
        if self.log is None:
            self.unlock()
        for path, said in await asyncio.to_thread(lambda: list(inbox.waiting(Path(self.settings.folder)))):
            match said:
                case {"kind": stewardship.KIND, **rest}:
                    answer = await self.stewardship.answer(said)
                    if "to" in rest:  # a statement that was left while no node ran has nobody waiting
                        await asyncio.to_thread(self._write_out, Path(str(rest["to"])).name, iter([answer]))
                case {"kind": "sealed", "recording": str(recording), "to": str(name), "held": bool(held)}:
                    await self.hand_out(RecordingId(unb64(recording)), Path(name).name, as_held=held)
                case {"kind": "sealed-list", "to": str(name)}:
                    await self.list_sealed(Path(name).name)
                case {"kind": "registry-import", "to": str(name)}:
                    self.tasks.append(asyncio.create_task(asyncio.to_thread(self._take_files, Path(name).name, said)))
                case {"kind": "status", "to": str(name)}:
                    await asyncio.to_thread(self._write_out, Path(name).name, iter([self.tell_status()]))
                case _:
                    LOG.warning("an inbox file says nothing this version knows; it was dropped")
            path.unlink()

    async def hand_out(self, recording_id: RecordingId, name: str, *, as_held: bool = False) -> None:
        """Write one recording's sealed export into the folder for handing out. The node cannot read it, and notes that it was made."""
        live = await self.encounters.live(recording_id)
        gone = live is None or live.row.state in (State.ERASED, State.LOST)
        parts: Iterator[bytes] = iter(())
        if live is not None and (live.is_held if as_held else not gone):
            with suppress(TocsinError):  # frozen: the command says that there is nothing to hand out
                extra = await self.sealed_extra()
                parts = await export.export(self.encounters, live, "operator", extra, as_held=as_held)
        await asyncio.to_thread(self._write_out, name, parts)

    async def list_sealed(self, name: str) -> None:
        """Write what is kept: number, state and day of erasure, nothing else."""
        rows = await self.database.read(queries.listed)
        days = self.encounters.days
        lines = "".join(f"{b64(row.id)} {row.state} {row.kind} until-day {row.day + days[row.kind]}\n" for row in rows)
        await asyncio.to_thread(self._write_out, name, iter([lines.encode()]))

    def _take_files(self, name: str, said: Mapping[str, Any]) -> None:
        """Let the registry take in what a wish names; the answer grows as it goes on."""
        folder = Path(self.settings.folder) / OUT
        disk.make_directory(folder)
        draft = folder / f"{name}.draft"
        with draft.open("wb", buffering=0) as file:
            self.take_files(said, file.write)
        draft.rename(folder / name)

    def _write_out(self, name: str, parts: Iterator[bytes]) -> None:
        folder = Path(self.settings.folder) / OUT
        disk.make_directory(folder)
        draft = folder / f"{name}.draft"
        with draft.open("wb") as file:
            for part in parts:
                file.write(part)
        draft.rename(folder / name)

    async def sweep(self) -> None:
        """What has to happen now and then: silence becomes *cut*, what is over is erased, the ballast is laid in again."""
        await close.close_silent(self.encounters, self.settings.cut_after_minutes * 60)
        today = self.encounters.today()
        await self.stewardship.expire()
        await reclaim.reclaim(self.encounters, today)
        await asyncio.to_thread(self.encounters.ballast.refill)
        await forget.forget_quiet(self.encounters, QUIET_SECONDS)
        # A refused request leaves its headers and body in a cycle (error, traceback, frame), and an idle node makes too little
        # garbage for the collector to come by itself: the seizure trial found fourteen requests alive after ten quiet seconds.
        # Among a thousand recordings a full look stops every answer for a tenth of a second, and such a node is not idle.
        gc.collect(2 if len(self.encounters.lives) < 100 else 1)

    async def _beats(self) -> None:
        step = self.settings.beat_seconds
        while True:
            now = self.clock.now_ms() / 1000
            due = (int(now) // step + 1) * step
            await asyncio.sleep(due - now)
            # A clock that was set back must neither stop the log nor make its time run backwards.
            following = max(due, self.encounters.newest_beat + step)
            await self._attempt("beat", lambda beat=following: self.beat(beat))  # type: ignore[misc]

    async def every(self, name: str, verb: Callable[[], Awaitable[object]], seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            await self._attempt(name, verb)

    async def _attempt(self, name: str, verb: Callable[[], Awaitable[object]]) -> None:
        """Do it; a failure is named and tried again next time, and never ends the loop."""
        try:
            await verb()
            self.troubles.pop(name, None)
        except Exception as error:  # noqa: BLE001  whatever broke, the next second must still be received
            self.troubles[name] = error.message if isinstance(error, TocsinError) else type(error).__name__
            LOG.error("%s failed and will be tried again: %s", name, place_of(error))  # noqa: TRY400  a traceback may hold too much

    async def _queue_own_keys(self) -> None:
        """The receipt key belongs in the log, so that nobody can be given another."""
        body = {"act": "add", "key": self.encounters.receipts.vkey}
        await queue_public(self.database, "receipt-key", entries.RECEIPT_KEY, body)
        if self.release:
            release = {"client": self.release, "trust": self.pinned, "version": __version__}
            await queue_public(self.database, "release", entries.RELEASE, release)


def authority_of(configured: settings_.Authority) -> Authority:
    """A timestamp authority as the log knows it. Raises `OSError` or `ValueError` where its roots cannot be read."""
    roots = read_roots(Path(configured.roots)) if configured.roots else ()
    return Authority(configured.name, configured.url, roots)


async def queue_public(database: Database, kind: str, line: bytes, body: Mapping[str, object]) -> None:
    """Put a public entry in line for the next beat."""
    entry = line + canonical.dumps(body)
    digest = sha256(entry).digest()
    await database.write(lambda c: public.queue(c, digest, kind, entry))


def _room(
    settings: Settings, pack: Pack, clock: Clock, database: Database, custody: KeyCustody, receipts: ReceiptSigner
) -> Room:
    place = Path(settings.folder)

    def open_share(sealed: bytes) -> bytes:
        try:
            identity = custody.get(SHARE_KEY).decode()
        except KeyLocked as error:
            raise NotReady(retry_after=60) from error
        return envelope.open_with(identity, sealed)

    starts = settings.recording.starts_per_minute
    segments = SegmentStore.open(place / "segments", clock=clock)
    return Room(
        clock=clock,
        database=database,
        segments=segments,
        latest_ms=segments.last_written_ms,
        erase_keys=EraseKeys.open(place / "erase.keys", settings.erase_slots, clock),
        work=Work(database, clock),
        ballast=Ballast.open(place, settings.ballast_bytes),
        receipts=receipts,
        limits=limits_of(settings.recording),
        days=stewardship.days_of(pack),
        starts=Pace(starts / 60, starts),
        beat_seconds=settings.beat_seconds,
        open_share=open_share,
    )
