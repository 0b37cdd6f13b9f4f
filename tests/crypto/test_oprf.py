"""The oblivious function gives the numbers of RFC 9497, and both implementations are the same function."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from voprf import ristretto

from tocsin.crypto import oprf

VECTORS = Path(__file__).parents[2] / "vectors"
SEEDS = st.binary(min_size=32, max_size=32)
WIDE = st.binary(min_size=64, max_size=64).filter(any)


def suite() -> Any:
    cases = json.loads((VECTORS / "oprf/rfc9497_ristretto255.json").read_text())
    return next(case for case in cases if case["mode"] == 1)


def parts(text: str) -> list[bytes]:
    return [bytes.fromhex(part) for part in text.split(",")]


def test_keys_blinds_evaluations_proofs_and_outputs_are_those_of_rfc_9497() -> None:
    told = suite()
    key = oprf.derive_key_pair(bytes.fromhex(told["seed"]), bytes.fromhex(told["keyInfo"]))
    assert (key.secret.hex(), key.public.hex()) == (told["skSm"], told["pkSm"])
    for case in told["vectors"]:
        inputs, scalars = parts(case["Input"]), parts(case["Blind"])
        blinded = [oprf.blind(one, scalar) for one, scalar in zip(inputs, scalars, strict=True)]
        made = oprf.evaluate(key, blinded, bytes.fromhex(case["Proof"]["r"]))
        assert blinded == parts(case["BlindedElement"])
        assert list(made.elements) == parts(case["EvaluationElement"])
        assert made.dleq.hex() == case["Proof"]["proof"]
        outputs = oprf.finalize(inputs, scalars, blinded, made, key.public)
        assert outputs == parts(case["Output"]) == [oprf.evaluate_known(key.secret, one) for one in inputs]


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.binary(max_size=40), st.lists(st.tuples(st.binary(max_size=80), WIDE), min_size=1, max_size=5))
def test_the_second_implementation_agrees_with_the_library(
    seed: bytes, info: bytes, asked: list[tuple[bytes, bytes]]
) -> None:
    key, library = oprf.derive_key_pair(seed, info), ristretto.Evaluator.from_seed(seed, info)
    assert library.public_key.serialize() == key.public
    inputs, scalars = [one for one, _ in asked], [oprf.random_scalar(wide) for _, wide in asked]
    blinded = [oprf.blind(one, scalar) for one, scalar in zip(inputs, scalars, strict=True)]
    raw = library.evaluate_batch([ristretto.BlindedInput.deserialize(one) for one in blinded]).serialize()
    count = 32 * len(asked)
    by_library = oprf.Evaluated(tuple(raw[at : at + 32] for at in range(len(raw) - count, len(raw), 32)), raw[:64])
    ours = oprf.evaluate(key, blinded, oprf.random_scalar(b"\x07" * 64))
    assert by_library.elements == ours.elements
    expected = [library.evaluate_known_input(one) for one in inputs]
    for made in (by_library, ours):
        assert oprf.finalize(inputs, scalars, blinded, made, key.public) == expected
        with pytest.raises(oprf.ProofWrong):
            oprf.finalize(inputs, scalars, blinded, made, oprf.derive_key_pair(seed, info + b"!").public)


@given(st.integers(0, 64 * 8 - 1))
@settings(max_examples=30, deadline=None)
def test_a_changed_proof_and_a_changed_element_are_refused(bit: int) -> None:
    key = oprf.derive_key_pair(bytes(32), b"")
    inputs, scalars = [b"a", b"b"], [oprf.random_scalar(bytes([n]) * 64) for n in (1, 2)]
    blinded = [oprf.blind(one, scalar) for one, scalar in zip(inputs, scalars, strict=True)]
    made = oprf.evaluate(key, blinded, oprf.random_scalar(b"\x05" * 64))
    changed = bytearray(made.dleq)
    changed[bit // 8] ^= 1 << bit % 8
    swapped = oprf.Evaluated(made.elements[::-1], made.dleq)
    for wrong in (made._replace(dleq=bytes(changed)), swapped, made._replace(elements=made.elements[:1])):
        with pytest.raises(oprf.ProofWrong):
            oprf.finalize(inputs, scalars, blinded, wrong, key.public)


@pytest.mark.parametrize("element", [bytes(32), b"\xff" * 32, b"\x01" + bytes(31), b"short"])
def test_what_is_no_element_is_refused(element: bytes) -> None:
    with pytest.raises(oprf.ElementMalformed):
        oprf.evaluate(oprf.derive_key_pair(bytes(32), b""), [element], oprf.random_scalar(b"\x05" * 64))
