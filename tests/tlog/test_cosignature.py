"""A cosignature says when a witness saw which tree, and nothing about any other."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.tlog.conftest import ORIGIN
from tocsin.crypto.keys import PostQuantumKey, SigningKey
from tocsin.tlog import checkpoint, cosignature, merkle, note, proof
from tocsin.tlog.cosignature import Cosigner
from tocsin.tlog.note import Note, NoteMalformed, NoteUntrusted, Signature, VerifierKey

COSIGNER = Cosigner("witness.example/w1", SigningKey(b"w" * 32), PostQuantumKey(b"q" * 32))
ED25519, ML_DSA = COSIGNER.vkeys
TIME = 1_679_315_147
ROOT = hashlib.sha256(b"root").digest()
LOG = SigningKey(b"l" * 32)
LOG_KEY = VerifierKey(ORIGIN, note.ED25519, LOG.public)


def cosigned(size: int = 20_852_163, root: bytes = ROOT) -> Note:
    signed = checkpoint.sign(checkpoint.Checkpoint(ORIGIN, size, root), LOG)
    return signed.adding(COSIGNER.cosign(signed.text, TIME))


def test_both_kinds_verify_and_tell_their_time() -> None:
    found = note.parse(str(cosigned()))
    assert [cosignature.verify(found, key) for key in COSIGNER.vkeys] == [TIME, TIME]


def test_the_signed_bytes_are_those_of_the_standard() -> None:
    text = cosigned().text
    assert cosignature.message(ED25519, text, TIME) == f"cosignature/v1\ntime {TIME}\n{text}".encode()
    assert cosignature.message(ML_DSA, text, TIME) == bytes.fromhex(
        b"subtree/v1\n\0".hex()
        + "12" + b"witness.example/w1".hex()
        + "00000000641850cb"
        + "1a" + ORIGIN.encode().hex()
        + "0000000000000000"
        + "00000000013e2dc3"
        + ROOT.hex()
    )  # fmt: skip


def test_a_cosignature_made_by_the_reference_witness_verifies() -> None:
    vector = json.loads(Path("vectors/tlog/mldsa_cosignature.json").read_text())
    key, (line,) = note.parse_vkey(vector["vkey"]), note.parse_signatures(vector["line"])
    assert str(key) == vector["vkey"]
    assert cosignature.verified_time(vector["text"], key, line) == vector["time"] == 0
    with pytest.raises(NoteUntrusted):
        cosignature.verified_time(vector["text"].replace("\n1\n", "\n2\n"), key, line)
    with pytest.raises(NoteUntrusted):
        cosignature.verify(Note(vector["text"], (line,)), key)  # it tells no time: no witness's word


def test_extension_lines_are_never_taken_for_signed() -> None:
    extended = cosigned().text + "extension\n"
    (line,) = COSIGNER.cosign(extended, TIME)
    assert cosignature.verify(Note(extended, (line,)), ED25519) == TIME
    with pytest.raises(NoteUntrusted):
        cosignature.verify(Note(extended, cosigned().by(ML_DSA)), ML_DSA)


def test_key_ids_bind_name_kind_and_key() -> None:
    for key, kind in ((ED25519, b"\x04"), (ML_DSA, b"\x06")):
        assert key.key_id == hashlib.sha256(key.name.encode() + b"\n" + kind + key.public).digest()[:4]
        assert note.parse_vkey(str(key)) == key


@pytest.mark.parametrize("key", COSIGNER.vkeys)
@pytest.mark.parametrize("change", ["time", "size", "root", "signature", "short"])
def test_nothing_signed_can_be_changed(key: VerifierKey, change: str) -> None:
    found = cosigned()
    (line,) = found.by(key)
    raw = {
        "time": (TIME + 1).to_bytes(8, "big") + line.raw[8:],
        "signature": line.raw[:-1] + bytes([line.raw[-1] ^ 1]),
        "short": line.raw[:8],
    }.get(change, line.raw)
    text = {"size": cosigned(20_852_164).text, "root": cosigned(root=b"\0" * 32).text}.get(change, found.text)
    with pytest.raises(NoteUntrusted):
        cosignature.verify(Note(text, (Signature(line.name, line.key_id, raw),)), key)


def test_the_post_quantum_kind_binds_the_name_of_the_cosigner() -> None:
    (line,) = cosigned().by(ML_DSA)
    renamed = VerifierKey("witness.example/w2", ML_DSA.kind, ML_DSA.public)
    with pytest.raises(NoteUntrusted):
        cosignature.verify(Note(cosigned().text, (Signature(renamed.name, renamed.key_id, line.raw),)), renamed)


def test_only_checkpoints_are_cosigned() -> None:
    with pytest.raises(NoteMalformed):
        COSIGNER.cosign("not a checkpoint\n", TIME)


def proof_of(entries: list[bytes], index: int) -> proof.Proof:
    leaves = [merkle.leaf_hash(entry) for entry in entries]
    read = merkle.reader_of(leaves)
    hashes = merkle.inclusion_proof(index, len(leaves), read)
    return proof.Proof(index, hashes, str(cosigned(len(leaves), merkle.root(len(leaves), read))), b"extra")


def test_a_proof_stands_alone() -> None:
    entries = [b"a", b"b", b"c", b"d", b"e"]
    found = proof.parse(str(proof_of(entries, 2)))
    assert found.extra == b"extra"
    head, times = proof.verify(found, b"c", LOG_KEY, COSIGNER.vkeys, quorum=1)
    assert (head.size, times) == (5, {"witness.example/w1": TIME})


def test_two_keys_of_one_witness_are_one_witness() -> None:
    found = proof_of([b"a", b"b"], 0)
    with pytest.raises(NoteUntrusted):
        proof.verify(found, b"a", LOG_KEY, COSIGNER.vkeys, quorum=2)


def test_a_proof_of_another_entry_fails() -> None:
    with pytest.raises(merkle.ProofWrong):
        proof.verify(proof_of([b"a", b"b"], 0), b"b", LOG_KEY, (), quorum=0)


@pytest.mark.parametrize("text", ["", "c2sp.org/tlog-proof@v1\nindex 01\n\n", "c2sp.org/tlog-proof@v1\n\nnote"])
def test_what_is_not_a_proof_is_refused(text: str) -> None:
    with pytest.raises(NoteMalformed):
        proof.parse(text)
