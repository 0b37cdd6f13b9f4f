"""A timestamp authority for trying things out: RFC 3161 over HTTP, with a certificate it made itself.

It proves nothing to anybody, because who runs the node runs it too. The demo starts one so that the path of a timestamp can be seen; a
real node lists authorities that others run (docs/run/serve.md). `python -m tocsin.demo.authority FOLDER PORT` serves on loopback and
keeps its certificate in FOLDER/authority.pem.
"""

import datetime
import hashlib
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from tocsin.clock import Clock, SystemClock
from tocsin.demo import certificates

NAME = "Tocsin sample timestamps: for trials only"
MOST_BYTES = 4096

SEQUENCE, SET, INTEGER, OCTETS, GENERALIZED_TIME, TAGGED_0 = 0x30, 0x31, 0x02, 0x04, 0x18, 0xA0

SIGNED_CONTENT = x509.ObjectIdentifier("1.2.840.113549.1.7.2")
TIMESTAMP = x509.ObjectIdentifier("1.2.840.113549.1.9.16.1.4")
CONTENT_TYPE = x509.ObjectIdentifier("1.2.840.113549.1.9.3")
MESSAGE_DIGEST = x509.ObjectIdentifier("1.2.840.113549.1.9.4")
SIGNING_CERTIFICATE = x509.ObjectIdentifier("1.2.840.113549.1.9.16.2.47")
SHA256 = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")
DIGEST_BYTES = {SHA256: 32, x509.ObjectIdentifier("2.16.840.1.101.3.4.2.3"): 64}
ECDSA_SHA256 = x509.ObjectIdentifier("1.2.840.10045.4.3.2")
POLICY = x509.ObjectIdentifier("1.3.6.1.4.1.99999.1")
"""A number nobody has registered: this authority has no policy."""


@asn1.sequence
class Algorithm:
    oid: x509.ObjectIdentifier
    parameters: asn1.Null | None


@asn1.sequence
class Imprint:
    algorithm: Algorithm
    digest: bytes


@asn1.sequence
class Request:
    """TimeStampReq of RFC 3161, 2.4.1, without extensions."""

    version: int
    imprint: Imprint
    policy: x509.ObjectIdentifier | None
    nonce: int | None
    wants_certificate: bool | None


class Authority:
    """Answers timestamp requests with the time of its clock."""

    def __init__(self, clock: Clock, folder: Path) -> None:
        """Key and certificate are those of the folder; an empty one gets new ones."""
        self._clock = clock
        self._key, self.certificate = certificates.kept(folder / "authority", lambda: _new(_when(clock)))

    def answer(self, body: bytes) -> bytes:
        """A granted TimeStampResp (DER). Raises `ValueError` for what is no request over SHA-256 or SHA-512."""
        request = asn1.decode_der(Request, body)
        if request.version != 1 or DIGEST_BYTES.get(request.imprint.algorithm.oid) != len(request.imprint.digest):
            raise ValueError("not a version 1 request over SHA-256 or SHA-512")
        signed = self._signed(self._statement(request))
        granted = der(SEQUENCE, asn1.encode_der(0))
        return der(SEQUENCE, granted, der(SEQUENCE, oid(SIGNED_CONTENT), der(TAGGED_0, signed)))

    def _statement(self, request: Request) -> bytes:
        """TSTInfo of RFC 3161, 2.4.2."""
        nonce = b"" if request.nonce is None else asn1.encode_der(request.nonce)
        return der(
            SEQUENCE,
            asn1.encode_der(1),
            oid(POLICY),
            asn1.encode_der(request.imprint),
            asn1.encode_der(int.from_bytes(self._clock.random_bytes(15), "big")),
            der(GENERALIZED_TIME, _when(self._clock).strftime("%Y%m%d%H%M%SZ").encode()),
            nonce,
        )

    def _signed(self, statement: bytes) -> bytes:
        """SignedData of RFC 5652 over the statement, with the attributes RFC 3161 and RFC 5816 ask for."""
        digest, certificate = (
            hashlib.sha256(statement).digest(),
            self.certificate.public_bytes(serialization.Encoding.DER),
        )
        fingerprint = der(OCTETS, hashlib.sha256(certificate).digest())
        attributes = sorted(
            [
                _attribute(CONTENT_TYPE, oid(TIMESTAMP)),
                _attribute(MESSAGE_DIGEST, der(OCTETS, digest)),
                _attribute(SIGNING_CERTIFICATE, der(SEQUENCE, der(SEQUENCE, der(SEQUENCE, fingerprint)))),
            ]
        )
        sha256 = der(SEQUENCE, oid(SHA256))
        signer = der(
            SEQUENCE,
            asn1.encode_der(1),
            der(SEQUENCE, self.certificate.issuer.public_bytes(), asn1.encode_der(self.certificate.serial_number)),
            sha256,
            der(TAGGED_0, *attributes),
            der(SEQUENCE, oid(ECDSA_SHA256)),
            der(OCTETS, self._key.sign(der(SET, *attributes), ec.ECDSA(hashes.SHA256()))),
        )
        content = der(SEQUENCE, oid(TIMESTAMP), der(TAGGED_0, der(OCTETS, statement)))
        return der(
            SEQUENCE, asn1.encode_der(3), der(SET, sha256), content, der(TAGGED_0, certificate), der(SET, signer)
        )


def der(tag: int, *parts: bytes) -> bytes:
    """One DER element (X.690, 8.1)."""
    content = b"".join(parts)
    if len(content) < 128:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def oid(number: x509.ObjectIdentifier) -> bytes:
    """An object identifier as DER."""
    return asn1.encode_der(number)


def _attribute(kind: x509.ObjectIdentifier, value: bytes) -> bytes:
    return der(SEQUENCE, oid(kind), der(SET, value))


def _when(clock: Clock) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(clock.now_ms() / 1000, datetime.UTC)


def _new(now: datetime.datetime) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    return key, certificates.self_signed(NAME, key, now, days=365).add_extension(purpose, critical=True).sign(
        key, hashes.SHA256()
    )


def answering(answer: Callable[[bytes], bytes]) -> type[BaseHTTPRequestHandler]:
    """A request class for the standard library's server that answers each POST and logs nothing."""

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            try:
                body = answer(self.rfile.read(min(int(self.headers.get("Content-Length", "0")), MOST_BYTES)))
            except ValueError:
                self.send_error(400)
                return
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Nothing is kept."""

    return Answering


def main(folder: Path, port: int) -> None:
    """Serve until stopped."""
    authority = Authority(SystemClock(), folder)
    with ThreadingHTTPServer(("127.0.0.1", port), answering(authority.answer)) as server:
        server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
