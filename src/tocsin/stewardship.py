"""What stewards may do on this node: hold and release recordings, change the retention table, say whose keys count (rules 16, 17, 19).

`hand_in` is the only door: a statement signed by one is kept and waits, one confirmed by a second acts, once. Each step leaves a
custody note where it is about a recording, and a commitment in the log that nobody can tell from filler without the statement. A
statement about a key goes into the log as it was signed, and this node judges it by the rule that phones go by.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from typing import Self

from sqlalchemy import Connection

from tocsin.crypto import canonical
from tocsin.crypto.keys import SigningKey
from tocsin.encounters import erase, hold, queries, release
from tocsin.encounters.model import Kind, RecordingUnknown, State
from tocsin.encounters.room import Room
from tocsin.errors import TocsinError
from tocsin.ids import RecordingId, b64, unb64
from tocsin.jurisdictions.model import Pack
from tocsin.people import desk_keys, handed_in, retention, rolled, steward_keys
from tocsin.people import roll as rolls
from tocsin.people import statement as statements
from tocsin.people.retention import Kept, Table
from tocsin.people.roll import OnRoll, Roll
from tocsin.people.statement import (
    OF_DESK,
    Act,
    KeyStatement,
    Reason,
    Signed,
    Statement,
    StatementMalformed,
    StatementUnknown,
)
from tocsin.people.steward_keys import Steward, key_id
from tocsin.settings import Settings
from tocsin.tlog import entry as entries
from tocsin.tlog import public

KIND = "stewards"
"""Of an inbox file: a wish to which the node answers in one canonical JSON object."""
CLASSES = tuple(str(kind) for kind in Kind)
Answer = dict[str, object]


@dataclass(frozen=True)
class Thawing:
    """What the desk lets stewards do with what a lawyer froze: say that one would end it, end it by two, tell which are."""

    propose: Callable[[RecordingId, str], Awaitable[None]]
    thaw: Callable[[RecordingId, tuple[str, str], Callable[[Connection], None]], Awaitable[None]]
    frozen: Callable[[], Awaitable[Sequence[RecordingId]]]


@dataclass
class Stewardship:
    """The stewards' part of a node. `city` answers the city key or raises while it is locked."""

    room: Room
    origin: str
    wait_s: int
    """Seconds for which a new steward's key stands in the log before it counts."""
    pack_days: dict[str, int]
    city: Callable[[], SigningKey]
    city_public: bytes
    """Empty where no city key was made."""
    tables: list[Table] = field(default_factory=list)
    kept: dict[str, Kept] | None = None
    """What counts now, by class; None until a table stands in the log: then nothing is erased by its time."""
    thawing: Thawing | None = None
    """Set by the composition root, where there is a desk."""

    @classmethod
    def of(cls, settings: Settings, pack: Pack, room: Room, city: Callable[[], SigningKey], city_public: bytes) -> Self:
        """As the settings and the pack say."""
        days = {str(kind): count for kind, count in days_of(pack).items()}
        return cls(room, settings.log_origin, pack.desk_key_wait_s, days, city, city_public)

    @property
    def now_s(self) -> int:
        return self.room.clock.now_ms() // 1000

    async def answer(self, said: dict[str, canonical.Value]) -> bytes:
        """Do what a command asks; a refusal is an answer too."""
        try:
            return canonical.dumps(await self._do(said))
        except TocsinError as error:
            return canonical.dumps({"code": error.code, "message": error.message})

    async def _do(self, said: dict[str, canonical.Value]) -> Answer:  # noqa: PLR0911  one line for each question
        match said:
            case {"signed": str(signed)}:
                return await self.hand_in(signed.encode())
            case {"ask": "stewards"}:
                waiting = await self._proposals(Act.STEWARD_FOUND, Act.STEWARD_ADD, Act.STEWARD_REMOVE)
                told = [self._shown(one) for one in (await self.roll()).standing]
                return {"stewards": told, "now": self.now_s, "waiting": waiting}
            case {"ask": "desk"}:
                return await self._desk_told("lawyers", Act.DESK_ADD)
            case {"ask": "alert-desk"}:
                return await self._desk_told("dispatchers", Act.ALERT_DESK_ADD)
            case {"ask": "statement", "number": str(number)}:
                return {"signed": (await self._waiting(number)).raw.decode()}
            case {"ask": "holds"}:
                return await self._holds()
            case {"ask": "retention"}:
                return await self._retention()
        raise StatementMalformed

    async def hand_in(self, raw: bytes) -> Answer:
        """Take a signed statement. Raises what `statement.check` and the acts themselves raise; then nothing was done."""
        signed = statements.read(raw)
        of_keys = isinstance(signed.statement, KeyStatement)
        who = statements.check(signed, await self._signers(signed), self.origin, self.room.today())
        standing = await self.room.database.read(lambda c: handed_in.standing(c, signed.statement.digest))
        if standing == handed_in.ACTED:
            raise statements.StatementUsed
        names = tuple(f"steward:{key_id(one.key)}" for one in who)
        if of_keys:
            await self._change_roll(signed, is_new=standing is None)
        elif signed.is_confirmed:
            await self._act(signed, (names[0], names[1]))
        elif standing is None:
            await self._propose(signed, names[0])
        return {"number": number_of(signed), "acted": signed.is_enough}

    async def _signers(self, signed: Signed) -> dict[bytes, Steward]:
        """Whose signature counts now under this statement: of founders, that they name themselves."""
        said = signed.statement
        if not isinstance(said, KeyStatement):
            return _counting(await self.roll(), self.now_s)
        rolled.check_shape(said)
        roll = await self.roll(with_waiting=True)
        if said.act is not Act.STEWARD_FOUND:
            return _counting(roll, self.now_s)
        if roll.stewards:
            raise rolled.FoundedAlready
        return {
            public: Steward(public, one.name, 0) for one in said.keys for public in (statements.public_of(one.key),)
        }

    async def _change_roll(self, signed: Signed, *, is_new: bool) -> None:
        """Put a statement about a key in line for the log, or keep it for its second steward. Raises why it would be void there."""
        if not signed.is_enough:
            if is_new:
                await self.room.database.write(partial(_step, signed))
            return
        entry = rolls.entry_of(signed)
        roll = await self.roll(with_waiting=True, more=(entry,))
        if (reason := roll.void.get(rolled.BEYOND)) is not None:
            raise rolled.KeyRefused(reason)
        kind = desk_keys.KIND if signed.statement.act in OF_DESK else steward_keys.KIND
        await self.room.database.write(partial(_entered, signed, kind, entry))

    async def roll(self, *, with_waiting: bool = False, more: tuple[bytes, ...] = ()) -> Roll:
        """Whose keys count, by what stands in this log; with what waits for the next beat, and with `more` behind it.

        The wait runs from the beat here, from a witness's time on a phone, which is a little later.
        """
        kinds = (steward_keys.KIND, desk_keys.KIND)
        found = [one for kind in kinds for one in await self.room.database.read(partial(public.standing, kind=kind))]
        waiting = await self.room.database.read(public.waiting) if with_waiting else []
        return rolls.read(rolled.entered(found, waiting, more, self.now_s), self.origin, self.wait_s)

    async def _propose(self, signed: Signed, steward: str) -> None:
        said = _of_recordings(signed)
        match said.act:
            case Act.HOLD:
                await hold.propose(self.room, _recording(said.recording), steward, _reason(said.reason))
            case Act.RELEASE:
                await release.propose(self.room, _recording(said.recording), steward)
            case Act.RETENTION:
                await self._check_table(signed)
            case Act.THAW:
                await self._desk().propose(_recording(said.recording), steward)
        await self.room.database.write(partial(_step, signed))

    async def _act(self, signed: Signed, stewards: tuple[str, str]) -> None:
        said, step = _of_recordings(signed), partial(_step, signed)
        match said.act:
            case Act.HOLD:
                recording, reason = _recording(said.recording), _reason(said.reason)
                await hold.hold(self.room, recording, stewards, reason, signed.raw, step)
            case Act.RELEASE:
                await release.release(self.room, _recording(said.recording), stewards, step)
            case Act.THAW:
                await self._desk().thaw(_recording(said.recording), stewards, step)
            case Act.RETENTION:
                await self._check_table(signed)
                entry = entries.RETENTION + canonical.dumps(retention.entry(signed, self.city()))
                await self.room.database.write(partial(_logged, signed, entry))

    def _desk(self) -> Thawing:
        if self.thawing is None:
            raise StatementMalformed
        return self.thawing

    async def _check_table(self, signed: Signed) -> None:
        """Next in number, also after what waits for the log. Raises `TableWrong`, `TableOvertaken`."""
        said = _of_recordings(signed)
        retention.check_days(said.days, CLASSES)
        await self.refresh()
        if said.number != len(self.tables) + 1 or await self._is_table_waiting():
            raise retention.TableOvertaken

    async def refresh(self) -> None:
        """Read the tables that stand in the log, and let the room keep to what counts now."""
        found = await self.room.database.read(lambda c: public.standing(c, retention.KIND))
        ever = await self._ever()
        self.tables = retention.read(found, self.city_public, ever, self.origin, CLASSES)
        self.kept = retention.in_force(self.tables, self.now_s, CLASSES)
        if self.kept is not None:
            self.room.days = {Kind(name): kept.days for name, kept in self.kept.items()}

    async def expire(self) -> None:
        """Erase what is over by the table in force. A table that is not in the log is not used, and without one nothing is over."""
        await self.refresh()
        if self.kept is not None:
            await erase.expire(self.room, self.room.today(), self.room.days)

    async def keep(self) -> None:
        """Put the city key and the pack's table in line where the log lacks them; drop statements that may not be signed any more.

        Raises `KeyLocked` or `KeyUnknown` where a table is wanted and the city key cannot be had.
        """
        await self.room.database.write(lambda c: handed_in.forget(c, self.room.today()))
        if self.city_public:
            body = {"act": "add", "key": steward_keys.spelled(self.city_public)}
            city = entries.CITY_KEY + canonical.dumps(body)
            await self.room.database.write(lambda c: queue(c, "city-key", city))
        await self.refresh()
        if self.tables or await self._is_table_waiting():
            return
        salt = statements.salted(self.room.clock)
        table = retention.first(self.pack_days, self.origin, self.room.today(), salt)
        entry = entries.RETENTION + canonical.dumps(retention.entry(table, self.city()))
        await self.room.database.write(lambda c: queue(c, retention.KIND, entry))

    async def _is_table_waiting(self) -> bool:
        waiting = await self.room.database.read(public.waiting)
        return any(entry.startswith(entries.RETENTION) for _, entry in waiting)

    async def _ever(self) -> dict[bytes, Steward]:
        """Everybody whose steward's key ever stood in the log."""
        found = await self.room.database.read(partial(public.standing, kind=steward_keys.KIND))
        return steward_keys.of_operators(found) | _stewards((await self.roll()).stewards.values())

    async def _waiting(self, number: str) -> Signed:
        for signed in await self.room.database.read(handed_in.waiting):
            if number_of(signed) == number:
                return signed
        raise StatementUnknown

    async def _desk_told(self, who: str, added: Act) -> Answer:
        roll = await self.roll()
        among = (roll.lawyers if added is Act.DESK_ADD else roll.dispatchers).values()
        told = [_of_desk(one) for one in among if not one.is_removed]
        return {who: told, "now": self.now_s, "waiting": await self._proposals(added)}

    async def _holds(self) -> Answer:
        found = await self.room.database.read(queries.holds)
        held = [
            {
                "recording": b64(one.recording_id),
                "day": one.day,
                "reason": one.reason,
                "stewards": [key_id(signature.public) for signature in statements.read(one.signed).signatures],
                "erasure_waits": state is State.ERASED,
            }
            for one, state in found
        ]
        frozen = [b64(one) for one in await self.thawing.frozen()] if self.thawing else []
        return {"holds": held, "frozen": frozen, "waiting": await self._proposals(Act.HOLD, Act.RELEASE, Act.THAW)}

    async def _retention(self) -> Answer:
        await self.refresh()
        newest = self.tables[-1] if self.tables else None
        return {
            "table": None
            if newest is None
            else {"number": newest.number, "days": dict(newest.days), "leaf": newest.leaf},
            "stewards": [] if newest is None else list(newest.stewards),
            "kept": None if self.kept is None else {name: _kept(one) for name, one in self.kept.items()},
            "waiting": await self._proposals(Act.RETENTION),
            "now": self.now_s,
        }

    async def _proposals(self, *acts: Act) -> list[Answer]:
        found = await self.room.database.read(handed_in.waiting)
        return [_proposal(signed) for signed in found if signed.statement.act in acts]

    def _shown(self, steward: OnRoll) -> Answer:
        return {
            "id": rolls.id_of(steward),
            "key": steward.key,
            "name": steward.name,
            "counts_from": steward.counts_from,
        }


def days_of(pack: Pack) -> dict[Kind, int]:
    """How long the pack keeps each class of recording."""
    kept = pack.retention
    return {Kind.ENCOUNTER: kept.encounter_days, Kind.REHEARSAL: kept.rehearsal_days, Kind.IMPORT: kept.import_days}


def number_of(signed: Signed) -> str:
    """How people name a statement that waits: the first 16 hex digits of its digest."""
    return signed.statement.digest.hex()[:16]


def queue(connection: Connection, kind: str, entry: bytes) -> None:
    """Put a log entry in line, in the caller's transaction."""
    public.queue(connection, sha256(entry).digest(), kind, entry)


def _step(signed: Signed, connection: Connection) -> None:
    handed_in.remember(connection, signed)
    queue(connection, public.HIDDEN, entries.beat_entry(signed.step))


def _entered(signed: Signed, kind: str, entry: bytes, connection: Connection) -> None:
    _step(signed, connection)
    queue(connection, kind, entry)


def _of_recordings(signed: Signed) -> Statement:
    assert isinstance(signed.statement, Statement)
    return signed.statement


def _stewards(found: Iterable[OnRoll]) -> dict[bytes, Steward]:
    return {rolls.public_of(one): Steward(rolls.public_of(one), one.name, one.counts_from or 0) for one in found}


def _counting(roll: Roll, now_s: int) -> dict[bytes, Steward]:
    return _stewards(one for one in roll.standing if one.counts(now_s))


def _of_desk(one: OnRoll) -> Answer:
    named = statements.Named(key=one.key, name=one.name, custodian=one.custodian)
    return {
        "key": one.key,
        "name": one.name,
        "custodian": one.custodian,
        "counts_from": one.counts_from,
        "words": desk_keys.fingerprint(named),
    }


def _logged(signed: Signed, entry: bytes, connection: Connection) -> None:
    _step(signed, connection)
    queue(connection, retention.KIND, entry)


def _recording(text: str) -> RecordingId:
    try:
        raw = unb64(text)
    except ValueError as error:
        raise RecordingUnknown from error
    if len(raw) != 16:
        raise RecordingUnknown
    return RecordingId(raw)


def _reason(text: str) -> str:
    """One of the closed list. Raises `StatementMalformed`."""
    if text not in list(Reason):
        raise StatementMalformed
    return text


def _kept(kept: Kept) -> Answer:
    return {
        "days": kept.days,
        "number": kept.number,
        "coming_days": kept.coming_days,
        "coming_from": kept.coming_from,
    }


def _proposal(signed: Signed) -> Answer:
    """A statement that waits, told to whoever asks at the node's machine."""
    said = signed.statement
    shown: Answer = {
        "number": number_of(signed),
        "act": str(said.act),
        "day": said.day,
        "steward": key_id(signed.signatures[0].public),
    }
    if isinstance(said, KeyStatement):
        keys = [{"key": one.key, "name": one.name, "words": desk_keys.fingerprint(one)} for one in said.keys]
        return shown | {"keys": keys}
    assert isinstance(said, Statement)
    return shown | {"recording": said.recording, "reason": said.reason, "days": dict(said.days)}
