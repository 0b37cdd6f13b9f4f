"""A timestamp authority that is told the time: RFC 3161 tokens from `cryptography` alone, a root and a leaf under it."""

import datetime as dt
import hashlib
from copy import copy
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SEQUENCE, SET, INTEGER, OCTETS, OBJECT, TIME, TAGGED_0 = 0x30, 0x31, 0x02, 0x04, 0x06, 0x18, 0xA0
SIGNED, TST = bytes.fromhex("2a864886f70d010702"), bytes.fromhex("2a864886f70d0109100104")
CONTENT_TYPE, MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010903"), bytes.fromhex("2a864886f70d010904")
SIGNING_CERTIFICATE = bytes.fromhex("2a864886f70d010910022f")
SHA256, ECDSA_SHA256 = bytes.fromhex("608648016503040201"), bytes.fromhex("2a8648ce3d040302")
POLICY = bytes.fromhex("2b060104018db31f01")


class Authority:
    """Answers with tokens over any imprint. `root` is what a reader has to trust."""

    def __init__(self, name: str = "Trial timestamps") -> None:
        self._root_key = ec.generate_private_key(ec.SECP256R1())
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.root = certificate(f"{name} root", f"{name} root", self._root_key, self._root_key, is_root=True)
        self.leaf = certificate(name, f"{name} root", self._key, self._root_key, is_root=False)

    def under_another_leaf(self, **differs: Any) -> "Authority":
        """The same root and key with a certificate that `differs`: for another use, or of another time."""
        other = copy(self)
        other.leaf = certificate(
            "Another leaf", self.root.subject.rfc4514_string()[3:], self._key, self._root_key, is_root=False, **differs
        )
        return other

    def answer(self, imprint: bytes, unix_seconds: int) -> bytes:
        """A granted TimeStampResp over a SHA-256 imprint (RFC 3161 section 2.4.2)."""
        when = dt.datetime.fromtimestamp(unix_seconds, dt.UTC).strftime("%Y%m%d%H%M%SZ")
        digest = der(SEQUENCE, der(SEQUENCE, der(OBJECT, SHA256)), der(OCTETS, imprint))
        number = b"\1" + imprint[:15]
        statement = der(
            SEQUENCE, der(INTEGER, b"\1"), der(OBJECT, POLICY), digest, der(INTEGER, number), der(TIME, when.encode())
        )
        return der(SEQUENCE, der(SEQUENCE, der(INTEGER, b"\0")), self._signed(statement))

    def _signed(self, statement: bytes) -> bytes:
        raw = self.leaf.public_bytes(Encoding.DER)
        named = der(SEQUENCE, der(SEQUENCE, der(SEQUENCE, der(OCTETS, hashlib.sha256(raw).digest()))))
        attributes = b"".join(
            sorted(
                [
                    attribute(CONTENT_TYPE, der(OBJECT, TST)),
                    attribute(MESSAGE_DIGEST, der(OCTETS, hashlib.sha256(statement).digest())),
                    attribute(SIGNING_CERTIFICATE, named),
                ]
            )
        )
        signature = self._key.sign(der(SET, attributes), ec.ECDSA(hashes.SHA256()))
        serial = der(INTEGER, self.leaf.serial_number.to_bytes(20, "big"))
        signer = der(
            SEQUENCE,
            der(INTEGER, b"\1"),
            der(SEQUENCE, self.leaf.issuer.public_bytes(), serial),
            der(SEQUENCE, der(OBJECT, SHA256)),
            der(TAGGED_0, attributes),
            der(SEQUENCE, der(OBJECT, ECDSA_SHA256)),
            der(OCTETS, signature),
        )
        content = der(SEQUENCE, der(OBJECT, TST), der(TAGGED_0, der(OCTETS, statement)))
        digests = der(SET, der(SEQUENCE, der(OBJECT, SHA256)))
        body = der(SEQUENCE, der(INTEGER, b"\3"), digests, content, der(TAGGED_0, raw), der(SET, signer))
        return der(SEQUENCE, der(OBJECT, SIGNED), der(TAGGED_0, body))


def certificate(
    name: str,
    issuer: str,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    is_root: bool,
    until: int = 2040,
    use: x509.ObjectIdentifier = ExtendedKeyUsageOID.TIME_STAMPING,
) -> x509.Certificate:
    """Valid from 2020. Serial numbers have 20 bytes with the first below 0x80 and above zero."""
    serial = int.from_bytes(b"\x40" + hashlib.sha256(name.encode()).digest()[:19], "big")
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(until, 1, 1, tzinfo=dt.UTC))
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
    )
    if not is_root:
        builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=True)
    return builder.sign(issuer_key, hashes.SHA256())


def attribute(kind: bytes, value: bytes) -> bytes:
    return der(SEQUENCE, der(OBJECT, kind), der(SET, value))


def der(tag: int, *parts: bytes) -> bytes:
    """One DER element (X.690 section 8.1)."""
    content = b"".join(parts)
    if len(content) < 128:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content
