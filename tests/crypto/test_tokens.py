"""Tokens of type 0x0005 are those of the standard, between Python and the browser's code both ways."""

import json
import os
import random
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.crypto import agreement
from tocsin.crypto import oprf, tokens

VECTORS = Path(__file__).parents[2] / "vectors/tokens"
ISSUER = tokens.Issuer(b"s" * 32, b"helper|1")
DIGEST = sha256(tokens.challenge("city.example", "city.example")).digest()


def hexes(texts: list[str]) -> list[bytes]:
    return [bytes.fromhex(text) for text in texts]


def blinded_for(inputs: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    scalars = [oprf.random_scalar(os.urandom(64)) for _ in inputs]
    return scalars, [oprf.blind(one, scalar) for one, scalar in zip(inputs, scalars, strict=True)]


def inputs_of(count: int, key: bytes = ISSUER.key_id) -> list[bytes]:
    return [tokens.token_input(os.urandom(32), DIGEST, key) for _ in range(count)]


def test_batches_are_those_of_the_draft() -> None:
    for case in json.loads((VECTORS / "batched.json").read_text()):
        public = bytes.fromhex(case["pkS"])
        digest = sha256(bytes.fromhex(case["token_challenge"])).digest()
        inputs = [tokens.token_input(nonce, digest, tokens.key_id(public)) for nonce in hexes(case["nonces"])]
        scalars = hexes(case["blinds"])
        blinded = [oprf.blind(one, scalar) for one, scalar in zip(inputs, scalars, strict=True)]
        assert tokens.request(public, blinded).hex() == case["token_request"]
        assert tokens.read_request(bytes.fromhex(case["token_request"]))[1] == blinded
        made = oprf.Evaluated(*tokens.read_answer(bytes.fromhex(case["token_response"])))
        outputs = oprf.finalize(inputs, scalars, blinded, made, public)
        found = [tokens.read_token(given + output) for given, output in zip(inputs, outputs, strict=True)]
        assert [token.raw.hex() for token in found] == case["tokens"]
        secret = bytes.fromhex(case["skS"])
        assert all(oprf.evaluate_known(secret, token.given) == token.authenticator for token in found)


def test_single_tokens_are_those_of_the_standard() -> None:
    for case in json.loads((VECTORS / "issuance.json").read_text()):
        public, scalar = bytes.fromhex(case["pkS"]), bytes.fromhex(case["blind"])
        digest = sha256(bytes.fromhex(case["token_challenge"])).digest()
        given_ = tokens.token_input(bytes.fromhex(case["nonce"]), digest, tokens.key_id(public))
        blinded = oprf.blind(given_, scalar)
        assert tokens.single_request(public, blinded).hex() == case["token_request"]
        raw = bytes.fromhex(case["token_response"])
        made = oprf.Evaluated((raw[:32],), raw[32:])
        assert (given_ + oprf.finalize([given_], [scalar], [blinded], made, public)[0]).hex() == case["token"]


def test_a_challenge_is_spelled_as_in_the_standard() -> None:
    spelled = json.loads((VECTORS / "issuance.json").read_text())[1]["token_challenge"]
    assert tokens.challenge("issuer.example", "origin.example").hex() == spelled


@pytest.mark.parametrize("count", [1, 2, 100, tokens.BATCH_MOST])
def test_what_an_issuer_gave_it_knows_again_and_another_does_not(count: int) -> None:
    inputs = inputs_of(count)
    scalars, blinded = blinded_for(inputs)
    made = oprf.Evaluated(*tokens.read_answer(ISSUER.answer(tokens.request(ISSUER.public, blinded))))
    outputs = oprf.finalize(inputs, scalars, blinded, made, ISSUER.public)
    found = [tokens.read_token(one + output) for one, output in zip(inputs, outputs, strict=True)]
    assert all(ISSUER.is_genuine(token) for token in found)
    other = tokens.Issuer(b"s" * 32, b"helper|2")
    assert not any(other.is_genuine(token._replace(key_id=other.key_id)) for token in found)
    assert not ISSUER.is_genuine(found[0]._replace(nonce=bytes(32)))
    assert not ISSUER.is_genuine(found[0]._replace(authenticator=bytes(64)))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_whatever_is_asked_is_answered_or_refused_in_words(raw: bytes) -> None:
    for tried in (raw, b"\0\5" + ISSUER.key_id[-1:] + raw):
        with pytest.raises(tokens.TokenMalformed):
            ISSUER.answer(tried)
    with pytest.raises(tokens.TokenMalformed):
        tokens.read_token(raw)


def test_a_request_has_one_spelling_and_a_most() -> None:
    _, blinded = blinded_for(inputs_of(1))
    longer = b"\0\5" + ISSUER.key_id[-1:] + b"\x40\x20" + blinded[0]
    too_many = tokens.request(ISSUER.public, blinded * (tokens.BATCH_MOST + 1))
    foreign = tokens.request(tokens.Issuer(b"t" * 32, b"").public, blinded)
    for wrong in (longer, too_many, foreign, tokens.request(ISSUER.public, [])):
        with pytest.raises(tokens.TokenMalformed):
            ISSUER.answer(wrong)


@pytest.fixture(scope="module")
def browser() -> Iterator[agreement.Ask]:
    with agreement.browser() as ask:
        yield ask


@pytest.mark.parametrize("count", [1, 2, 30])
def test_a_browser_gets_tokens_of_python(browser: Any, count: int) -> None:
    request = browser("ask", key=ISSUER.public.hex(), digest=DIGEST.hex(), count=count)
    answer = ISSUER.answer(bytes.fromhex(request))
    found = [tokens.read_token(raw) for raw in hexes(browser("finish", answer=answer.hex()))]
    assert len({token.nonce for token in found}) == count
    assert all(ISSUER.is_genuine(token) and token.challenge_digest == DIGEST for token in found)
    changed = bytes([*answer[:-1], answer[-1] ^ 1])
    assert browser("finish", answer=changed.hex()) == "proof"
    assert browser("finish", answer=answer[:-1].hex()) == "length"
    other = tokens.Issuer(b"u" * 32, b"")
    mixed = tokens.request(other.public, tokens.read_request(bytes.fromhex(request))[1])
    assert browser("finish", answer=other.answer(mixed).hex()) == "proof"


def test_python_gets_tokens_of_the_browser_s_library(browser: Any) -> None:
    secret, public = hexes(browser("derive", seed=(b"s" * 32).hex(), info=b"helper|1".hex()))
    assert public == ISSUER.public
    inputs = inputs_of(20)
    scalars, blinded = blinded_for(inputs)
    told = browser("evaluate", secret=secret.hex(), key=public.hex(), blinded=[one.hex() for one in blinded])
    made = oprf.Evaluated(tuple(hexes(told["elements"])), bytes.fromhex(told["proof"]))
    outputs = oprf.finalize(inputs, scalars, blinded, made, public)
    assert all(ISSUER.is_genuine(tokens.read_token(one + output)) for one, output in zip(inputs, outputs, strict=True))


def test_library_second_implementation_and_browser_agree(browser: Any) -> None:
    """Ten thousand random inputs: `python -m tests.crypto.agreement`."""
    assert not agreement.differing(browser, 120, random.Random(7))
