"""The sample authority speaks RFC 3161 well enough for a strict reader."""

import hashlib
from pathlib import Path

import pytest
from cryptography import x509
from rfc3161_client import TimestampRequestBuilder, VerificationError, VerifierBuilder, decode_timestamp_response

from tocsin.clock import SystemClock
from tocsin.demo.authority import Authority

MESSAGE = b"the text of a checkpoint\n"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(SystemClock(), tmp_path)


def verify(certificate: x509.Certificate, answer: bytes, message: bytes) -> None:
    verifier = VerifierBuilder().add_root_certificate(certificate).build()
    verifier.verify(decode_timestamp_response(answer), hashlib.sha512(message).digest())


def ask(authority: Authority, message: bytes = MESSAGE) -> bytes:
    return authority.answer(TimestampRequestBuilder().data(message).build().as_bytes())


def test_its_token_verifies_under_its_certificate(authority: Authority) -> None:
    verify(authority.certificate, ask(authority), MESSAGE)


def test_its_token_is_for_one_message(authority: Authority) -> None:
    with pytest.raises(VerificationError):
        verify(authority.certificate, ask(authority), b"another text")


def test_its_token_does_not_verify_under_another_certificate(authority: Authority, tmp_path: Path) -> None:
    with pytest.raises(VerificationError):
        verify(Authority(SystemClock(), tmp_path / "other").certificate, ask(authority), MESSAGE)


def test_it_is_the_same_authority_after_a_restart(authority: Authority, tmp_path: Path) -> None:
    verify(Authority(SystemClock(), tmp_path).certificate, ask(authority), MESSAGE)


def test_the_nonce_comes_back(authority: Authority) -> None:
    request = TimestampRequestBuilder().data(MESSAGE).build()
    answer = decode_timestamp_response(authority.answer(request.as_bytes()))
    assert answer.tst_info.nonce == request.nonce


@pytest.mark.parametrize("body", [b"", b"\x30\x00", b"no request at all"])
def test_what_is_no_request_is_refused(authority: Authority, body: bytes) -> None:
    with pytest.raises(ValueError):
        authority.answer(body)
