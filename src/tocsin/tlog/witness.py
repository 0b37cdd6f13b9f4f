"""The witness: cosign a log's checkpoint only if it extends everything this witness saw of that log (C2SP tlog-witness,
add-checkpoint).

Checks run in the order of the standard, each refusal is an error with the standard's HTTP status. The new head is
durable before a
cosignature exists. Two heads of one size under the log's own key are kept: that is proof, and needs no trust in this
witness.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock

from tocsin.clock import Clock
from tocsin.errors import TocsinError
from tocsin.tlog import checkpoint as checkpoints
from tocsin.tlog import merkle
from tocsin.tlog import note as notes
from tocsin.tlog.checkpoint import Checkpoint
from tocsin.tlog.cosignature import Cosigner
from tocsin.tlog.merkle import HASH_BYTES, Hash, ProofWrong
from tocsin.tlog.note import Note, NoteUntrusted, Signature, VerifierKey
from tocsin.tlog.witness_state import Head, WitnessState

MOST_PROOF_LINES = 63


class RequestMalformed(TocsinError):
    code = "request_malformed"
    status = 400
    message = "This is not an add-checkpoint request."


class LogUnknown(TocsinError):
    code = "log_unknown"
    status = 404
    message = "This witness does not follow that log."


class SizeConflict(TocsinError):
    """The old size is not that of the newest head this witness cosigned, which is `size`."""

    code = "size_conflict"
    status = 409
    message = "The witness has another newest size of this log."

    def __init__(self, size: int) -> None:
        super().__init__(size=size)
        self.size = size


class Forked(TocsinError):
    """The log signed two roots for one size."""

    code = "forked"
    status = 409
    message = "The log signed two different trees of one size. Both are kept as proof."


@dataclass(frozen=True)
class Request:
    """`old`: size of the newest head the log believes the witness has; `proof`: from there to the checkpoint."""

    old: int
    proof: tuple[Hash, ...]
    note: Note

    def __str__(self) -> str:
        lines = "".join(merkle.as_base64(part) + "\n" for part in self.proof)
        return f"old {self.old}\n{lines}\n{self.note}"


def parse_request(body: bytes) -> Request:
    """The request in `body`. Raises `RequestMalformed`."""
    try:
        lines, blank, note = body.decode().partition("\n\n")
        first, *rest = lines.split("\n")
        if not blank or not first.startswith("old ") or len(rest) > MOST_PROOF_LINES:
            raise RequestMalformed
        proof = tuple(notes.standard_base64(line) for line in rest)
        if any(len(part) != HASH_BYTES for part in proof):
            raise RequestMalformed
        return Request(checkpoints.parse_size(first.removeprefix("old ")), proof, notes.parse(note))
    except (UnicodeDecodeError, notes.NoteMalformed) as error:
        raise RequestMalformed from error


class Witness:
    """One witness and the logs it follows. Any thread; requests are answered one after the other."""

    def __init__(self, cosigner: Cosigner, logs: Sequence[VerifierKey], state: WitnessState, clock: Clock) -> None:
        self.cosigner, self.state = cosigner, state
        self._logs: dict[str, list[VerifierKey]] = {}
        for key in logs:
            self._logs.setdefault(key.name, []).append(key)
        self._clock = clock
        self._lock = Lock()

    @property
    def origins(self) -> tuple[str, ...]:
        """The logs this witness follows."""
        return tuple(self._logs)

    def add_checkpoint(self, body: bytes, heard: Callable[[str], None] | None = None) -> tuple[Signature, ...]:
        """The cosignatures for the checkpoint in `body`; its head is durable before they exist. `heard` is told the log's name
        when it grew.

        Raises `RequestMalformed`, `LogUnknown`, `NoteUntrusted`, `SizeConflict`, `Forked` or `ProofWrong`; then nothing
        is cosigned.
        """
        request = parse_request(body)
        try:
            head = checkpoints.parse_text(request.note.text)
        except notes.NoteMalformed as error:
            raise RequestMalformed from error
        signed = Head(head, str(self._signed_by_log(head, request.note)))
        if request.old > head.size:
            raise RequestMalformed
        with self._lock:
            self._check(request, signed)
            self.state.keep(signed)
        if heard and head.size > request.old:  # the same head again may come from anybody
            heard(head.origin)
        return self.cosigner.cosign(request.note.text, self._clock.now_ms() // 1000)

    def _signed_by_log(self, head: Checkpoint, note: Note) -> Note:
        """The note with the log's own, verified lines only. Raises `LogUnknown` or `NoteUntrusted`."""
        keys = self._logs.get(head.origin)
        if keys is None:
            raise LogUnknown
        lines: list[Signature] = []
        for key in keys:
            if found := note.by(key):
                notes.verify(note, key)
                lines += found
        if not lines:
            raise NoteUntrusted
        return Note(note.text, tuple(lines))

    def _check(self, request: Request, signed: Head) -> None:
        """Hold the signed head to what was seen before. Raises `SizeConflict`, `Forked` or `ProofWrong`."""
        head = signed.checkpoint
        earlier = self.state.at(head.origin, head.size)
        if earlier and earlier.checkpoint.root != head.root:
            self.state.keep_fork(earlier.note, signed.note)
            raise Forked
        newest = self.state.newest(head.origin)
        size = newest.checkpoint.size if newest else 0
        if request.old != size:
            raise SizeConflict(size)
        if size == 0 or newest is None:
            if request.proof or (head.size == 0 and head.root != merkle.EMPTY_ROOT):
                raise ProofWrong
            return
        merkle.verify_consistency(size, head.size, newest.checkpoint.root, head.root, request.proof)
