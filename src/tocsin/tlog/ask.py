"""The log's side of its witnesses: ask all at once, take what verifies, and say plainly what each one did."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

import httpx

from tocsin.tlog import checkpoint as checkpoints
from tocsin.tlog import cosignature
from tocsin.tlog import note as notes
from tocsin.tlog.log import Log
from tocsin.tlog.note import Note, NoteUntrusted, Signature, VerifierKey
from tocsin.tlog.post import Posted, post
from tocsin.tlog.witness import Request

SECONDS = 5.0
MOST_ANSWER_BYTES = 64 * 1024
SIZE_TYPE = "text/x.tlog.size"


class Outcome(StrEnum):
    """What a witness did. Only `COSIGNED` gave lines."""

    COSIGNED = "cosigned"
    SILENT = "silent"
    """No answer in time, or no connection. Asked again at the next beat."""
    REFUSED = "refused"
    """It does not know this log, its key, or could not read us: a matter of settings."""
    UNTRUSTED = "untrusted"
    """It answered lines that its pinned keys did not make."""
    AHEAD = "ahead"
    """It saw a larger tree than this log has: the log was rolled back or restored from an old copy. Stop and look."""
    WENT_BACK = "went_back"
    """It remembers less than it has cosigned: its state was lost. It cannot be relied on for the time before."""
    FORKED = "forked"
    """It holds another root for this size or refuses the proof: the log showed it another tree. Stop and look."""


ALARMS = frozenset({Outcome.AHEAD, Outcome.WENT_BACK, Outcome.FORKED})


@dataclass(frozen=True)
class WitnessAddress:
    """A witness as the log's settings name it. `url` is its submission prefix."""

    url: str
    keys: tuple[VerifierKey, ...]
    is_outside: bool = False

    @classmethod
    def parse(cls, url: str, vkeys: Sequence[str], *, is_outside: bool = False) -> "WitnessAddress":
        """Raises `NoteMalformed` for what is not a vkey."""
        return cls(url.rstrip("/"), tuple(notes.parse_vkey(text) for text in vkeys), is_outside)

    @property
    def name(self) -> str:
        return self.keys[0].name


@dataclass(frozen=True)
class Answer:
    """What one witness did for one checkpoint. `time_s`: when it says it cosigned."""

    witness: WitnessAddress
    outcome: Outcome
    lines: tuple[Signature, ...] = ()
    time_s: int | None = None


@dataclass
class Witnesses:
    """The witnesses of one log and the size each cosigned last, as far as this process knows."""

    addresses: Sequence[WitnessAddress]
    client: httpx.AsyncClient
    seconds: float = SECONDS
    sizes: dict[str, int] = field(default_factory=dict)

    async def ask(self, log: Log) -> list[Answer]:
        """Ask every witness at once to cosign the log's newest checkpoint, and store what they answered with it."""
        note = notes.parse(log.checkpoint_note())
        size = checkpoints.parse_text(note.text).size
        bare = Note(note.text, note.by(log.vkey))
        self._learn(log)
        answers = await asyncio.gather(*(self._ask_one(address, log, bare, size) for address in self.addresses))
        lines = [line for answer in answers for line in answer.lines]
        if lines:
            await asyncio.to_thread(log.add_cosignatures, size, lines)
        return list(answers)

    def _learn(self, log: Log) -> None:
        """After a restart: know again who cosigned the newest published checkpoint, so that one who forgot it is
        noticed.
        """
        note = notes.parse(log.published_note())
        for witness in self.addresses:
            if witness.url not in self.sizes:
                with suppress(NoteUntrusted):
                    verified_lines(witness, note)
                    self.sizes[witness.url] = checkpoints.parse_text(note.text).size

    async def _ask_one(self, witness: WitnessAddress, log: Log, note: Note, size: int) -> Answer:
        try:
            async with asyncio.timeout(self.seconds):
                return await self._exchange(witness, log, note, size)
        except (TimeoutError, httpx.HTTPError):
            return Answer(witness, Outcome.SILENT)

    async def _exchange(self, witness: WitnessAddress, log: Log, note: Note, size: int) -> Answer:
        """Ask with the size we remember; once more with the size it answers."""
        known = self.sizes.get(witness.url, 0)
        went_back = False
        response = await self._post(witness, log, note, min(known, size), size)
        if (theirs := _conflicting_size(response)) is not None:
            if theirs > size:
                return Answer(witness, Outcome.AHEAD)
            went_back = theirs < known
            response = await self._post(witness, log, note, theirs, size)
        answer = _read(witness, note, response)
        if answer.outcome is Outcome.COSIGNED:
            self.sizes[witness.url] = size
        return Answer(witness, Outcome.WENT_BACK, answer.lines, answer.time_s) if went_back else answer

    async def _post(self, witness: WitnessAddress, log: Log, note: Note, old: int, size: int) -> Posted:
        proof = await asyncio.to_thread(log.consistency_proof, old, size)
        body = str(Request(old, tuple(proof), note))
        return await post(self.client, f"{witness.url}/add-checkpoint", body.encode(), MOST_ANSWER_BYTES)


def _conflicting_size(response: Posted) -> int | None:
    """The size a 409 tells; `None` for every other answer."""
    if response.status != httpx.codes.CONFLICT or response.kind != SIZE_TYPE:
        return None
    try:
        return checkpoints.parse_size(response.body.decode().removesuffix("\n"))
    except (notes.NoteMalformed, UnicodeDecodeError):
        return None


def _read(witness: WitnessAddress, note: Note, response: Posted) -> Answer:
    """What the witness's last word means."""
    if response.status == httpx.codes.CONFLICT and _conflicting_size(response) is not None:
        return Answer(witness, Outcome.REFUSED)  # it moved on while we asked: somebody else asks for this log
    if response.status in (httpx.codes.CONFLICT, httpx.codes.UNPROCESSABLE_ENTITY):
        return Answer(witness, Outcome.FORKED)
    if response.status != httpx.codes.OK:
        return Answer(witness, Outcome.REFUSED)
    try:
        lines, time_s = verified_lines(witness, Note(note.text, notes.parse_signatures(response.body.decode())))
    except (notes.NoteMalformed, NoteUntrusted, UnicodeDecodeError):
        return Answer(witness, Outcome.UNTRUSTED)
    return Answer(witness, Outcome.COSIGNED, lines, time_s)


def verified_lines(witness: WitnessAddress, note: Note) -> tuple[tuple[Signature, ...], int]:
    """The lines of `witness` on `note` and the earliest time they tell. Raises `NoteUntrusted` for none or any wrong
    one.
    """
    times = {key: cosignature.verify(note, key) for key in witness.keys if note.by(key)}
    if not times:
        raise NoteUntrusted
    return tuple(line for key in times for line in note.by(key)), min(times.values())
