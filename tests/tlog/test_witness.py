"""A witness cosigns only what extends everything it has seen, and keeps what proves a lie."""

import asyncio
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from tests.tlog.conftest import ORIGIN, MovableClock
from tests.tlog.town import LOG_KEY, Town
from tocsin.crypto.keys import SigningKey
from tocsin.tlog import checkpoint, cosignature, merkle, note
from tocsin.tlog.checkpoint import Checkpoint
from tocsin.tlog.log import Log
from tocsin.tlog.merkle import ProofWrong
from tocsin.tlog.note import NoteUntrusted
from tocsin.tlog.witness import Forked, LogUnknown, Request, RequestMalformed, SizeConflict, parse_request
from tocsin.tlog.witness_server import WitnessServer
from tocsin.tlog.witness_state import StateDamaged, StateLost, WitnessState


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path, witnesses=1)


def body(log: Log, old: int) -> bytes:
    return str(Request(old, tuple(log.consistency_proof(old, log.size)), note.parse(log.checkpoint_note()))).encode()


def signed(size: int, root: bytes, origin: str = ORIGIN, key: SigningKey = LOG_KEY) -> note.Note:
    return checkpoint.sign(Checkpoint(origin, size, root), key)


def test_an_honest_log_is_cosigned_beat_after_beat(town: Town) -> None:
    witness, old = town.servers["w1"], 0
    for number in range(1, 6):
        town.beat(number=number)
        lines = witness.add_checkpoint(body(town.log, old))
        whole = note.parse(town.log.checkpoint_note()).adding(lines)
        assert {cosignature.verify(whole, key) for key in witness.cosigner.vkeys} == {town.clock.ms // 1000}
        old = town.log.size


def test_the_same_checkpoint_again_is_cosigned_again(town: Town) -> None:
    town.beat()
    town.servers["w1"].add_checkpoint(body(town.log, 0))
    assert town.servers["w1"].add_checkpoint(body(town.log, town.log.size))


def test_an_unknown_log_is_refused(town: Town) -> None:
    request = Request(0, (), signed(1, b"\0" * 32, "other.example/log"))
    with pytest.raises(LogUnknown):
        town.servers["w1"].add_checkpoint(str(request).encode())


def test_a_head_under_another_key_is_refused(town: Town) -> None:
    request = Request(0, (), signed(1, b"\0" * 32, key=SigningKey(b"x" * 32)))
    with pytest.raises(NoteUntrusted):
        town.servers["w1"].add_checkpoint(str(request).encode())


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"old 0\n",
        b"old 00\n\n" + str(signed(1, b"\0" * 32)).encode(),
        b"old -1\n\n" + str(signed(1, b"\0" * 32)).encode(),
        b"old 2\n\n" + str(signed(1, b"\0" * 32)).encode(),
        b"old 0\nAAAA\n\n" + str(signed(1, b"\0" * 32)).encode(),
        b"old 0\n" + (merkle.as_base64(b"\0" * 32) + "\n").encode() * 64 + b"\n" + str(signed(1, b"\0" * 32)).encode(),
        b"old 0\n\n" + str(note.sign("not a checkpoint\n", ORIGIN, LOG_KEY)).encode(),
    ],
)
def test_a_malformed_request_is_refused(town: Town, raw: bytes) -> None:
    with pytest.raises(RequestMalformed):
        town.servers["w1"].add_checkpoint(raw)


def test_a_wrong_old_size_is_told_the_right_one(town: Town) -> None:
    town.beat()
    witness = town.servers["w1"]
    with pytest.raises(SizeConflict) as conflict:
        witness.add_checkpoint(body(town.log, 1))
    assert conflict.value.size == 0
    witness.add_checkpoint(body(town.log, 0))
    town.beat(number=2)
    with pytest.raises(SizeConflict) as conflict:
        witness.add_checkpoint(body(town.log, 1))
    assert conflict.value.size == 64


def test_a_proof_from_nothing_must_be_empty(town: Town) -> None:
    town.beat()
    request = Request(0, (b"\0" * 32,), note.parse(town.log.checkpoint_note()))
    with pytest.raises(ProofWrong):
        town.servers["w1"].add_checkpoint(str(request).encode())


def test_a_fork_at_one_size_is_refused_and_both_heads_are_kept(town: Town) -> None:
    witness = town.servers["w1"]
    town.beat()
    witness.add_checkpoint(body(town.log, 0))
    other = signed(town.log.size, b"\1" * 32)
    with pytest.raises(Forked):
        witness.add_checkpoint(str(Request(town.log.size, (), other)).encode())
    (name,) = witness.state.forks()
    kept = json.loads(town.state_of("w1").get(name))
    heads = [checkpoint.open_checkpoint(kept[which], town.log.vkey)[0] for which in ("first", "second")]
    assert heads[0].size == heads[1].size
    assert heads[0].root != heads[1].root


def test_a_fork_at_an_earlier_size_is_proof_too(town: Town) -> None:
    witness = town.servers["w1"]
    town.beat()
    witness.add_checkpoint(body(town.log, 0))
    town.beat(number=2)
    witness.add_checkpoint(body(town.log, 64))
    with pytest.raises(Forked):
        witness.add_checkpoint(str(Request(0, (), signed(64, b"\1" * 32))).encode())
    assert len(witness.state.forks()) == 1


def test_a_rolled_back_log_is_not_cosigned(town: Town) -> None:
    witness = town.servers["w1"]
    for number in range(1, 4):
        town.beat(number=number)
        witness.add_checkpoint(body(town.log, 64 * (number - 1)))
    rolled_back = Request(64, (), signed(64, checkpoint.parse_text(note.parse(town.log.checkpoint_note(64)).text).root))
    with pytest.raises(SizeConflict) as conflict:
        witness.add_checkpoint(str(rolled_back).encode())
    assert conflict.value.size == 192


def test_a_backdated_leaf_cannot_be_proven_consistent(town: Town) -> None:
    """The log rewrites its past: an entry is put into a beat that a witness has seen. Nothing it can send is cosigned."""
    witness = town.servers["w1"]
    town.beat(number=1)
    witness.add_checkpoint(body(town.log, 0))
    lie = town.open_log("lie")
    town.beat(lie, [b"\1" * 32, b"\2" * 32], number=1)
    town.beat(lie, number=2)
    with pytest.raises(ProofWrong):
        witness.add_checkpoint(body(lie, 64))
    with pytest.raises(SizeConflict):
        witness.add_checkpoint(body(lie, 0))
    newest = witness.state.newest(ORIGIN)
    assert newest is not None
    assert newest.checkpoint.size == 64


def test_the_head_is_durable_before_a_cosignature_exists(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(name: str, content: bytes) -> None:
        raise OSError(28, "no space left")

    witness = town.servers["w1"]
    town.beat()
    monkeypatch.setattr(witness.state._blobs, "put", full_disk)
    with pytest.raises(OSError, match="space"):
        witness.add_checkpoint(body(town.log, 0))
    monkeypatch.undo()
    assert witness.state.newest(ORIGIN) is None
    assert witness.add_checkpoint(body(town.log, 0))


def test_a_restarted_witness_knows_what_it_saw(town: Town) -> None:
    town.beat()
    town.servers["w1"].add_checkpoint(body(town.log, 0))
    town.beat(number=2)
    with pytest.raises(SizeConflict):
        town.start_witness("w1").add_checkpoint(body(town.log, 0))


def test_a_witness_that_lost_its_state_does_not_start(town: Town) -> None:
    (town.place / "w1" / "state.json").unlink()
    with pytest.raises(StateLost):
        town.start_witness("w1")


def test_a_witness_started_anew_on_purpose_says_so(town: Town, clock: MovableClock) -> None:
    (town.place / "w1" / "state.json").unlink()
    WitnessState.begin(town.state_of("w1"), clock.ms, after_loss=True)
    assert town.start_witness("w1").state.times_lost == 1


def test_a_witness_never_begins_over_a_state(town: Town) -> None:
    with pytest.raises(StateDamaged):
        town.start_witness("w1", new=True)


@pytest.mark.parametrize("raw", [b"", b"{}", b'{"heads":{"a":["x"]},"version":1,"begun_ms":0,"times_lost":0}'])
def test_a_torn_state_keeps_the_witness_from_starting(town: Town, raw: bytes) -> None:
    (town.place / "w1" / "state.json").write_bytes(raw)
    with pytest.raises(StateDamaged):
        town.start_witness("w1")


def test_the_state_stays_small(town: Town) -> None:
    for number in range(1, 71):
        town.beat(number=number)
        town.servers["w1"].add_checkpoint(body(town.log, 64 * (number - 1)))
    assert len(town.state_of("w1").get("state.json")) < 20_000


def test_requests_read_back(town: Town) -> None:
    town.beat()
    town.beat(number=2)
    raw = body(town.log, 64)
    assert str(parse_request(raw)).encode() == raw


STATUSES: list[tuple[int, Callable[[Log], bytes]]] = [
    (404, lambda _: str(Request(0, (), signed(1, b"\0" * 32, "other.example/log"))).encode()),
    (403, lambda _: str(Request(0, (), signed(1, b"\0" * 32, key=SigningKey(b"x" * 32)))).encode()),
    (400, lambda _: b"old 0"),
    (409, lambda log: body(log, 1)),
    (422, lambda log: str(Request(0, (b"\0" * 32,), note.parse(log.checkpoint_note()))).encode()),
    (413, lambda _: b"x" * 70_000),
    (200, lambda log: body(log, 0)),
]


async def answer_of(town: Town, raw: bytes) -> httpx.Response:
    async with town.client() as client:
        return await client.post("http://w1.example/add-checkpoint", content=raw)


def test_every_refusal_has_the_status_of_the_standard(town: Town) -> None:
    town.beat()
    for status, make in STATUSES:
        response = asyncio.run(answer_of(town, make(town.log)))
        assert response.status_code == status
        if status == 409:
            assert (response.headers["content-type"], response.text) == ("text/x.tlog.size", "0\n")


def test_a_witness_tells_its_keys_and_its_newest_head(town: Town) -> None:
    town.beat()
    witness = town.servers["w1"]
    witness.add_checkpoint(body(town.log, 0))
    server = WitnessServer(witness)
    keys, _, origins = server.answer("GET", "/", b"").body.decode().partition("\n\n")
    assert [note.parse_vkey(line) for line in keys.split("\n")] == list(witness.cosigner.vkeys)
    assert origins == f"{ORIGIN}\n"
    head = server.answer("GET", f"/{sha256(ORIGIN.encode()).hexdigest()}/checkpoint", b"")
    assert checkpoint.open_checkpoint(head.body, town.log.vkey)[0].size == 64
    assert server.answer("GET", "/other/checkpoint", b"").status == 404
