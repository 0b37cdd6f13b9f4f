"""An auditor needs only the log's public addresses and keys, and comes away with proof."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tlog.conftest import BEAT, ORIGIN
from tests.tlog.town import LOG_KEY, Town
from tocsin.crypto.keys import SigningKey
from tocsin.errors import TocsinError
from tocsin.ids import b64
from tocsin.tlog import accuse, checkpoint, entry, merkle, note, promise
from tocsin.tlog.accuse import AccusationWrong
from tocsin.tlog.audit import Auditor, Seen, Stack
from tocsin.tlog.checkpoint import Checkpoint
from tocsin.tlog.log import Log, LogLied
from tocsin.tlog.merkle import ProofWrong
from tocsin.tlog.note import NoteMalformed, NoteUntrusted, VerifierKey
from tocsin.tlog.promise import Opening, PromiseBroken
from tocsin.tlog.source import HttpSource, LocalSource, LogUnreachable, ReadLog, Source


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


def keep_beat(town: Town, number: int, *, at_s: int | None = None, log: Log | None = None) -> None:
    """One honest beat: appended, cosigned, published. `at_s`: what the witnesses' clocks say."""

    async def story() -> None:
        town.clock.ms = (at_s or BEAT + 60 * number + 2) * 1000
        kept = log or town.log
        kept.append_beat(BEAT + 60 * number, [entry.beat_entry(bytes([number]) * 32)])
        async with town.client() as client:
            await town.witnesses(client).ask(kept)
        kept.publish()

    asyncio.run(story())


def auditor(town: Town, quorum: int = 2) -> Auditor:
    keys = [key for witness in town.servers.values() for key in witness.cosigner.vkeys]
    return Auditor(town.log.vkey, tuple(keys), quorum)


@given(st.integers(0, 300))
def test_the_stack_has_the_root_of_the_tree(size: int) -> None:
    stack = Stack()
    leaves = [merkle.leaf_hash(number.to_bytes(2, "big")) for number in range(size)]
    for leaf in leaves:
        stack.add(leaf)
    assert stack.root == merkle.root(size, merkle.reader_of(leaves))
    assert Stack(stack.size, stack.hashes).root == stack.root


def test_an_honest_log_is_clean_to_its_last_entry(town: Town) -> None:
    for number in range(1, 8):
        keep_beat(town, number)
    report = auditor(town).audit(LocalSource(town.log))
    assert report.is_clean
    assert (report.size, report.entries, len(report.beats)) == (7 * 64, 7 * 64, 7)
    assert set(report.cosigned) == {"w1.example", "w2.example"}
    assert [beat.seconds_late for beat in report.beats] == [0] * 7


def test_the_next_audit_reads_only_what_is_new(town: Town) -> None:
    keep_beat(town, 1)
    first = auditor(town).audit(LocalSource(town.log))
    assert first.seen is not None
    keep_beat(town, 2)
    report = auditor(town).audit(LocalSource(town.log), Seen.loads(first.seen.dumps()))
    assert report.is_clean
    assert (report.entries, len(report.beats)) == (64, 1)


def test_public_entries_are_listed_with_their_place(town: Town) -> None:
    town.clock.ms = (BEAT + 2) * 1000
    release = entry.RELEASE + b'{"client":"00","version":"1"}'
    beat = town.log.append_beat(BEAT, [release])
    town.log.publish()
    report = auditor(town, quorum=0).audit(LocalSource(town.log))
    assert report.public == [(beat.indices[0], release)]


def test_too_few_witnesses_are_said(town: Town) -> None:
    keep_beat(town, 1)
    assert auditor(town, quorum=3).audit(LocalSource(town.log)).troubles == [
        "2 of 3 wanted witnesses cosigned the newest head."
    ]


class Changed:
    """A source with one answer changed."""

    def __init__(self, log: Log, path: str, change: Callable[[bytes], bytes]) -> None:
        self._source, self._path, self._change = LocalSource(log), path, change

    def checkpoint(self) -> str:
        return self._source.checkpoint()

    def beat(self, size: int) -> str:
        raw = self._source.beat(size)
        return self._change(raw.encode()).decode() if self._path == f"beats/{size}" else raw

    def tile(self, path: str) -> bytes:
        raw = self._source.tile(path)
        return self._change(raw) if path == self._path else raw


def flip_last(raw: bytes) -> bytes:
    return raw[:-1] + bytes([raw[-1] ^ 1])


def test_a_changed_entry_is_noticed(town: Town) -> None:
    keep_beat(town, 1)
    with pytest.raises(LogLied):
        auditor(town).audit(Changed(town.log, "entries/000.p/64", flip_last))


def test_a_checkpoint_of_another_tree_among_the_beats_is_noticed(town: Town) -> None:
    keep_beat(town, 1)
    keep_beat(town, 2)
    other = str(checkpoint.sign(Checkpoint(ORIGIN, 64, b"\1" * 32), LOG_KEY)).encode()
    with pytest.raises(LogLied):
        auditor(town).audit(Changed(town.log, "beats/64", lambda _: other))


def test_a_rolled_back_log_is_noticed(town: Town) -> None:
    keep_beat(town, 1)
    keep_beat(town, 2)
    seen = auditor(town).audit(LocalSource(town.log)).seen
    old = town.log.checkpoint_note(64)

    class RolledBack(LocalSource):
        def checkpoint(self) -> str:
            return old

    report = auditor(town).audit(RolledBack(town.log), seen)
    assert report.troubles == ["The log shows 64 entries and had 128: it was rolled back."]


def liar(town: Town, beats: int) -> Log:
    """A second tree under the same key."""
    lie = town.open_log("lie")
    for number in range(1, beats + 1):
        lie.append_beat(BEAT + 60 * number, [entry.beat_entry(b"\xee" * 32)])
    lie.publish()
    return lie


@pytest.mark.parametrize(("honest", "lied"), [(2, 2), (3, 1), (1, 3)])
def test_a_split_view_is_proof_for_anybody(town: Town, honest: int, lied: int) -> None:
    for number in range(1, honest + 1):
        keep_beat(town, number)
    lie = liar(town, lied)
    source = LocalSource(town.log) if honest >= lied else LocalSource(lie)
    other = lie if honest >= lied else town.log
    accusation = auditor(town).compare(source, other.checkpoint_note())
    assert accusation is not None
    assert accuse.verify(accusation.raw, town.log.vkey, ()).sentence == accusation.sentence
    with pytest.raises(NoteUntrusted):
        accuse.verify(accusation.raw, VerifierKey(ORIGIN, note.ED25519, SigningKey(b"x" * 32).public), ())


def test_two_heads_of_one_tree_accuse_nobody(town: Town) -> None:
    keep_beat(town, 1)
    keep_beat(town, 2)
    for size in (64, 128):
        assert auditor(town).compare(LocalSource(town.log), town.log.checkpoint_note(size)) is None


def test_an_accusation_without_a_lie_is_refused(town: Town) -> None:
    keep_beat(town, 1)
    keep_beat(town, 2)
    raw = accuse._dump(
        "split-view",
        small=town.log.checkpoint_note(64),
        large=town.log.checkpoint_note(128),
        root=merkle.as_base64(checkpoint.parse_text(note.parse(town.log.checkpoint_note(64)).text).root),
        proof=[merkle.as_base64(part) for part in town.log.consistency_proof(64, 128)],
    )
    with pytest.raises(AccusationWrong):
        accuse.verify(raw, town.log.vkey, ())
    with pytest.raises(AccusationWrong):
        accuse.verify(b"{}", town.log.vkey, ())


def test_a_log_that_shows_an_auditor_another_past_is_accused(town: Town) -> None:
    keep_beat(town, 1)
    seen = auditor(town).audit(LocalSource(town.log)).seen
    report = auditor(town, quorum=0).audit(LocalSource(liar(town, 2)), seen)
    assert [accusation.kind for accusation in report.accusations] == ["split-view"]


def test_a_log_cannot_hide_another_tree_behind_fitting_tiles(town: Town) -> None:
    """It answers the honest tiles to whoever asks about the honest head, under a head of another tree."""
    keep_beat(town, 1)
    keep_beat(town, 2)
    forged = str(checkpoint.sign(Checkpoint(ORIGIN, 128, b"\1" * 32), LOG_KEY))

    class Hiding(LocalSource):
        def checkpoint(self) -> str:
            return forged

    with pytest.raises(ProofWrong):
        auditor(town).compare(Hiding(town.log), town.log.checkpoint_note(64))


def test_a_backdated_leaf_is_proof_for_anybody_who_knows_the_witness(town: Town) -> None:
    """Ten minutes after beat 1 was cosigned the log appends entries and says they are of beat 2."""
    keep_beat(town, 1, at_s=BEAT + 62)
    town.servers["w1"]  # both witnesses saw 64 entries at BEAT + 62 ...
    keep_beat(town, 2, at_s=BEAT + 122)
    town.log.append_beat(BEAT + 180, [])
    town.clock.ms = (BEAT + 900) * 1000  # ... and 192 entries, first, at BEAT + 900
    keep_beat(town, 3, at_s=BEAT + 900)
    town.log.append_beat(BEAT + 180, [entry.beat_entry(b"\xbb" * 32)])
    town.log.publish()
    report = auditor(town, quorum=0).audit(LocalSource(town.log))
    (accusation,) = report.accusations
    keys = auditor(town).witnesses
    assert accuse.verify(accusation.raw, town.log.vkey, keys).kind == "backdated"
    with pytest.raises(AccusationWrong):
        accuse.verify(accusation.raw, town.log.vkey, ())


def test_a_beat_that_came_late_is_said_so(town: Town) -> None:
    keep_beat(town, 1, at_s=BEAT + 60 + 30 + 100)
    (trouble,) = auditor(town).audit(LocalSource(town.log)).troubles
    assert trouble == f"Beat {BEAT + 60} was first seen by a witness 100 s after it was due."


RECEIPT_KEY = SigningKey(b"r" * 32)
RECEIPTS = VerifierKey(f"{ORIGIN}/receipts", note.ED25519, RECEIPT_KEY.public)
RECORDING = b"i" * 16


def receipt(beat: int, seq: int = 4, link: bytes = b"k" * 32) -> bytes:
    lines = [promise.FIRST_LINE, b64(RECORDING), str(seq), merkle.as_base64(link), str(BEAT * 1000), str(beat)]
    return str(note.sign("\n".join(lines) + "\n", RECEIPTS.name, RECEIPT_KEY)).encode()


def covered(town: Town, number: int, seq: int = 5) -> Opening:
    """A beat with a leaf of the recording, and what its reader knows of it."""
    opening = Opening(b"s" * 32, seq, b"m" * 32, b"c" * 32, 0)
    beat = town.log.append_beat(BEAT + 60 * number, [entry.beat_entry(opening.commitment(RECORDING))])
    town.log.publish()
    return Opening(opening.salt, opening.seq, opening.link, opening.custody_head, beat.indices[0])


def test_a_kept_promise_is_proven(town: Town) -> None:
    opening = covered(town, 1)
    found = promise.read_receipt(receipt(BEAT + 60), RECEIPTS, ORIGIN)
    report = auditor(town, quorum=0).audit(LocalSource(town.log))
    reader = ReadLog(LocalSource(town.log), town.log.vkey)
    assert promise.check_kept(found, opening, reader, report).beat == BEAT + 60


def test_a_broken_promise_is_noticed(town: Town) -> None:
    keep_beat(town, 1)
    opening = covered(town, 2)
    report = auditor(town, quorum=0).audit(LocalSource(town.log))
    reader = ReadLog(LocalSource(town.log), town.log.vkey)

    def read(beat: int, seq: int = 4) -> promise.Promise:
        return promise.read_receipt(receipt(beat, seq), RECEIPTS, ORIGIN)

    def broken(given: promise.Promise, known: Opening) -> str:
        with pytest.raises(PromiseBroken) as error:
            promise.check_kept(given, known, reader, report)
        return error.value.message

    assert "later beat" in broken(read(BEAT + 60), opening)
    assert "no such leaf" in broken(read(BEAT + 120), replace(opening, leaf=128))
    assert promise.check_kept(read(BEAT + 180), opening, reader, report).beat == BEAT + 120
    with pytest.raises(PromiseBroken):
        promise.check_reached(read(BEAT + 180), report)
    assert "another second" in broken(read(BEAT + 120, seq=6), opening)
    assert "another second" in broken(read(BEAT + 120, seq=5), opening)
    other = Opening(opening.salt, opening.seq, opening.link, b"other".ljust(32), opening.leaf)
    assert "not of this recording" in broken(read(BEAT + 120), other)


def test_a_receipt_of_another_key_or_log_is_refused() -> None:
    with pytest.raises(NoteUntrusted):
        promise.read_receipt(receipt(BEAT), VerifierKey(RECEIPTS.name, note.ED25519, LOG_KEY.public), ORIGIN)
    with pytest.raises(NoteMalformed):
        promise.read_receipt(receipt(BEAT), RECEIPTS, "other.example/log")


def over_http(log: Log) -> HttpSource:
    """The log behind the addresses of docs/spec/log.md."""

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/log/")
        try:
            if path == "checkpoint":
                return httpx.Response(200, text=log.published_note())
            if path.startswith("beats/"):
                return httpx.Response(200, text=log.checkpoint_note(int(path.removeprefix("beats/"))))
            return httpx.Response(200, content=log.tile(path.removeprefix("tile/")))
        except TocsinError as error:
            return httpx.Response(error.status)

    return HttpSource("http://node.example/log/", httpx.Client(transport=httpx.MockTransport(answer)))


def test_a_log_is_followed_over_http(town: Town) -> None:
    for number in range(1, 7):
        keep_beat(town, number)
    source: Source = over_http(town.log)
    assert auditor(town).audit(source).is_clean
    found, proof = ReadLog(source, town.log.vkey).prove(70)
    assert found == town.log.entry(70)
    assert proof.index == 70


@pytest.mark.parametrize("status", [403, 500])
def test_a_log_that_does_not_answer_is_told_apart_from_one_that_lies(town: Town, status: int) -> None:
    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(status)))
    with pytest.raises(LogUnreachable):
        auditor(town).audit(HttpSource("http://node.example/log", client))


@pytest.mark.parametrize(
    "raw", [b"", b"{}", b'{"hashes":[],"note":"x","size":1}', b'{"hashes":["x"],"note":"","size":1}']
)
def test_a_torn_state_of_an_auditor_is_refused(town: Town, raw: bytes) -> None:
    keep_beat(town, 1)
    with pytest.raises(NoteMalformed):
        auditor(town).audit(LocalSource(town.log), Seen.loads(raw))
