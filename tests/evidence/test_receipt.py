"""A receipt says what was received, and only its key can say it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.crypto.counted_clock import CountedClock
from tocsin.crypto.keys import SigningKey
from tocsin.evidence.receipt import Receipt, ReceiptMalformed, ReceiptSigner, read
from tocsin.ids import RecordingId

SIGNER = ReceiptSigner("sample.example/log", SigningKey(bytes(range(32))))
RECEIPTS = st.builds(
    Receipt,
    st.binary(min_size=16, max_size=16).map(RecordingId),
    st.integers(0, 2**40),
    st.binary(min_size=32, max_size=32),
    st.integers(0, 2**45),
    st.integers(0, 2**35),
)


@given(RECEIPTS)
def test_a_receipt_reads_back_under_its_key_and_under_no_other(receipt: Receipt) -> None:
    raw = SIGNER.sign(receipt).raw
    assert read(raw, SIGNER.vkey) == receipt
    other = ReceiptSigner("sample.example/log", SigningKey(CountedClock().random_bytes(32)))
    with pytest.raises(ReceiptMalformed):
        read(raw, other.vkey)


@given(RECEIPTS, st.integers(0), st.integers(0, 7))
def test_no_changed_bit_is_accepted(receipt: Receipt, place: int, bit: int) -> None:
    raw = bytearray(SIGNER.sign(receipt).raw)
    raw[place % len(raw)] ^= 1 << bit
    with pytest.raises(ReceiptMalformed):
        read(bytes(raw), SIGNER.vkey)


def test_a_receipt_is_the_same_bytes_each_time_it_is_signed() -> None:
    receipt = Receipt(RecordingId(bytes(16)), 1, bytes(32), 1_800_000_000_000, 1_800_000_060)
    assert SIGNER.sign(receipt) == SIGNER.sign(receipt)
