"""What is spelled by hand for speed is what the canonical spelling would have been."""

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from tests.crypto.counted_clock import CountedClock
from tocsin.crypto import canonical
from tocsin.evidence.custody import EMPTY_HEAD, Chain


@given(st.integers(0, 2**40), st.integers(0, 2**45), st.integers(0, 2**35), st.binary(min_size=4, max_size=4))
def test_a_chunk_note_is_canonical(seq: int, received_ms: int, beat: int, key_id: bytes) -> None:
    chain = Chain(CountedClock(), count=7)
    note = chain.chunk(seq, received_ms, beat, key_id)
    said = canonical.loads(note)
    assert isinstance(said, dict)
    salt = said.pop("s")
    assert isinstance(salt, str)
    assert len(salt) == 22
    assert said == {"n": "chunk", "q": seq, "t": received_ms, "b": beat, "k": key_id.hex(), "i": 7}
    assert (chain.head, chain.count) == (sha256(EMPTY_HEAD + note).digest(), 8)
