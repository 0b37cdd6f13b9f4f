"""HTTP signatures as the Fediverse makes and checks them (draft-cavage-http-signatures-12, rsa-sha256, with a Digest header).

Pure: headers in, headers or a verdict out. What is signed is always `(request-target) host date`, and `digest` where there is a body.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

WINDOW_S = 3_600
"""How far another server's clock may be from ours; what is older is a copy."""
LEAST_BITS, MOST_BITS = 2_048, 4_096
_PARAMETER = re.compile(r'([a-zA-Z]+)="([^"]*)"')
_NEEDED = frozenset({"(request-target)", "host", "date"})


class SignatureWrong(ValueError):
    """Nobody we can name signed this request."""


def signed(
    key: rsa.RSAPrivateKey, key_id: str, method: str, host: str, path: str, now_s: int, body: bytes | None = None
) -> dict[str, str]:
    """The headers of a signed request, `Host` included."""
    headers = {"Host": host, "Date": format_datetime(datetime.fromtimestamp(now_s, UTC), usegmt=True)}
    names = ["(request-target)", "host", "date"]
    if body is not None:
        headers["Digest"] = _digest(body)
        names.append("digest")
    lowered = {name.lower(): value for name, value in headers.items()}
    signature = key.sign(_text(names, method, path, lowered), padding.PKCS1v15(), hashes.SHA256())
    told = f'keyId="{key_id}",algorithm="rsa-sha256",headers="{" ".join(names)}",signature="{b64encode(signature).decode()}"'
    return {**headers, "Signature": told}


def key_id_of(headers: Mapping[str, str]) -> str:
    """Whose key a request says it is signed with. Raises `SignatureWrong`."""
    return _parameters(headers)["keyId"]


def verify(
    pem: str, method: str, path: str, headers: Mapping[str, str], body: bytes | None, host: str, now_s: int
) -> None:
    """Raises `SignatureWrong` unless the holder of `pem` signed this request, with this body, for this host, within the hour.

    `headers`: names in small letters.
    """
    told = _parameters(headers)
    names = told.get("headers", "date").lower().split()
    needed = _NEEDED | ({"digest"} if body is not None else set())
    if not needed <= set(names) or len(set(names)) != len(names) or headers.get("host") != host:
        raise SignatureWrong("too little is signed")
    if body is not None and not _is_digest(headers.get("digest", ""), body):
        raise SignatureWrong("another body")
    if abs(_sent_s(headers.get("date", "")) - now_s) > WINDOW_S:
        raise SignatureWrong("another hour")
    try:
        signature = b64decode(told["signature"], validate=True)
        _public(pem).verify(signature, _text(names, method, path, headers), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError) as error:
        raise SignatureWrong("another key") from error


def _public(pem: str) -> rsa.RSAPublicKey:
    found = load_pem_public_key(pem.encode())
    if not isinstance(found, rsa.RSAPublicKey) or not LEAST_BITS <= found.key_size <= MOST_BITS:
        raise SignatureWrong("no key that is used")
    return found


def _parameters(headers: Mapping[str, str]) -> dict[str, str]:
    found = dict(_PARAMETER.findall(headers.get("signature", "")))
    if not {"keyId", "signature"} <= set(found) or found.get("algorithm", "rsa-sha256") not in ("rsa-sha256", "hs2019"):
        raise SignatureWrong("not signed")
    return found


def _text(names: list[str], method: str, path: str, headers: Mapping[str, str]) -> bytes:
    target = f"{method.lower()} {path}"
    try:
        lines = [f"{name}: {target if name == '(request-target)' else headers[name]}" for name in names]
    except KeyError as error:
        raise SignatureWrong("a header is missing") from error
    return "\n".join(lines).encode()


def _digest(body: bytes) -> str:
    return f"SHA-256={b64encode(sha256(body).digest()).decode()}"


def _is_digest(told: str, body: bytes) -> bool:
    name, _, value = told.partition("=")
    return name.lower() == "sha-256" and value == _digest(body).partition("=")[2]


def _sent_s(date: str) -> int:
    try:
        return int(parsedate_to_datetime(date).timestamp())
    except ValueError as error:
        raise SignatureWrong("no date") from error
