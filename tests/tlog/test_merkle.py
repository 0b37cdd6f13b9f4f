"""Proofs lead to the root exactly when they are true."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.tlog import merkle
from tocsin.tlog.merkle import ProofWrong

VECTORS: dict[str, dict[str, Any]] = json.loads(Path("vectors/merkle/proofs.json").read_text())
INCLUSION = {name: case for name, case in VECTORS.items() if name.startswith("inclusion")}
CONSISTENCY = {name: case for name, case in VECTORS.items() if name.startswith("consistency")}


def raw(text: str) -> bytes:
    return base64.b64decode(text)


def proof_of(case: dict[str, Any]) -> list[bytes]:
    return [raw(part) for part in case["proof"] or []]


def is_refused(check: Any, *arguments: Any) -> bool:
    try:
        check(*arguments)
    except ProofWrong:
        return True
    return False


def test_no_public_vector_is_left_out() -> None:
    assert len(INCLUSION) + len(CONSISTENCY) == len(VECTORS) == 101


@pytest.mark.parametrize("case", INCLUSION.values(), ids=INCLUSION)
def test_public_inclusion_vectors_agree(case: dict[str, Any]) -> None:
    arguments = (raw(case["leafHash"]), case["leafIdx"], case["treeSize"], proof_of(case), raw(case["root"]))
    assert is_refused(merkle.verify_inclusion, *arguments) is case["wantErr"]


@pytest.mark.parametrize("case", CONSISTENCY.values(), ids=CONSISTENCY)
def test_public_consistency_vectors_agree(case: dict[str, Any]) -> None:
    arguments = (case["size1"], case["size2"], raw(case["root1"]), raw(case["root2"]), proof_of(case))
    assert is_refused(merkle.verify_consistency, *arguments) is case["wantErr"]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert merkle.root(0, merkle.reader_of([])).hex().startswith("e3b0c44298fc1c14")


def root_by_definition(leaves: list[bytes]) -> bytes:
    """MTH as RFC 6962 section 2.1 writes it, without any of our reading."""
    if len(leaves) == 1:
        return leaves[0]
    middle = 1
    while middle * 2 < len(leaves):
        middle *= 2
    return merkle.node_hash(root_by_definition(leaves[:middle]), root_by_definition(leaves[middle:]))


def tree(size: int) -> list[bytes]:
    return [merkle.leaf_hash(bytes([number & 255, number >> 8])) for number in range(size)]


@given(st.integers(1, 600), st.data())
def test_every_true_proof_holds_and_every_changed_one_fails(size: int, draw: st.DataObject) -> None:
    leaves = tree(size)
    index = draw.draw(st.integers(0, size - 1))
    root = root_by_definition(leaves)
    proof = merkle.inclusion_proof(index, size, merkle.reader_of(leaves))
    merkle.verify_inclusion(leaves[index], index, size, proof, root)

    changed = list(proof)
    where = draw.draw(st.integers(0, len(changed)))
    if where == len(changed):
        changed.append(b"\0" * 32)
    else:
        changed[where] = bytes([changed[where][0] ^ 1]) + changed[where][1:]
    assert is_refused(merkle.verify_inclusion, leaves[index], index, size, changed, root)
    assert is_refused(merkle.verify_inclusion, merkle.leaf_hash(b"other"), index, size, proof, root)


@given(st.integers(1, 600), st.data())
def test_a_tree_is_consistent_with_its_own_past_and_with_no_other(size: int, draw: st.DataObject) -> None:
    leaves = tree(size)
    old = draw.draw(st.integers(1, size))
    old_root, new_root = root_by_definition(leaves[:old]), root_by_definition(leaves)
    proof = merkle.consistency_proof(old, size, merkle.reader_of(leaves))
    merkle.verify_consistency(old, size, old_root, new_root, proof)

    other = leaves[:old]
    other[draw.draw(st.integers(0, old - 1))] = merkle.leaf_hash(b"backdated")
    assert is_refused(merkle.verify_consistency, old, size, root_by_definition(other), new_root, proof)
    assert is_refused(merkle.verify_consistency, old, size, old_root, new_root, [*proof, b"\0" * 32])
    if proof:
        assert is_refused(merkle.verify_consistency, old, size, old_root, new_root, proof[:-1])
