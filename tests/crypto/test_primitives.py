"""Primitives give the numbers their standards print."""

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from tests.crypto.counted_clock import CountedClock
from tocsin.crypto import bech32, canonical, envelope, halves
from tocsin.crypto.custody import NoteReader, NoteUnopenable, Session
from tocsin.crypto.hkdf import hkdf, ratchet
from tocsin.crypto.keys import PostQuantumKey, SigningKey, verify_ed25519, verify_mldsa44
from tocsin.crypto.padding import padded, padme
from tocsin.errors import TocsinError
from tocsin.ids import RecordingId

VECTORS = Path(__file__).parents[2] / "vectors"


def load(name: str) -> Any:
    return json.loads((VECTORS / name).read_text())


def test_hkdf_gives_the_numbers_of_rfc_5869() -> None:
    for case in load("standards/hkdf_rfc5869.json")["cases"]:
        ikm, salt, info, okm = (bytes.fromhex(case[key]) for key in ("ikm", "salt", "info", "okm"))
        assert hkdf(ikm, salt=salt, info=info, length=len(okm)) == okm


def test_any_two_parts_of_a_secret_give_it_back() -> None:
    known = load("halves/five_parts.json")
    parts = [bytes.fromhex(one) for one in known["parts"]]
    for one, other in permutations(parts, 2):
        assert halves.join([one, other]).hex() == known["secret"]
    with pytest.raises(ValueError):
        halves.join([parts[0], parts[0]])


def test_ed25519_gives_the_numbers_of_rfc_8032() -> None:
    for case in load("standards/ed25519_rfc8032.json")["cases"]:
        seed, public, message, signature = (
            bytes.fromhex(case[key]) for key in ("seed", "public", "message", "signature")
        )
        key = SigningKey(seed)
        assert (key.public, key.sign(message)) == (public, signature)
        assert verify_ed25519(public, signature, message)
        assert not verify_ed25519(public, signature, message + b"!")
        assert not verify_ed25519(b"short", signature, message)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 511), st.integers(0, 255))
def test_ed25519_agrees_with_a_second_implementation(seed: bytes, message: bytes, bit: int, flip: int) -> None:
    """What a node takes, every other checker of RFC 8032 takes; what was changed, neither does."""
    key, other = SigningKey(seed), Ed25519PrivateKey.from_private_bytes(seed)
    signature = key.sign(message)
    assert (key.public, signature) == (other.public_key().public_bytes_raw(), other.sign(message))
    changed = bytearray(signature)
    changed[bit // 8] ^= 1 << bit % 8
    assert verify_ed25519(key.public, signature, message)
    assert not verify_ed25519(key.public, bytes(changed), message)
    assert not verify_ed25519(key.public, signature, message + bytes([flip]))
    with pytest.raises(InvalidSignature):
        other.public_key().verify(bytes(changed), message)


def test_ed25519_refuses_keys_that_sign_anything() -> None:
    """A key of order 1 makes one signature good for every message: RFC 8032 leaves it open, libsodium does not."""
    order_one = bytes([1]) + bytes(31)
    anything = order_one + bytes(32)
    Ed25519PublicKey.from_public_bytes(order_one).verify(anything, b"whatever")
    assert not verify_ed25519(order_one, anything, b"whatever")


def test_aes_256_gcm_gives_the_numbers_of_the_gcm_specification() -> None:
    for case in load("standards/aes_gcm.json")["cases"]:
        key, nonce, aad, plaintext, sealed = (
            bytes.fromhex(case[name]) for name in ("key", "nonce", "aad", "plaintext", "sealed")
        )
        assert AESGCM(key).encrypt(nonce, plaintext, aad) == sealed


def test_ml_dsa_44_signatures_are_accepted_and_changed_ones_are_not() -> None:
    key = PostQuantumKey(bytes(range(32)))
    signature = key.sign(b"note")
    assert (len(key.public), len(signature)) == (1312, 2420)
    assert verify_mldsa44(key.public, signature, b"note")
    assert not verify_mldsa44(key.public, signature, b"nope")


def test_padding_gives_the_classes_of_the_vectors() -> None:
    for length, expected in load("padding/padded.json")["cases"]:
        assert padded(length) == expected


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=40), st.binary(max_size=10))
def test_one_step_of_the_ratchet_is_two_hkdf(chain_key: bytes, label: bytes, use: bytes) -> None:
    two = tuple(hkdf(chain_key, salt=b"", info=label + name, length=32) for name in (use, b" next"))
    assert ratchet(chain_key, label, use) == two


@given(st.integers(1, 2**40))
def test_padding_costs_at_most_twelve_percent(length: int) -> None:
    assert length <= padme(length) <= length * 1.12 + 1
    assert padme(padme(length)) == padme(length)


def test_canonical_json_accepts_one_spelling_and_refuses_every_other() -> None:
    for value, text in load("canonical/accepted.json")["cases"]:
        assert canonical.dumps(value).decode() == text
        assert canonical.loads(text.encode()) == value
    for text in load("canonical/refused.json")["cases"]:
        with pytest.raises(canonical.CanonicalError):
            canonical.loads(text.encode())


def test_age_identities_are_spelled_as_age_spells_them() -> None:
    vector = load("words/age_key.json")
    identity = envelope.identity_of(bytes.fromhex(vector["seed"]))
    assert (identity, envelope.recipient_of(identity)) == (vector["identity"], vector["recipient"])


@given(st.binary(min_size=1, max_size=64))
def test_bech32_round_trips(payload: bytes) -> None:
    assert bech32.decode("age", bech32.encode("age", payload)) == payload


def test_an_envelope_opens_for_each_recipient_and_for_nobody_else() -> None:
    clock = CountedClock(b"age")
    (one, to_one), (two, to_two), (three, _) = (envelope.new_identity(clock) for _ in range(3))
    sealed = envelope.seal_to([to_one, to_two], b"recording key")
    assert envelope.open_with(one, sealed) == envelope.open_with(two, sealed) == b"recording key"
    with pytest.raises(envelope.EnvelopeNotForUs):
        envelope.open_with(three, sealed)
    for broken in (b"", b"age-encryption.org/v1\n", sealed[40:], b"x" * 40_000):
        with pytest.raises(envelope.EnvelopeMalformed):
            envelope.open_with(one, broken)


def test_custody_notes_open_in_order_and_the_session_forgets() -> None:
    vector = load("custody/honest.json")
    recording_id = RecordingId(bytes.fromhex(vector["recording_id"]))
    reader = NoteReader(recording_id, bytes.fromhex(vector["custody_seed"]))
    notes = [bytes.fromhex(raw) for raw in vector["notes"]]
    assert [reader.open(raw).hex() for raw in notes] == vector["plaintexts"]
    with pytest.raises(NoteUnopenable):
        reader.open(notes[0])
    stranger = NoteReader(RecordingId(bytes(16)), bytes.fromhex(vector["custody_seed"]))
    with pytest.raises(NoteUnopenable):
        stranger.open(notes[0])


def test_an_all_zero_custody_key_is_refused() -> None:
    with pytest.raises(TocsinError):
        Session(RecordingId(bytes(16)), bytes(32), CountedClock())
