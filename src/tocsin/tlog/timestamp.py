"""RFC 3161 timestamps on checkpoints: ask an authority over HTTP, and check what it answers.

What is kept is the whole TimeStampResp (DER), which `openssl ts -verify -in` reads. Its imprint is SHA-256 over the
checkpoint's note text.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
from cryptography import x509
from rfc3161_client import TimeStampResponse, VerificationError, VerifierBuilder, decode_timestamp_response

from tocsin.clock import Clock
from tocsin.errors import TocsinError
from tocsin.tlog.post import post

SECONDS = 10.0
IMPRINT_BYTES = 32
NONCE_BYTES = 8
MOST_RESPONSE_BYTES = 64 * 1024
SHA256_OID = "2.16.840.1.101.3.4.2.1"
SHA256_ALGORITHM = bytes.fromhex("300d06096086480165030402010500")


class TimestampRefused(TocsinError):
    """The authority did not answer, refused, or answered for something else."""

    code = "timestamp_refused"
    status = 502
    message = "The timestamp authority gave no timestamp. It is asked again with the next beat."


class TimestampWrong(TocsinError):
    """The timestamp is not one for these bytes under a trusted root."""

    code = "timestamp_wrong"
    status = 422
    message = "This timestamp does not hold for these bytes under the roots that are trusted here."


@dataclass(frozen=True)
class Authority:
    """A timestamp authority. Without `roots` its tokens are kept unchecked, and said to be so."""

    name: str
    url: str
    roots: tuple[x509.Certificate, ...] = ()


def read_roots(path: Path) -> tuple[x509.Certificate, ...]:
    """The certificates of a PEM file. Raises `ValueError` for what holds none."""
    return tuple(x509.load_pem_x509_certificates(path.read_bytes()))


def request_der(imprint: bytes, nonce: int) -> bytes:
    """A TimeStampReq (RFC 3161 section 2.4.1) for a SHA-256 imprint that asks for the certificate too."""
    if len(imprint) != IMPRINT_BYTES:
        raise ValueError("an imprint is 32 bytes")
    # A positive integer in its shortest form: no leading zero byte but the one that keeps the sign.
    raw = nonce.to_bytes(nonce.bit_length() // 8 + 1, "big")
    return _der(0x30, _der(2, b"\1"), _der(0x30, SHA256_ALGORITHM, _der(4, imprint)), _der(2, raw), _der(1, b"\xff"))


async def fetch(client: httpx.AsyncClient, authority: Authority, imprint: bytes, clock: Clock) -> bytes:
    """The authority's TimeStampResp (DER) for `imprint`, checked against our nonce and, where there are roots, them.

    Raises `TimestampRefused` or `TimestampWrong`.
    """
    nonce = int.from_bytes(clock.random_bytes(NONCE_BYTES), "big")
    headers = {"content-type": "application/timestamp-query"}
    try:
        async with asyncio.timeout(SECONDS):
            answer = await post(client, authority.url, request_der(imprint, nonce), MOST_RESPONSE_BYTES, headers)
    except (httpx.HTTPError, TimeoutError) as error:
        raise TimestampRefused from error
    if answer.status != httpx.codes.OK:
        raise TimestampRefused
    stamped = _decode(answer.body).tst_info
    if stamped.nonce != nonce or stamped.message_imprint.message != imprint:
        raise TimestampWrong
    if authority.roots:
        check(answer.body, imprint, authority.roots)
    return answer.body


def check(response: bytes, imprint: bytes, roots: Sequence[x509.Certificate]) -> datetime:
    """When (UTC) an authority under one of `roots` saw `imprint`. Raises `TimestampWrong`."""
    decoded = _decode(response)
    if decoded.tst_info.message_imprint.hash_algorithm.dotted_string != SHA256_OID or not roots:
        raise TimestampWrong
    builder = VerifierBuilder(roots=list(roots))
    try:
        builder.build().verify(decoded, imprint)
    except (VerificationError, ValueError) as error:
        raise TimestampWrong from error
    return decoded.tst_info.gen_time


def _decode(response: bytes) -> TimeStampResponse:
    """A granted response. Raises `TimestampWrong`, or `TimestampRefused` for one that grants nothing."""
    try:
        decoded = decode_timestamp_response(response)
        if decoded.status != 0:
            raise TimestampRefused
        _ = decoded.tst_info
    except ValueError as error:
        raise TimestampWrong from error
    return decoded


def _der(tag: int, *parts: bytes) -> bytes:
    """One short DER element."""
    content = b"".join(parts)
    assert len(content) < 128
    return bytes([tag, len(content)]) + content
