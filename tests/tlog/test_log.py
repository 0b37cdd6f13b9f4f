"""An acknowledged entry is never lost, moved or changed; a log that cannot prove its tail does not start."""

import pytest

from tests.tlog.conftest import BEAT, ORIGIN, MovableClock
from tocsin.crypto.keys import SigningKey
from tocsin.store.blobs import DiskBlobs
from tocsin.tlog import checkpoint, entry, merkle, tile
from tocsin.tlog.find import find
from tocsin.tlog.log import BeatTooOld, BeatUnknown, Log, LogDamaged
from tocsin.tlog.note import Signature
from tocsin.tlog.tile import ENTRIES, Tile


def commitments(count: int, start: int = 0) -> list[bytes]:
    return [entry.beat_entry(number.to_bytes(32, "big")) for number in range(start, start + count)]


def check_whole(log: Log, known: dict[int, bytes]) -> None:
    """Every acknowledged entry is at its index and proven under the newest checkpoint."""
    head, _ = checkpoint.open_checkpoint(log.checkpoint_note(), log.vkey)
    assert (head.size, head.root) == (log.size, log.root)
    for number, (index, raw) in enumerate(known.items()):
        assert log.entry(index) == raw
        if number % 9 and len(known) > 100:
            continue  # a proof each would be the same proof many times
        proof = log.inclusion_proof(index, log.size)
        merkle.verify_inclusion(merkle.leaf_hash(raw), index, log.size, proof, head.root)


def test_every_given_entry_is_where_the_beat_says_and_proven(log: Log) -> None:
    known: dict[int, bytes] = {}
    heads = []
    for number in range(9):
        given = commitments(3 + 40 * number, 1000 * number)
        beat = log.append_beat(BEAT + 60 * number, given)
        assert (beat.tree_size, beat.root) == (log.size, log.root)
        known |= dict(zip(beat.indices, given, strict=True))
        heads.append((beat.tree_size, beat.root))
    check_whole(log, known)
    for size, root in heads:
        merkle.verify_consistency(size, log.size, root, log.root, log.consistency_proof(size, log.size))
        assert checkpoint.parse_text(log.checkpoint_note(size).split("\n\n")[0] + "\n").root == root


@pytest.mark.parametrize(
    ("given", "places"), [(0, 64), (1, 64), (63, 64), (64, 256), (255, 256), (256, 1024), (1024, 2048)]
)
def test_the_number_of_entries_tells_only_the_class(log: Log, given: int, places: int) -> None:
    beat = log.append_beat(BEAT, commitments(given))
    assert beat.tree_size == places
    assert len(set(beat.indices)) == given


def test_filler_looks_like_a_commitment_and_places_are_shuffled(log: Log) -> None:
    beat = log.append_beat(BEAT, commitments(20))
    shapes = {(log.entry(index)[: len(entry.BEAT)], len(log.entry(index))) for index in range(1, beat.tree_size)}
    assert shapes == {(entry.BEAT, len(entry.BEAT) + 32)}
    assert list(beat.indices) != sorted(beat.indices)
    assert entry.parse_time(log.entry(0)) == (BEAT, 0)


def test_a_restart_changes_nothing(log: Log, blobs: DiskBlobs, signer: SigningKey, clock: MovableClock) -> None:
    known: dict[int, bytes] = {}
    for number in range(12):
        given = commitments(30 * number, 500 * number)
        known |= dict(zip(log.append_beat(BEAT + 60 * number, given).indices, given, strict=True))
        note = log.checkpoint_note()
        log = Log.open(blobs, ORIGIN, signer, clock)
        assert (log.checkpoint_note(), log.newest_beat) == (note, BEAT + 60 * number)
    check_whole(log, known)


class Dying(Exception):
    pass


class DyingBlobs(DiskBlobs):
    """Dies at the `left`-th write: before it, or after the file is there but before the caller hears."""

    def __init__(self, under: DiskBlobs, left: int, *, after: bool) -> None:
        super().__init__(under._root)
        self.left, self.after = left, after

    def put(self, name: str, content: bytes) -> None:
        self.left -= 1
        if self.left == 0 and not self.after:
            raise Dying
        super().put(name, content)
        if self.left == 0:
            raise Dying


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("place", range(1, 8))
@pytest.mark.parametrize("is_same_process", [False, True])
def test_dying_at_any_write_of_an_append_loses_nothing_acknowledged(
    blobs: DiskBlobs, signer: SigningKey, clock: MovableClock, place: int, after: bool, is_same_process: bool
) -> None:
    dying = DyingBlobs(blobs, -1, after=after)
    log = Log.open(dying, ORIGIN, signer, clock)
    known: dict[int, bytes] = {}
    for number in range(5):
        given = commitments(60, 100 * number)
        known |= dict(zip(log.append_beat(BEAT + number, given).indices, given, strict=True))
    old_size, old_root = log.size, log.root
    dying.left = place
    try:
        log.append_beat(BEAT + 10, commitments(200, 5000))
    except Dying:
        if not is_same_process:
            log = Log.open(blobs, ORIGIN, signer, clock)
    dying.left = -1
    given = commitments(1, 9000)
    known |= dict(zip(log.append_beat(BEAT + 20, given).indices, given, strict=True))
    check_whole(log, known)
    check_whole(Log.open(blobs, ORIGIN, signer, clock), known)
    merkle.verify_consistency(old_size, log.size, old_root, log.root, log.consistency_proof(old_size, log.size))


def test_a_tile_left_by_a_broken_append_is_never_served(
    blobs: DiskBlobs, signer: SigningKey, clock: MovableClock
) -> None:
    dying = DyingBlobs(blobs, -1, after=True)
    log = Log.open(dying, ORIGIN, signer, clock)
    dying.left = 2  # the bundle and the leaf tile of the first beat are written, its checkpoint is not
    with pytest.raises(Dying):
        log.append_beat(BEAT, commitments(5))
    with pytest.raises(tile.TileMissing):
        log.tile("0/000.p/64")
    log = Log.open(blobs, ORIGIN, signer, clock)
    log.append_beat(BEAT, commitments(100))
    served = tile.split_tile(log.tile("0/000.p/64"), 64)
    assert served == [merkle.leaf_hash(log.entry(index)) for index in range(64)]
    assert tile.split_bundle(log.tile("entries/000.p/64"), 64) == [log.entry(index) for index in range(64)]


def test_partial_files_of_full_tiles_are_removed_and_still_served(log: Log, blobs: DiskBlobs) -> None:
    for number in range(12):
        log.append_beat(BEAT + number, [])
    kept = [name for name in blobs.list("tile/") if "/000.p/" in name and not name.startswith("tile/1/")]
    assert kept == []
    assert tile.split_tile(log.tile("0/000.p/64"), 64) == [merkle.leaf_hash(log.entry(index)) for index in range(64)]


@pytest.mark.parametrize("name", [Tile(0, 1, 64), Tile(1, 0, 1), Tile(ENTRIES, 1, 64)])
def test_a_changed_tail_keeps_the_log_from_starting(
    log: Log, blobs: DiskBlobs, signer: SigningKey, clock: MovableClock, name: Tile
) -> None:
    log.append_beat(BEAT, commitments(200))
    log.append_beat(BEAT + 60, commitments(2))
    path = blobs._root / "tile" / name.path
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)
    with pytest.raises(LogDamaged):
        Log.open(blobs, ORIGIN, signer, clock)


def test_tiles_without_a_checkpoint_keep_the_log_from_starting_anew(
    log: Log, blobs: DiskBlobs, signer: SigningKey, clock: MovableClock
) -> None:
    log.append_beat(BEAT, [])
    (blobs._root / "checkpoint").unlink()
    with pytest.raises(LogDamaged):
        Log.open(blobs, ORIGIN, signer, clock)


def test_a_log_under_another_key_does_not_start(log: Log, blobs: DiskBlobs, clock: MovableClock) -> None:
    log.append_beat(BEAT, [])
    with pytest.raises(LogDamaged):
        Log.open(blobs, ORIGIN, SigningKey(b"x" * 32), clock)


def test_time_never_runs_backwards_in_the_log(log: Log) -> None:
    log.append_beat(BEAT + 60, [])
    log.append_beat(BEAT + 60, [])
    with pytest.raises(BeatTooOld):
        log.append_beat(BEAT, [])


def test_nobody_else_writes_time_entries(log: Log) -> None:
    with pytest.raises(ValueError, match="time"):
        log.append_beat(BEAT, [entry.time_entry(BEAT, 0)])


def test_a_checkpoint_is_shown_to_the_world_when_its_witnesses_were_asked(log: Log) -> None:
    before = log.published_note()
    log.append_beat(BEAT, [])
    assert log.published_note() == before
    log.publish()
    assert log.published_note() == log.checkpoint_note() != before


def test_cosignatures_are_kept_across_a_restart(
    log: Log, blobs: DiskBlobs, signer: SigningKey, clock: MovableClock
) -> None:
    first = log.append_beat(BEAT, []).tree_size
    log.append_beat(BEAT + 60, [])
    line = Signature("witness.example/w1", b"\0\0\0\1", b"\2" * 72)
    log.add_cosignatures(log.size, [line])
    log.add_cosignatures(first, [line])
    log = Log.open(blobs, ORIGIN, signer, clock)
    assert log.checkpoint_note().endswith(str(line))
    assert log.published_note().endswith(str(line))
    assert log.checkpoint_note(first).endswith(str(line))


def test_what_was_never_published_is_unknown(log: Log) -> None:
    log.append_beat(BEAT, [])
    for ask in (
        lambda: log.checkpoint_note(63),
        lambda: log.inclusion_proof(64, 64),
        lambda: log.inclusion_proof(0, 65),
        lambda: log.consistency_proof(64, 65),
    ):
        with pytest.raises(BeatUnknown):
            ask()
    with pytest.raises(tile.TileMissing):
        log.entry(64)
    with pytest.raises(tile.TileMissing):
        log.tile("0/000.p/65")


def test_an_entry_is_found_from_the_newest_on_and_only_as_far_back_as_asked(log: Log) -> None:
    old, new = commitments(2)
    assert find(log, old, 1_000) is None
    [at_old] = log.append_beat(BEAT, [old]).indices
    for later in range(1, 10):
        log.append_beat(BEAT + later, [])
    [at_new] = log.append_beat(BEAT + 10, [new]).indices
    assert (find(log, old, 10_000), find(log, new, 10_000)) == (at_old, at_new)
    assert (find(log, old, 100), find(log, new, 100)) == (None, at_new)
    assert find(log, old[:-1], 10_000) is None, "no entry, though its bytes are there"
