"""What is spelled by hand for speed is what the canonical spelling would have been, and each note is the node's word."""

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from tests.crypto.counted_clock import CountedClock
from tocsin.crypto import canonical
from tocsin.crypto.keys import SigningKey, verify_ed25519
from tocsin.crypto.profiles import CHUNK_NOTE_BYTES
from tocsin.evidence.custody import EMPTY_HEAD, NOTE_LABEL, Action, Chain
from tocsin.evidence.receipt import Receipt, ReceiptSigner
from tocsin.ids import RecordingId, unb64

KEY = SigningKey(bytes(range(32)))
SIGNER = ReceiptSigner("sample.example/log", KEY)
RECORDING = RecordingId(bytes(range(16)))


def read(note: bytes) -> dict[str, canonical.Value]:
    said = canonical.loads(note)
    assert isinstance(said, dict)
    assert len(str(said.pop("s"))) == 22
    return said


@given(st.integers(0, 2**40), st.integers(0, 2**45), st.integers(0, 2**35), st.binary(min_size=32, max_size=32))
def test_a_chunk_note_is_canonical_and_holds_the_signature_of_its_receipt(
    seq: int, received_ms: int, beat: int, link: bytes
) -> None:
    chain = Chain(CountedClock(), SIGNER, RECORDING, count=7)
    receipt = Receipt(RECORDING, seq, link, received_ms, beat)
    note = chain.chunk(receipt, SIGNER.sign(receipt).signature)
    assert len(note) <= CHUNK_NOTE_BYTES
    assert (chain.head, chain.count) == (sha256(EMPTY_HEAD + note).digest(), 8)
    said = read(note)
    assert verify_ed25519(KEY.public, unb64(str(said.pop("g"))), receipt.text().encode())
    assert said == {"n": "chunk", "q": seq, "t": received_ms, "b": beat, "k": SIGNER.key_id.hex(), "i": 7}


@given(st.integers(0, 2**45), st.sampled_from(Action), st.text(max_size=40), st.binary(min_size=32, max_size=32))
def test_every_other_note_is_signed_with_the_head_before_it(at: int, action: Action, reason: str, head: bytes) -> None:
    chain = Chain(CountedClock(), SIGNER, RECORDING, head, 3)
    line = chain.act(at, "owner", action, reason)
    said = canonical.loads(line)
    assert isinstance(said, dict)
    signature = unb64(str(said.pop("g")))
    assert verify_ed25519(KEY.public, signature, NOTE_LABEL + RECORDING + head + canonical.dumps(said))
    assert read(line)["k"] == SIGNER.key_id.hex()


def test_trying_a_note_leaves_the_chain_where_it_stood() -> None:
    chain = Chain(CountedClock(), SIGNER, RECORDING)
    tried = chain.after()
    tried.act(1, "phone", Action.CREATED)
    assert (chain.head, chain.count, tried.count) == (EMPTY_HEAD, 0, 1)
