"""Check a Tocsin evidence package, offline: `python verify.py PACKAGE.zip [--trust TRUST.json] [--signer KEY] [--json]`.

One file, written from docs/spec/package.md and from nothing else: it needs Python 3.11 and `cryptography`, imports nothing
of Tocsin and may be copied next to a package. It believes no byte of the package before it has checked it, reads each
byte once, and holds a few MiB of a recording of hours (a JSON member, whole, at most 64). Exit: 0 all PASS with outside
keys, 1 a FAIL, 2 not a package or wrong usage, 3 MISSING or NOT PROVEN.
"""

import argparse
import base64
import bisect
import datetime as dt
import hashlib
import hmac
import json
import os
import queue
import re
import struct
import sys
import threading
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding

Json = dict[str, Any]
RANKS = ("PASS", "NOT PROVEN", "MISSING", "FAIL")
STEPS = (
    "zip",
    "manifest",
    "signature",
    "chunks",
    "leaves",
    "checkpoints",
    "consistency",
    "custody",
    "timestamps",
    "derivatives",
)
NOT_SHOWN = (
    "That the scene is genuine, or that the people and things in it are what they seem.",
    "That the phone's own clock was right, or where the phone was: place was not collected.",
    "Who filmed. The key that signed each second was made for this recording alone.",
    "What happened before the first second, after the last, and in the gaps that are listed.",
)
BLOCK = 1 << 20
MOST_WHOLE = 64 << 20  # no member that is read whole may be longer
SKEW = 60  # seconds that two clocks may differ
WITHHELD_BYTES = 137  # a frame of a second that is withheld: place, links, signature
MOST_AFTER = 16  # chunks that may be withheld behind the end of a talk
CLOCK_WRONG = 900  # seconds beyond which it is no longer a clock that runs wrong
WITNESSED_SOON = 900  # seconds from a beat to its cosignatures
FORMAT = "tocsin.package/v1"
OWN_KEYS = " - but under keys that came with the package, which anybody could have made."


class Wrong(Exception):
    """A FAIL: what is there is not what the specification says."""

    def __init__(self, code: str, where: str = "") -> None:
        super().__init__(code)
        self.code, self.where = code, where


class Unreadable(Exception):
    """Not a package at all, or a wrong TRUST file: exit 2."""


MALFORMED = (ValueError, KeyError, TypeError, IndexError, OverflowError, RecursionError, AttributeError, struct.error)
"""What reading something of the wrong shape raises."""


@dataclass
class Step:
    """One line of the report."""

    number: int
    name: str
    status: str = "PASS"
    codes: list[str] = field(default_factory=list)
    where: list[str] = field(default_factory=list)

    def found(self, status: str, code: str, where: str = "") -> None:
        """Note a finding; the most serious stands first."""
        if RANKS.index(status) > RANKS.index(self.status):
            self.status = status
            self.codes.insert(0, code)
            self.where.insert(0, shown(where))
        elif code not in self.codes:
            self.codes.append(code)
            self.where.append(shown(where))


def shown(text: object) -> str:
    """Text of the package made fit for a terminal: printable ASCII, at most 120 characters."""
    return "".join(c if " " <= c <= "~" and c != "\\" else ascii(c)[1:-1] for c in str(text)[:120])[:120]


def moment(unix_seconds: int) -> str:
    try:
        return dt.datetime.fromtimestamp(unix_seconds, dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (*MALFORMED, OSError):
        return str(unix_seconds)


# --- bytes, JSON, hashes -------------------------------------------------------------------------------------------------


def sha256(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()


def b64(text: object, length: int | None = None) -> bytes:
    """Bytes of canonical standard base64."""
    raw = base64.b64decode(str(text), validate=True)
    if base64.b64encode(raw).decode() != text or length not in {None, len(raw)}:
        raise Wrong("malformed", str(text))
    return raw


def unhex(text: str) -> bytes:
    """Bytes of hex without white space, which `fromhex` would let pass."""
    if not re.fullmatch("(?:[0-9a-fA-F]{2})*", text):
        raise Wrong("malformed")
    return bytes.fromhex(text)


def b64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def canonical_bytes(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def canonical(raw: bytes, where: str = "") -> Any:
    """The value of canonical JSON: no duplicate key, float, white space or integer beyond 2**53."""

    def pairs(found: list[tuple[str, Any]]) -> Json:
        if len(dict(found)) != len(found):
            raise Wrong("not_canonical", where)
        return dict(found)

    def integer(text: str) -> int:
        if len(text) > 17 or abs(int(text)) > 1 << 53:
            raise Wrong("not_canonical", where)
        return int(text)

    def fraction(_: str) -> None:
        raise Wrong("not_canonical", where)

    def constant(_: str) -> None:
        raise Wrong("malformed", where)

    try:
        value = json.loads(
            raw.decode(), object_pairs_hook=pairs, parse_int=integer, parse_float=fraction, parse_constant=constant
        )
        spelled = canonical_bytes(value)
    except (ValueError, RecursionError) as error:
        raise Wrong("malformed", where) from error
    if spelled != raw:
        raise Wrong("not_canonical", where)
    return value


def need(value: Any, ints: str = "", texts: str = "", lists: str = "", flags: str = "") -> Any:
    """`value`, an object whose named fields have exactly these types, integers from 0. Raises `Wrong`."""
    kinds = ((ints, int), (texts, str), (lists, list), (flags, bool))
    if type(value) is not dict or any(
        type(value.get(one)) is not kind for names, kind in kinds for one in names.split()
    ):
        raise Wrong("malformed")
    if any(value[name] < 0 for name in ints.split()):
        raise Wrong("malformed")
    return value


def hkdf(key: bytes, salt: bytes, about: bytes, length: int) -> bytes:
    """HKDF-SHA256, RFC 5869."""
    prk = hmac.digest(salt or bytes(32), key, "sha256")
    out, last = b"", b""
    while len(out) < length:
        last = hmac.digest(prk, last + about + bytes([len(out) // 32 + 1]), "sha256")
        out += last
    return out[:length]


def ed25519(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def mldsa44(public: bytes, signature: bytes, message: bytes) -> bool | None:
    """`None` where the installed `cryptography` is too old to know."""
    try:
        from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
    except ImportError:
        return None
    try:
        MLDSA44PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


# --- 1 zip ---------------------------------------------------------------------------------------------------------------

NAME = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9._-]*/)*[A-Za-z0-9][A-Za-z0-9._-]*")
WANTED = frozenset(
    """README.txt README.es.txt README.fr.txt VERIFY.txt capture.json chunks.csv custody.jsonl events.csv keys.json
    log/consistency.json log/custodian.json log/keys.json log/leaves.json made.json manifest.json original/chunks.bin
    original/header.bin retention.txt system/description.txt system/versions.json""".split()  # noqa: SIM905 - a list as one reads it
)
ORIGINAL = re.compile(r"original/(?:media|import)-[0-9]{3,}\.(?:webm|mp4|ogg|mov|bin)")
OTHERS = re.compile(
    ORIGINAL.pattern
    + r"|manifest\.sig|certificates/[a-z0-9-]+\.txt|derivatives/[^/]+|log/checkpoints/[0-9]+\.txt"
    + r"|log/announced\.json|log/receipts\.txt|log/timestamps/(?:NONE\.txt|[0-9]+-[A-Za-z0-9.-]+\.tsr)"
    + r"|system/(?:operation\.json|sbom\.json|validation\.json|verify\.py\.txt)"
)
LARGE = 0xFFFFFFFF
CENTRAL = struct.Struct("<4s6H3L5H2L")
ARCHIVED = 0o100644 << 16
LOCATOR, END64, END = struct.Struct("<4sLQL"), struct.Struct("<4sQ2H2L4Q"), struct.Struct("<4s4H2LH")


class Member(NamedTuple):
    name: str
    crc: int
    size: int
    at: int  # of the local header

    @property
    def local(self) -> bytes:
        """The only local header this member may have."""
        extra = struct.pack("<HHQQ", 1, 16, self.size, self.size) if self.size >= LARGE else b""
        short, version, name = min(self.size, LARGE), 45 if extra else 20, self.name.encode("latin-1")
        head = (b"PK\3\4", version, 0, 0, 0, 33, self.crc, short, short, len(name), len(extra))
        return struct.pack("<4s5H3L2H", *head) + name + extra

    @property
    def central(self) -> bytes:
        """The only directory record this member may have."""
        wide = [self.size] * 2 * (self.size >= LARGE) + [self.at] * (self.at >= LARGE)
        extra = struct.pack(f"<HH{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
        short, version, name = min(self.size, LARGE), 45 if extra else 20, self.name.encode("latin-1")
        sizes = (self.crc, short, short, len(name), len(extra), 0, 0, 0)
        made = 3 << 8 | version
        head = (b"PK\1\2", made, version, 0, 0, 0, 33, *sizes, ARCHIVED, min(self.at, LARGE))
        return CENTRAL.pack(*head) + name + extra


def end_records(count: int, size: int, at: int) -> bytes:
    """The only end this directory may have."""
    wide = b""
    if size >= LARGE or at >= LARGE:
        wide = END64.pack(b"PK\6\6", 44, 3 << 8 | 45, 45, 0, 0, count, count, size, at) + LOCATOR.pack(
            b"PK\6\7", 0, at + size, 1
        )
    return wide + END.pack(b"PK\5\6", 0, 0, count, count, min(size, LARGE), min(at, LARGE), 0)


def read_members(file: int) -> list[Member]:
    """Every member, if the file is exactly what its own directory makes of it, byte by byte. Raises `Wrong("layout")`."""
    length = os.fstat(file).st_size
    start = os.pread(file, 40, 0)
    if start[:4] != b"PK\3\4":
        raise Unreadable("this is no zip file")
    if start[30:] == b"header.bin":
        raise Unreadable("this is a sealed export: make a package of it first")
    tail = os.pread(file, END.size, max(length - END.size, 0))
    if len(tail) != END.size or tail[:4] != b"PK\5\6":
        raise Wrong("layout", "no end record at the end of the file")
    *_, count, size, at, _ = END.unpack(tail)
    if LARGE in {size, at}:
        wide = os.pread(file, END64.size, max(length - END.size - LOCATOR.size - END64.size, 0))
        *_, size, at = END64.unpack(wide)
    end = end_records(count, size, at)
    if size > MOST_WHOLE or at + size + len(end) != length or os.pread(file, len(end), at + size) != end:
        raise Wrong("layout", "end of the directory")
    members = list(split_directory(os.pread(file, size, at), count))
    if len(members) != count or (members[-1].at + len(members[-1].local) + members[-1].size if members else 0) != at:
        raise Wrong("layout", "members and directory do not meet")
    for member in members:
        if os.pread(file, len(member.local), member.at) != member.local:
            raise Wrong("layout", member.name)
    return members


def split_directory(raw: bytes, most: int) -> Iterator[Member]:
    at = place = found = 0
    while at < len(raw):
        found += 1
        if found > most:
            raise Wrong("layout", "more members than the directory counts")
        (_, _, _, _, _, _, _, crc, _, size, name_length, extra_length, *_) = CENTRAL.unpack_from(raw, at)
        name_at = at + CENTRAL.size
        name = raw[name_at : name_at + name_length].decode("latin-1")
        if size == LARGE:
            (size,) = struct.unpack_from("<Q", raw, name_at + name_length + 4)
        member = Member(name, crc, size, place)
        end = name_at + name_length + extra_length
        if raw[at:end] != member.central:
            raise Wrong("layout", name)
        yield member
        at, place = end, place + len(member.local) + size


def check_names(names: Sequence[str]) -> None:
    if "manifest.json" not in names:
        raise Unreadable("there is no manifest.json in this zip: it is no evidence package")
    for name in names:
        if len(name) > 120 or not NAME.fullmatch(name):
            raise Wrong("member_name", name)
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            raise Wrong("member_twice", name)
        seen.add(name.lower())
    for name in names:
        if name not in WANTED and not OTHERS.fullmatch(name):
            raise Wrong("member_unknown", name)
    if absent := sorted(WANTED - set(names)):
        raise Wrong("member_absent", absent[0])
    if list(names) != ["README.txt", *sorted(set(names) - {"README.txt"})]:
        raise Wrong("order")


class Stream:
    """One member, read once from its first byte to its last, and hashed on the way (long ones by a thread of their own)."""

    def __init__(self, file: int, member: Member) -> None:
        self.member, self._file, self._next = member, file, member.at + len(member.local)
        self.left = member.size
        self._block, self._offset = b"", 0
        self.crc, self._short, self._long = 0, hashlib.sha256(), hashlib.sha512()
        self._queue: queue.Queue[bytes] = queue.Queue(4)
        self._thread = threading.Thread(target=self._hash_queue, daemon=True) if member.size > BLOCK else None
        self._is_begun = False

    def read(self, count: int) -> bytes:
        """The next `count` bytes, fewer at the end."""
        count = min(count, self.left)
        parts, missing = [], count
        while missing:
            if self._offset == len(self._block):
                self._fill()
            part = self._block[self._offset : self._offset + missing]
            parts.append(part)
            self._offset += len(part)
            missing -= len(part)
        self.left -= count
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def line(self, most: int = BLOCK) -> bytes:
        """The next line without its LF. Raises `Wrong` for one that has none or is too long."""
        found = bytearray()
        while True:
            if self._offset == len(self._block):
                if not self.left:
                    raise Wrong("malformed", self.member.name)
                self._fill()
            end = self._block.find(b"\n", self._offset)
            part = self.read((end + 1 if end >= 0 else len(self._block)) - self._offset)
            found += part
            if end >= 0:
                return bytes(found[:-1])
            if len(found) > most:
                raise Wrong("malformed", self.member.name)

    def whole(self) -> bytes:
        if self.left > MOST_WHOLE:
            raise Wrong("malformed", self.member.name)
        return self.read(self.left)

    def finish(self) -> tuple[int, str, str]:
        """CRC-32, SHA-256 and SHA-512 of the whole member; reads what nobody asked for."""
        while self.left:
            self.read(BLOCK)
        if self._thread and self._is_begun:
            self._queue.put(b"")
            self._thread.join()
        return self.crc, self._short.hexdigest(), self._long.hexdigest()

    def _fill(self) -> None:
        end = self.member.at + len(self.member.local) + self.member.size
        self._block, self._offset = os.pread(self._file, min(BLOCK, end - self._next), self._next), 0
        if not self._block:
            raise Unreadable("the file ended while it was read")
        self._next += len(self._block)
        if not self._thread:
            self._hash(self._block)
            return
        if not self._is_begun:
            self._is_begun = True
            self._thread.start()
        self._queue.put(self._block)

    def _hash(self, block: bytes) -> None:
        self.crc = zlib.crc32(block, self.crc)
        self._short.update(block)
        self._long.update(block)

    def _hash_queue(self) -> None:
        while block := self._queue.get():
            self._hash(block)


# --- notes, trees --------------------------------------------------------------------------------------------------------

NOTE_LOG, COSIGNATURE, COSIGNATURE_ML_DSA = 1, 4, 6


class Key(NamedTuple):
    """A verifier key, C2SP signed-note."""

    name: str
    key_id: bytes
    kind: int
    public: bytes


def parse_vkey(text: object) -> Key:
    name, key_id, material = str(text).split("+", 2)
    raw = b64(material)
    key = Key(name, sha256(name.encode() + b"\n" + raw)[:4], raw[0], raw[1:])
    if key.key_id.hex() != key_id or len(key.public) != {1: 32, 4: 32, 6: 1312}[key.kind] or not name:
        raise Wrong("malformed", "vkey")
    return key


class Checkpoint:
    """A note that says what a log's tree is (C2SP tlog-checkpoint), with its signature lines. Nothing is verified yet."""

    def __init__(self, raw: bytes) -> None:
        text, gap, lines = raw.decode().rpartition("\n\n")
        self.text = text + "\n"
        self.origin, size, root, *_ = text.split("\n")
        self.size, self.root = int(size), b64(root, 32)
        if not gap or str(self.size) != size or self.size < 1 or not lines.endswith("\n"):
            raise Wrong("malformed", "checkpoint")
        self.lines = [self._line(line) for line in lines[:-1].split("\n")]

    def _line(self, line: str) -> tuple[str, bytes, bytes]:
        dash, name, signature = line.split(" ")
        raw = b64(signature)
        if dash != "\u2014" or len(raw) < 5:
            raise Wrong("malformed", "signature line")
        return name, raw[:4], raw[4:]

    def by(self, key: Key) -> list[bytes]:
        return [raw for name, key_id, raw in self.lines if (name, key_id) == (key.name, key.key_id)]

    def is_signed_by(self, log: Key) -> bool:
        found = self.by(log)
        is_log = log.kind == NOTE_LOG and log.name == self.origin
        return is_log and bool(found) and all(ed25519(log.public, raw, self.text.encode()) for raw in found)

    def cosigned(self, witness: Key) -> int | None:
        """When `witness` cosigned this, Unix seconds; `None` if it did not. Raises `Wrong` for a line that does not verify."""
        times = []
        for raw in self.by(witness):
            time = int.from_bytes(raw[:8], "big")
            if witness.kind == COSIGNATURE:
                message = f"cosignature/v1\ntime {time}\n{self.text}".encode()
                good: bool | None = ed25519(witness.public, raw[8:], message)
            else:
                name, origin = witness.name.encode(), self.origin.encode()
                message = b"subtree/v1\n\0" + bytes([len(name)]) + name + raw[:8] + bytes([len(origin)]) + origin
                message += bytes(8) + self.size.to_bytes(8, "big") + self.root
                good = mldsa44(witness.public, raw[8:], message)
            if good is False:
                raise Wrong("cosignature", f"{witness.name} on {self.size}")
            times += [time] if good and time else []
        return min(times, default=None)


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right)


def included(entry: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162 section 2.1.3.2."""
    if not 0 <= index < size:
        return False
    number, last, found = index, size - 1, sha256(b"\0" + entry)
    for one in proof:
        if last == 0:
            return False
        if number & 1 or number == last:
            found = node(one, found)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            found = node(found, one)
        number, last = number >> 1, last >> 1
    return last == 0 and found == root


def consistent(first: int, second: int, old: bytes, new: bytes, proof: Sequence[bytes]) -> bool:
    """RFC 9162 section 2.1.4.2, for `0 < first < second`."""
    path = [old, *proof] if first & (first - 1) == 0 else list(proof)
    if not path or not 0 < first < second:
        return False
    number, last = first - 1, second - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    left = right = path[0]
    for one in path[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            left, right = node(one, left), node(one, right)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            right = node(right, one)
        number, last = number >> 1, last >> 1
    return last == 0 and left == old and right == new


# --- RFC 3161 ------------------------------------------------------------------------------------------------------------

DIGESTS: dict[bytes, hashes.HashAlgorithm] = {
    bytes.fromhex("608648016503040201"): hashes.SHA256(),
    bytes.fromhex("608648016503040202"): hashes.SHA384(),
    bytes.fromhex("608648016503040203"): hashes.SHA512(),
}
SIGNED, TST = bytes.fromhex("2a864886f70d010702"), bytes.fromhex("2a864886f70d0109100104")
ATTRIBUTE_TYPE, ATTRIBUTE_DIGEST = bytes.fromhex("2a864886f70d010903"), bytes.fromhex("2a864886f70d010904")
ATTRIBUTE_CERTIFICATE = {
    bytes.fromhex("2a864886f70d010910020c"): "sha1",
    bytes.fromhex("2a864886f70d010910022f"): "sha256",
}


class Der(NamedTuple):
    """One DER element: its tag, its content, and itself whole."""

    tag: int
    content: bytes
    whole: bytes

    @property
    def parts(self) -> "list[Der]":
        return list(der(self.content))


def der(raw: bytes) -> Iterator[Der]:
    at = 0
    while at < len(raw):
        length, start = raw[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            length, start = int.from_bytes(raw[start : start + count], "big"), start + count
        if start + length > len(raw) or length & 0x80000000:
            raise Wrong("malformed", "DER")
        yield Der(raw[at], raw[start : start + length], raw[at : start + length])
        at = start + length


class Token:
    """A timestamp token, read. `imprint` and `time` (Unix s) are what it claims until `signer` and `trusted` have been asked."""

    def __init__(self, raw: bytes) -> None:
        outer = next(der(raw))
        if outer.parts[0].tag == 0x30:  # a whole response: status, then the token
            if outer.parts[0].parts[0].content not in {b"\0", b"\1"}:
                raise Wrong("malformed", "refused by its authority")
            outer = outer.parts[1]
        kind, wrapped = outer.parts
        _, _, content, *rest = wrapped.parts[0].parts
        self._content = content.parts[1].parts[0].content
        if kind.content != SIGNED or content.parts[0].content != TST:
            raise Wrong("malformed", "no timestamp token")
        self.certificates = [
            x509.load_der_x509_certificate(one.whole) for part in rest if part.tag == 0xA0 for one in part.parts
        ]
        (self._signer,) = rest[-1].parts
        _, _, imprint, _, time, *_ = next(der(self._content)).parts
        self.imprint, self.imprint_digest = imprint.parts[1].content, DIGESTS[imprint.parts[0].parts[0].content]
        parsed = dt.datetime.strptime(time.content.decode()[:14] + "+0000", "%Y%m%d%H%M%S%z")
        self.time = int(parsed.timestamp())

    def signer(self) -> x509.Certificate | None:
        """The certificate whose key signed this token, or `None` when none of those inside did."""
        _, who, digest, attributes, _, signature, *_ = self._signer.parts
        found = {one.parts[0].content: one.parts[1].parts[0] for one in attributes.parts}
        algorithm = DIGESTS[digest.parts[0].content]
        hashed = hashlib.new(algorithm.name, self._content).digest()
        if found[ATTRIBUTE_TYPE].content != TST or found[ATTRIBUTE_DIGEST].content != hashed:
            return None
        for one in self.certificates:
            is_named = who.tag == 0x30 and one.serial_number == int.from_bytes(who.parts[1].content, "big", signed=True)
            if (
                is_named
                and self._names(found, one)
                and is_signed(one, signature.content, b"\x31" + attributes.whole[1:], algorithm)
            ):
                return one
        return None

    def _names(self, found: dict[bytes, Der], certificate: x509.Certificate) -> bool:
        """RFC 3161 section 2.4.2: the signed attributes must name the signer's certificate by its hash."""
        for oid, digest in ATTRIBUTE_CERTIFICATE.items():
            if oid in found:
                named = found[oid].parts[0].parts[0].parts
                raw = certificate.public_bytes(Encoding.DER)
                return any(one.content == hashlib.new(digest, raw).digest() for one in named if one.tag == 4)
        return False

    def trusted(self, signer: x509.Certificate, roots: Sequence[x509.Certificate]) -> bool:
        """Whether a chain of certificates valid at the token's time leads from `signer` to one of `roots`."""
        usages = [one.value for one in signer.extensions if isinstance(one.value, x509.ExtendedKeyUsage)]
        if not any(x509.oid.ExtendedKeyUsageOID.TIME_STAMPING in usage for usage in usages):
            return False
        at, current = dt.datetime.fromtimestamp(self.time, dt.UTC), signer
        for _ in range(8):
            if not current.not_valid_before_utc <= at <= current.not_valid_after_utc:
                return False
            if current in roots:
                return True
            above = next((one for one in (*roots, *self.certificates) if is_issued(current, one)), None)
            if above is None:
                return False
            current = above
        return False


def is_issued(one: x509.Certificate, by: x509.Certificate) -> bool:
    try:
        one.verify_directly_issued_by(by)
        return by.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False


def is_signed(certificate: x509.Certificate, signature: bytes, message: bytes, algorithm: hashes.HashAlgorithm) -> bool:
    key = certificate.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, message, ec.ECDSA(algorithm))
        else:
            return False
    except InvalidSignature:
        return False
    return True


# --- 4 the recording -----------------------------------------------------------------------------------------------------

LABEL = b"tocsin.recording/v1"
FIRST_LINE = LABEL + b" hkdf-sha256 aes-256-gcm ed25519\n"
TYPES = {1: "media", 2: "event", 3: "gap", 4: "call", 6: "import"}
ENDINGS = {"webm": "webm", "mp4": "mp4", "ogg": "ogg", "quicktime": "mov"}
CHUNKS_HEAD = (
    b"seq,type,file,first_byte,last_byte,monotonic_ms,plaintext_sha256,ciphertext_sha256,previous_link,link,"
    b"received_at_ms,promised_beat,covered_by_leaf"
)
EVENTS_HEAD = b"seq,type,monotonic_ms,event,at,detail"
WORD = re.compile(r"[a-z_]{1,40}")
NONE = {"source": "none", "value": "not collected"}
CONTROLLED = {"encounter": "yes", "rehearsal": "yes", "import": "no"}
BEGINNINGS = ("start", "restarted_media")  # compared and not looked up: what a phone says may have no hash
COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
FROM_START = "at browser build continued_seq continues height kind mime os place recipients_note width".split()  # noqa: SIM905


def padded(length: int) -> int:
    """Size class of `length` bytes (recording.md)."""
    length = max(length, 1024)
    exponent = length.bit_length() - 1
    step = 1 << (exponent - exponent.bit_length())
    return -(-length // step) * step


def word_of(value: object) -> str:
    return value if isinstance(value, str) and WORD.fullmatch(value) else "other"


def whole_number(value: object) -> int | str:
    return value if type(value) is int and value >= 0 else ""


def said_in(body: bytes) -> Json | None:
    """The object that an event, gap or call holds; `None` where it is no canonical one."""
    try:
        said = canonical(body)
    except Wrong:
        return None
    return said if isinstance(said, dict) else None


class Recording:
    """Opens the chunks in order with the recording key, and rebuilds what the tables must say."""

    def __init__(self, header: bytes, keys: Json) -> None:
        if len(header) != len(FIRST_LINE) + 104 or not header.startswith(FIRST_LINE):
            raise Wrong("header_wrong")
        raw = header[len(FIRST_LINE) :]
        self.id, self.public, self.salt, self.commitment = raw[:16], raw[16:48], raw[48:72], raw[72:]
        self._keys: list[str | None] | None = None
        if "opening_key" in keys:
            secret = hkdf(unhex(keys["opening_key"]), self.salt, LABEL + self.id + self.public, 76)
            if secret[44:] != self.commitment:
                raise Wrong("commitment_wrong")
            self._chain, nonce = secret[:32], secret[32:44]
        else:  # some seconds are withheld: the key of each other one stands for itself
            self._keys, nonce = (
                need(keys, texts="base_nonce", lists="chunk_keys")["chunk_keys"],
                unhex(keys["base_nonce"]),
            )
        self._nonce = int.from_bytes(nonce, "big")
        self.talks: list[Json] = []
        self.withheld = 0
        self.is_copy = False
        self._muted: Json | None = None
        self._after = 0
        self.link, self.count, self.is_final = sha256(header), 0, False
        self.start: Json = {}
        self.stop_reason: object = None
        self.clock: Json | None = None
        self.gaps: list[Json] = []
        self.originals: dict[str, int] = {}
        self._number, self._ending, self._is_new = 0, "bin", True

    def open(self, raw: bytes) -> tuple[int, int, bytes, bytes]:
        """Check and open the next chunk: type, monotonic ms, body, and the ciphertext. Raises `Wrong`."""
        where, ciphertext = f"chunk {self.count}", raw[41:-64]
        if not 1145 <= len(raw) <= (1 << 20) + 121 or raw[8] > 1:
            raise Wrong("chunk_malformed", where)
        if self.is_final or int.from_bytes(raw[:8], "big") != self.count:
            raise Wrong("chunk_order", where)
        if raw[9:41] != self.link:
            raise Wrong("link_wrong", where)
        head = hashlib.sha256(raw[9:41] + raw[:9])
        head.update(ciphertext)
        link = head.digest()
        if not ed25519(self.public, raw[-64:], LABEL + b" link\n" + link):
            raise Wrong("signature_wrong", where)
        key = self._key()
        nonce = (self._nonce ^ self.count).to_bytes(12, "big")
        try:
            inner = AESGCM(key).decrypt(nonce, ciphertext, raw[:41])
        except InvalidTag as error:
            raise Wrong("decryption", where) from error
        end = 13 + int.from_bytes(inner[9:13], "big")
        if len(inner) != padded(end) or end > len(inner) or inner.count(0, end) != len(inner) - end:
            raise Wrong("padding", where)
        self.link = link
        self.is_final, self.count = raw[8] == 1, self.count + 1
        return inner[0], int.from_bytes(inner[1:9], "big"), inner[13:end], ciphertext

    def _key(self) -> bytes:
        """The key of the next chunk. Raises `Wrong` where there is none for a chunk that is here."""
        if self._keys is None:
            key, self._chain = (hkdf(self._chain, b"", LABEL + use, 32) for use in (b" chunk", b" next"))
            return key
        told = self._keys[self.count] if self.count < len(self._keys) else None
        if type(told) is not str:
            raise Wrong("keys_differ", f"chunk {self.count}")
        return unhex(told)

    def skip(self, raw: bytes) -> None:
        """Check the frame of a second that is withheld: its place, and the recording's signature on its link. Raises `Wrong`."""
        where, previous, link = f"chunk {self.count}", raw[9:41], raw[41:73]
        if raw[8]:
            raise Wrong("chunk_malformed", where)
        if self.is_final or int.from_bytes(raw[:8], "big") != self.count:
            raise Wrong("chunk_order", where)
        if previous != self.link:
            raise Wrong("link_wrong", where)
        if not ed25519(self.public, raw[73:], LABEL + b" link\n" + link):
            raise Wrong("signature_wrong", where)
        if self._keys is None or self.count >= len(self._keys) or self._keys[self.count] is not None:
            raise Wrong("keys_differ", where)
        if not self.is_copy:
            muted = self._muted
            self._after += muted is not None and muted["end"] is not None
            if muted is None or self._after > MOST_AFTER:
                raise Wrong("withheld_wrong", where)
            muted["withheld"] += 1
        self.withheld, self.link, self.count = self.withheld + 1, link, self.count + 1

    def talk(self, said: Json, decisions: Sequence[Json]) -> None:
        """Take in a mark of a talk; `decisions`: those of made.json. Raises `Wrong` where nobody decided."""
        seq, number = self.count - 1, len(self.talks)
        if self.talks and self.talks[-1]["end"] is None:
            self.talks[-1]["end"] = seq
        if said.get("call") == "end":
            return
        if number >= len(decisions):
            raise Wrong("call_undecided", f"chunk {seq}")
        self.talks.append({"begin": seq, "decision": decisions[number]["decision"], "end": None, "withheld": 0})
        if decisions[number]["decision"] == "mute":
            self._muted, self._after = self.talks[-1], 0

    def media(self) -> None:
        """A second of media is here. Raises `Wrong` where a decision withholds it, or all of them are withheld."""
        if self.is_copy or (self._muted and self._muted["end"] is None):
            raise Wrong("withheld_wrong", f"chunk {self.count - 1}")
        self._muted = None

    def place(self, kind: int, length: int) -> tuple[str, int]:
        """The original that the next `length` bytes of media or import belong to, and where they begin."""
        if self._is_new:
            self._number, self._is_new = self._number + 1, False
        name = f"original/{TYPES[kind]}-{self._number:03d}.{self._ending}"
        at = self.originals.get(name, 0)
        self.originals[name] = at + length
        return name, at

    def note(self, kind: int, time: int, body: bytes) -> bytes:
        """Take in an event, gap or call; its row of events.csv."""
        seq = self.count - 1
        said = said_in(body)
        detail = '"' + body.decode().replace('"', '""') + '"' if said is not None else ""
        said = said or {}
        if seq == 0:
            self.start = said
        if kind == 2:
            self._event(said)
        if kind == 3:
            times = {name: whole_number(said.get(name)) for name in ("from_ms", "until_ms")}
            self.gaps.append({**times, "reason": word_of(said.get("reason")), "seq": seq})
        event = word_of(said.get({2: "event", 3: "reason", 4: "call"}[kind]))
        return f"{seq},{TYPES[kind]},{time},{event},{whole_number(said.get('at'))},{detail}\n".encode()

    @property
    def count_of_keys(self) -> int | None:
        """How many chunks keys.json tells of one by one; `None` where one key opens all."""
        return None if self._keys is None else len(self._keys)

    def _event(self, said: Json) -> None:
        event = said.get("event")
        if event in BEGINNINGS:
            mime = said.get("mime")
            kind = mime.split(";")[0].partition("/")[2] if type(mime) is str else ""
            self._ending, self._is_new = ENDINGS.get(kind, "bin"), True
        if event == "stop":
            self.stop_reason = said.get("reason")
        if event == "clock":
            trip, best = said.get("round_trip_ms"), (self.clock or {}).get("round_trip_ms")
            is_whole = all(type(said.get(name)) is int for name in ("at", "node_ms", "round_trip_ms"))
            if is_whole and (best is None or trip < best):
                self.clock = said

    def capture(self, more: Json) -> bytes:
        """What capture.json must be. `more`: fields that come from elsewhere in the package."""
        found: Json = {"device": NONE, "recorder": NONE}
        for name in FROM_START:
            value = self.start.get(name, "not collected")
            found[name] = (
                NONE if value == "not collected" else {"source": "stated by the phone at the start", "value": value}
            )
        stop = {"source": "stated by the phone at the stop", "value": self.stop_reason}
        found["stop_reason"] = NONE if self.stop_reason in (None, "not collected") else stop
        offset = bound = NONE
        if self.clock:
            source = "computed from a clock event"
            offset = {"source": source, "value": self.clock["node_ms"] - self.clock["at"]}
            bound = {"source": source, "value": self.clock["round_trip_ms"]}
        return canonical_bytes({**found, "clock_offset_ms": offset, "clock_offset_bound_ms": bound, **more})


# --- the ten steps -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trust:
    """Keys from outside the package."""

    log: Key
    witnesses: tuple[Key, ...]
    roots: tuple[x509.Certificate, ...]
    quorum: int = 2
    stewards: tuple[str, ...] = ()
    """Keys (base64) of the two who founded the node; none where the card does not tell."""

    @classmethod
    def read(cls, raw: bytes) -> "Trust":
        """Raises `Unreadable`."""
        try:
            told = need(json.loads(raw), texts="log", lists="witnesses")
            pems = [one.encode() for one in told.get("timestamp_roots", [])]
            roots = tuple(root for pem in pems for root in x509.load_pem_x509_certificates(pem))
            witnesses = tuple(parse_vkey(one) for one in told["witnesses"])
            quorum = need({"quorum": 2} | told, ints="quorum")["quorum"]
            if quorum < 1 or any(key.kind == NOTE_LOG for key in witnesses):
                raise Unreadable("the quorum or a witness key in the trust file is not one")
            stewards = tuple(sorted(spelled for spelled in told.get("stewards", []) if b64(spelled, 32)))
            return cls(parse_vkey(told["log"]), witnesses, roots, quorum, stewards)
        except (*MALFORMED, Wrong) as error:
            raise Unreadable("the trust file is not readable") from error


# --- the roll (stewards.md) ----------------------------------------------------------------------------------------------

DESK, STEWARD = b"tocsin.leaf/v2 desk-key\n", b"tocsin.leaf/v2 steward-key\n"
STATE = b"tocsin.leaf/v1 roll\n"
LABELS = (b"tocsin.steward/v1 propose\n", b"tocsin.steward/v1 confirm\n")
OF_DESKS = ("desk-add", "desk-remove", "alert-desk-add", "alert-desk-remove")
ACTS = ("steward-found", "steward-add", "steward-remove", *OF_DESKS)


class OnRoll(NamedTuple):
    """A steward, a dispatcher of alerts, or a lawyer with the custodian's key that signs packages."""

    key: str
    name: str
    custodian: str
    place: int
    day: int
    signers: tuple[str, ...]


class Roll:
    """Who is on the roll of `node` by entries of its log, {index: entry}. Waits are for phones: they have witnesses' times."""

    def __init__(self, entries: dict[int, bytes], node: str) -> None:
        self.stewards: dict[str, OnRoll] = {}
        self.lawyers: dict[str, OnRoll] = {}
        self.dispatchers: dict[str, OnRoll] = {}
        self.gone: set[str] = set()
        self.void: dict[int, str] = {}
        self._node, firsts = node, dict[bytes, int]()
        for index, entry in sorted(entries.items()):
            firsts.setdefault(entry, index)
        judged = [(index, *self._judge(entry)) for entry, index in firsts.items()]
        founding = next((one for one in judged if one[2] == "" and founds(one[1])), None)
        for named in founding[1]["statement"]["keys"] if founding else ():
            day = founding[1]["statement"]["day"] if founding else 0
            self.stewards[named["key"]] = OnRoll(
                named["key"], named["name"], "", founding[0] if founding else 0, day, ()
            )
        self.founders = tuple(sorted(self.stewards))
        for index, signed, fault in judged:
            if founding is None or index != founding[0]:
                reason = fault or self._take(index, signed)
                self.void.update({index: reason} if reason else {})

    def _judge(self, entry: bytes) -> tuple[Json, str]:
        """The signed statement in an entry, and why it says nothing here, or ""."""
        try:
            signed = signed_in(entry)
        except (Wrong, *MALFORMED):
            return {}, "malformed"
        if signed["statement"]["node"] != self._node:
            return signed, "elsewhere"
        raw = canonical_bytes(signed["statement"])
        pairs = zip(LABELS, signed["signatures"], strict=False)
        good = all(ed25519(b64(one["key"]), b64(one["signature"]), label + raw) for label, one in pairs)
        return signed, "" if good else "unsigned"

    def _take(self, place: int, signed: Json) -> str:
        said, signers = signed["statement"], [one["key"] for one in signed["signatures"]]
        act, named = said["act"], said["keys"][0]
        if act == "steward-found":
            return "known"
        known = [self.stewards[key] for key in signers if key in self.stewards and key not in self.gone]
        wanted = 1 if act in {"desk-remove", "alert-desk-remove"} else 2
        if (
            len(known) != len(signers)
            or min(len({one.key for one in known}), len({one.name for one in known})) < wanted
        ):
            return "unsigned"
        among = {"desk": self.lawyers, "alert-desk": self.dispatchers}.get(act.rpartition("-")[0], self.stewards)
        reason = self._refusal(act, named["key"], among)
        if not reason and act.endswith("add"):
            among[named["key"]] = OnRoll(**named, place=place, day=said["day"], signers=tuple(signers))
        elif not reason:
            self.gone.add(named["key"])
        return reason

    def _refusal(self, act: str, key: str, among: dict[str, OnRoll]) -> str:
        if key in self.gone:
            return "removed"
        if (act.endswith("add") and key in among) or (act == "steward-remove" and key not in among):
            return "known"
        return "few" if act == "steward-remove" and len(among.keys() - self.gone) <= 2 else ""


def founds(signed: Json) -> bool:
    """Whether two stewards of two names name themselves, and sign both."""
    said, signers = signed["statement"], {one["key"] for one in signed["signatures"]}
    named = {one["key"]: one["name"] for one in said["keys"]}
    is_pair = len(signed["signatures"]) == 2 and len(set(named.values())) == 2
    return said["act"] == "steward-found" and is_pair and signers == set(named)


def signed_in(entry: bytes) -> Json:
    """The signed statement of an entry. Raises for whatever is not spelled as the format says."""
    line = DESK if entry.startswith(DESK) else STEWARD
    if not entry.startswith(line) or len(entry) - len(line) > 16 * 1024:
        raise Wrong("malformed")
    signed: Json = canonical(entry[len(line) :])
    said = need(need(signed, lists="signatures").get("statement"), texts="act node salt", lists="keys")
    of_desk = said["act"] in OF_DESKS
    for one in signed["signatures"]:
        b64(one["key"], 32), b64(one["signature"], 64)
    is_shaped = (
        signed.keys() == {"signatures", "statement"}
        and said.keys() == {"act", "day", "keys", "node", "salt"}
        and all(one.keys() == {"key", "signature"} for one in signed["signatures"])
        and len(signed["signatures"]) in {1, 2}
        and said["act"] in ACTS
        and of_desk is (line == DESK)
        and type(said["day"]) is int
        and len(said["salt"]) == 43
        and len(said["keys"]) == (2 if said["act"] == "steward-found" else 1)
        and all(is_named(one, of_desk=of_desk) for one in said["keys"])
    )
    if not is_shaped:
        raise Wrong("malformed")
    return signed


def is_named(one: Json, *, of_desk: bool) -> bool:
    """Whether a key has the shape of its kind and a pseudonym. May raise for what is no base64."""
    need(one, texts="custodian key name")
    if one.keys() != {"custodian", "key", "name"} or not 0 < len(one["name"]) <= 40:
        return False
    if not of_desk:
        return len(b64(one["key"], 32)) == 32 and not one["custodian"]
    is_key = re.fullmatch(r"age1[02-9ac-hj-np-z]{58}", one["key"]) is not None
    return is_key and (not one["custodian"] or len(b64(one["custodian"], 32)) == 32)


def roll_state(entries: Iterable[bytes]) -> tuple[int, str]:
    """How many different entries there are, and the hash over them."""
    digests = sorted({sha256(entry) for entry in entries})
    return len(digests), sha256(b"tocsin.roll/v1\n" + b"".join(digests)).hex()


def roll_said(entry: bytes) -> tuple[int, str]:
    """What a beat's `roll` entry says of them. Raises `Wrong`."""
    said = need(canonical(entry.removeprefix(STATE)), ints="beat count", texts="head")
    if not entry.startswith(STATE) or len(said) != 3:
        raise Wrong("malformed")
    return said["count"], said["head"]


# --- what a node announces of itself (log.md) ----------------------------------------------------------------------------

ANNOUNCED = {"receipt-key": "act key", "release": "client version"}
"""Kinds of entries, and the texts that each must have."""

UNTOLD = "Whether the key of the node's receipts and the client that the phone ran stand in the log is not told in this package."


class Announced(NamedTuple):
    """An entry of log/announced.json: where it is said to stand, and what it says."""

    place: int
    kind: str
    said: Json
    entry: bytes
    size: int
    proof: list[bytes]

    @classmethod
    def read(cls, one: Json) -> "Announced":
        """Raises `Wrong` for what is not what it is called."""
        need(one, ints="index tree_size", texts="entry kind", lists="proof")
        where, entry, line = f"entry {one['index']}", b64(one["entry"]), f"tocsin.leaf/v1 {one['kind']}\n".encode()
        if one["kind"] not in ANNOUNCED or not entry.startswith(line):
            raise Wrong("malformed", where)
        said = need(canonical(entry.removeprefix(line), where), texts=ANNOUNCED[one["kind"]])
        proof = [b64(hash_, 32) for hash_ in one["proof"]]
        return cls(one["index"], one["kind"], said, entry, one["tree_size"], proof)

    def is_release(self, client: object) -> bool:
        """Whether it announces the client of this hash."""
        return self.kind == "release" and bool(self.said["client"] == client)


class Verifier:
    """One run over one package. Steps fill what later steps need; `steps` is the report."""

    def __init__(self, file: int, trust: Trust | None, signer: bytes | None) -> None:
        self.trust, self.signer, self._file = trust, signer, file
        self.steps = [Step(number, name) for number, name in enumerate(STEPS, 1)]
        self.facts: list[str] = []
        self.marks: tuple[str, ...] = ()
        self.members: list[Member] = []
        self.streams: dict[str, Stream] = {}
        self.texts: dict[str, bytes] = {}
        self.manifest: Json = {}
        self.recording: Recording | None = None
        self.leaves: list[Json] | None = None
        self.told: list[Announced] | None = None  # what log/announced.json says, before it was looked for in its trees
        self.announced: list[Announced] | None = None  # and after; None: the package does not tell
        self._receipt_key_entries: dict[str, int] = {}
        self.checkpoints: dict[int, Checkpoint] = {}
        self.is_rooted = False  # whether all checkpoints could be read
        self.links: dict[int, bytes] = {}
        self.received: list[tuple[str, str, bytes]] = []
        self._wanted: frozenset[int] = frozenset()
        self._decided: list[Json] = []
        self._cursor = 0

    def run(self) -> None:
        """All ten steps. Raises `Unreadable`."""
        if not self._step(1, self._zip) or not self._step(2, self._read_manifest):
            first = next(step.number for step in self.steps if step.status == "FAIL")
            for step in self.steps[first:]:
                step.found("NOT PROVEN", "not_reached")
            return
        self.marks = self._marks()
        is_led = self._step(5, self._read_leaves) and self._step(5, self._read_announced)
        self.is_rooted = self._step(6, self._read_checkpoints)
        self._step(4, self._chunks)
        self._step(3, self._signature)
        if is_led and self._step(5, self._check_leaves):
            self._step(5, self._check_announced)
        if self.is_rooted:
            self._step(6, self._check_checkpoints)
        self._step(7, self._consistency)
        self._step(8, self._custody)
        self._step(9, self._timestamps)
        self._step(10, self._derivatives)
        self._step(2, self._check_hashes)
        self._tell()

    def _step(self, number: int, act: Callable[[Step], None]) -> bool:
        step = self.steps[number - 1]
        try:
            act(step)
        except Wrong as wrong:
            step.found("FAIL", wrong.code, wrong.where)
        except (Unreadable, OSError):
            raise
        except Exception:  # noqa: BLE001 - a hostile file may make a parser raise anything; all of it means the same
            step.found("FAIL", "malformed")
        return step.status != "FAIL"

    def _text(self, name: str) -> bytes:
        """A member read whole, once."""
        if name not in self.texts:
            self.texts[name] = self.streams[name].whole()
        return self.texts[name]

    def _object(self, name: str) -> Any:
        return canonical(self._text(name), name)

    # 1

    def _zip(self, _: Step) -> None:
        try:
            self.members = read_members(self._file)
        except MALFORMED as error:
            raise Wrong("layout") from error
        check_names([member.name for member in self.members])
        self.streams = {member.name: Stream(self._file, member) for member in self.members}

    # 2

    def _read_manifest(self, _: Step) -> None:
        manifest = need(
            self._object("manifest.json"),
            ints="chunk_count made_at",
            texts="format kind package_id recording state tool",
            lists="files gaps media",
        )
        if manifest["format"] != FORMAT or "custodian" not in manifest:
            raise Wrong("malformed", "format")
        for one in manifest["files"]:
            need(one, ints="size", texts="mime name role sha256 sha512")
        self.manifest = manifest

    def _check_hashes(self, _: Step) -> None:
        listed = {one["name"]: one for one in self.manifest["files"]}
        names = [member.name for member in self.members if member.name not in {"manifest.json", "manifest.sig"}]
        sums = {member.name: self.streams[member.name].finish() for member in self.members}
        if [one["name"] for one in self.manifest["files"]] != names:
            raise Wrong("files_differ", next(iter(set(names) ^ set(listed)), ""))
        for member in self.members:
            crc, short, long = sums[member.name]
            one = listed.get(member.name, {"size": member.size, "sha256": short, "sha512": long})
            if one["size"] != member.size:
                raise Wrong("size_wrong", member.name)
            if (member.crc, one["sha256"], one["sha512"]) != (crc, short, long):
                raise Wrong("hash_wrong", member.name)
        for name, one in listed.items():
            is_right = (one["role"] == "original") is bool(ORIGINAL.fullmatch(name))
            if not is_right or (one["role"] == "derivative") is not name.startswith("derivatives/"):
                raise Wrong("role_wrong", name)

    # 3

    def _signature(self, step: Step) -> None:
        custodian = self.manifest["custodian"]
        if custodian is None:
            if "manifest.sig" in self.streams or self.signer:
                raise Wrong("signer_differs", "no custodian is named")
            step.found("MISSING", "unsigned")
            return
        key = b64(need(custodian, texts="key")["key"], 32)
        if self.signer not in {None, key}:
            raise Wrong("signer_differs", custodian["key"])
        message = FORMAT.encode() + b" manifest\n" + self._text("manifest.json")
        if "manifest.sig" not in self.streams or not ed25519(key, self._text("manifest.sig"), message):
            raise Wrong("signature_wrong")
        doubt = self._custodian(custodian) if self.is_rooted else "not_reached"
        if doubt and (doubt == "not_reached" or not self.signer):
            step.found("NOT PROVEN", doubt, custodian["key"])

    def _custodian(self, custodian: Json) -> str:
        """What the log leaves open about the custodian's key, or "". Raises `Wrong` for a proof that does not prove it."""
        told = self._object("log/custodian.json")
        if told is None:
            if custodian["log_index"] is not None:
                raise Wrong("custodian_proof")
            return "signer_unlogged"
        if "roll" in told:
            return self._on_roll(told, custodian)
        self._by_operator(told, custodian)
        return "signer_by_operator"

    def _on_roll(self, told: Json, custodian: Json) -> str:
        """The rule by which phones seal to the desk: two stewards' signatures, and a list that the log says is whole."""
        need(told, ints="index tree_size", lists="roll")
        checkpoint = self.checkpoints.get(told["tree_size"])
        if checkpoint is None or custodian["log_index"] != told["index"]:
            raise Wrong("custodian_proof")
        for one in (told["state"], *told["roll"]):
            need(one, ints="index", texts="entry", lists="proof")
            proof = [b64(part, 32) for part in one["proof"]]
            if not included(b64(one["entry"]), one["index"], checkpoint.size, proof, checkpoint.root):
                raise Wrong("custodian_proof")
        entries = {one["index"]: b64(one["entry"]) for one in told["roll"]}
        if roll_state(entries.values()) != roll_said(b64(told["state"]["entry"])):
            raise Wrong("custodian_proof", "the roll is not whole")
        roll = Roll(entries, checkpoint.origin)
        lawyer = next((one for one in roll.lawyers.values() if one.place == told["index"]), None)
        if lawyer is None or lawyer.custodian != custodian["key"] or lawyer.day * 86_400 > self.manifest["made_at"]:
            raise Wrong("custodian_proof")
        if self.trust and self.trust.stewards and self.trust.stewards != roll.founders:
            raise Wrong("stewards_differ")
        signers = " and ".join(roll.stewards[key].name for key in lawyer.signers)
        self.facts.append(
            f"Signed by {shown(lawyer.name)}, whose key the stewards {shown(signers)} put on the legal desk."
        )
        return "signer_removed" if lawyer.key in roll.gone else ""

    def _by_operator(self, told: Json, custodian: Json) -> None:
        """A package from before two stewards signed: that the log holds the key is still proven, and that is all."""
        need(told, ints="index tree_size", texts="entry", lists="proof")
        entry, checkpoint = b64(told["entry"]), self.checkpoints.get(told["tree_size"])
        first, _, body = entry.partition(b"\n")
        said = need(canonical(body), ints="not_before", texts="act custodian")
        is_key = first == b"tocsin.leaf/v1 desk-key" and (said["act"], said["custodian"]) == ("add", custodian["key"])
        is_timely = said["not_before"] <= self.manifest["made_at"] and custodian["log_index"] == told["index"]
        proof = [b64(one, 32) for one in told["proof"]]
        if not checkpoint or not is_key or not is_timely:
            raise Wrong("custodian_proof")
        if not included(entry, told["index"], checkpoint.size, proof, checkpoint.root):
            raise Wrong("custodian_proof")

    # 4

    def _decisions(self) -> list[Json]:
        """What made.json says was decided on each talk, in order. Raises `Wrong`."""
        told = self._object("made.json").get("decisions", [])
        for number, one in enumerate(told, 1):
            if need(one, ints="call", texts="decision")["call"] != number or one["decision"] not in {"keep", "mute"}:
                raise Wrong("malformed", "made.json")
        return list(told)

    def _chunks(self, step: Step) -> None:
        keys = need(self._object("keys.json"), texts="commitment public_key recording salt")
        header = self._text("original/header.bin")
        found = self.recording = Recording(header, keys)
        told = (keys["recording"], keys["public_key"], keys["salt"], keys["commitment"])
        if told != (b64url(found.id), found.public.hex(), found.salt.hex(), found.commitment.hex()):
            raise Wrong("keys_differ")
        self.links[-1] = found.link
        chunks, rows, events = (self.streams[name] for name in ("original/chunks.bin", "chunks.csv", "events.csv"))
        if rows.line() != CHUNKS_HEAD or events.line() != EVENTS_HEAD:
            raise Wrong("table_differs", "first row")
        self._decided = self._decisions()
        found.is_copy = self._is_copy()
        while chunks.left:
            self._chunk(found, chunks, rows, events)
        if rows.left or events.left:
            raise Wrong("table_differs", "rows for no chunk")
        if found.start.get("event") != "start":
            raise Wrong("start_absent")
        self._compare(found)
        if found.is_copy:
            self._tell_copy(step, found)
        elif found.withheld:
            muted = [one for one in found.talks if one["withheld"]]
            where = ", ".join(f"{one['withheld']} chunks after chunk {one['begin']}" for one in muted)
            step.found("MISSING", "withheld", where)
            self.facts.append(
                f"Withheld by decision, as a talk with a lawyer or helper: {where}. Nothing of them is shown by this package."
            )

    def _is_copy(self) -> bool:
        """Whether this is a scoped copy: nothing that was recorded is in it, only what was made from it. Raises `Wrong`."""
        told = self._object("made.json").get("scope")
        if told not in {None, "copy"} or (told is None) is not ("scope" not in self.manifest):
            raise Wrong("malformed", "scope")
        if told is None:
            return False
        scope = need(self.manifest["scope"], ints="withheld", lists="media")
        for one in scope["media"]:
            need(one, texts="name sha256")
        return True

    def _tell_copy(self, step: Step, found: Recording) -> None:
        if self.manifest["scope"]["withheld"] != found.withheld:
            raise Wrong("manifest_differs", "scope")
        step.found("MISSING", "scoped_copy", f"{found.withheld} chunks")
        self.facts.append(
            f"A scoped copy: the {found.withheld} chunks of what was recorded are not in it. They are counted, chained, signed and"
            " dated here; whoever has the recording can show them."
        )

    def _chunk(self, found: Recording, chunks: Stream, rows: Stream, events: Stream) -> None:
        length = int.from_bytes(chunks.read(4), "big")
        if length > 2 * BLOCK or length > chunks.left:
            raise Wrong("chunk_malformed", f"chunk {found.count}")
        seq, previous = found.count, found.link
        raw, where, row = chunks.read(length), ",,", b""
        if length == WITHHELD_BYTES:
            found.skip(raw)
            self._row(found, rows, f"{seq},withheld,,,,,,", previous)
            return
        kind, time, body, ciphertext = found.open(raw)
        if kind not in TYPES:
            raise Wrong("chunk_malformed", f"chunk {seq}")
        if kind in {2, 3, 4}:
            row = found.note(kind, time, body)
            if kind == 4:
                found.talk(said_in(body) or {}, self._decided)
        elif body or not found.is_copy:
            found.media()
        if body and not row:
            name, at = found.place(kind, len(body))
            if name not in self.streams or self.streams[name].read(len(body)) != body:
                raise Wrong("original_differs", f"{name} at byte {at}")
            where = f"{name},{at},{at + len(body) - 1}"
        sums = f"{sha256(body).hex()},{sha256(ciphertext).hex()}"
        self._row(found, rows, f"{seq},{TYPES[kind]},{where},{time},{sums}", previous)
        if events.read(len(row)) != row:
            raise Wrong("table_differs", f"events.csv, chunk {seq}")

    def _row(self, found: Recording, rows: Stream, beginning: str, previous: bytes) -> None:
        """The next row of chunks.csv is that of the chunk just read. Raises `Wrong`."""
        seq, told = found.count - 1, rows.line().decode().split(",")
        covered = told[12] if self.leaves is None else self._covered(seq)
        links = f"{previous.hex()},{found.link.hex()}"
        if told != f"{beginning},{links},{told[10]},{told[11]},{covered}".split(","):
            raise Wrong("table_differs", f"chunks.csv, chunk {seq}")
        self.received.append((told[10], told[11], found.link))
        if seq in self._wanted:
            self.links[seq] = found.link

    def _covered(self, seq: int) -> str:
        """Log index of the first leaf that covers `seq`. Leaves are in order of seq."""
        leaves = self.leaves or []
        while self._cursor < len(leaves) and leaves[self._cursor]["seq"] < seq:
            self._cursor += 1
        return str(leaves[self._cursor]["index"]) if self._cursor < len(leaves) else ""

    def _compare(self, found: Recording) -> None:
        originals = [name for name in self.streams if ORIGINAL.fullmatch(name)]
        if sorted(found.originals) != originals or any(self.streams[name].left for name in originals):
            raise Wrong("original_differs", "an original that is too long or in no chunk")
        if self._text("capture.json") != found.capture(self._from_elsewhere(found.start)):
            raise Wrong("capture_differs")
        hashed = {one["name"]: one["sha256"] for one in self.manifest["files"]}
        media = [{"name": name, "sha256": hashed.get(name)} for name in originals]
        state = "stopped" if found.is_final else "cut"
        for name, value in {
            "chunk_count": found.count, "gaps": found.gaps, "kind": found.start.get("kind"), "media": media,
            "recording": b64url(found.id), "state": state,
        }.items():  # fmt: skip
            if canonical_bytes(self.manifest[name]) != canonical_bytes(value):
                raise Wrong("manifest_differs", name)
        if found.count_of_keys not in {None, found.count}:
            raise Wrong("keys_differ", "chunk_keys")
        if (
            canonical_bytes(self.manifest.get("calls", [])) != canonical_bytes(found.talks)
            or self.manifest.get("calls") == []
        ):
            raise Wrong("manifest_differs", "calls")
        if len(self._decided) != len(found.talks):
            raise Wrong("manifest_differs", "decisions")
        if found.clock:
            self._tell_clock(found.clock["node_ms"] - found.clock["at"], found.clock["round_trip_ms"])

    def _from_elsewhere(self, start: Json) -> Json:
        """Fields of capture.json that are not in the recording; a package made before log/announced.json has none."""
        if "log/announced.json" not in self.streams:
            return {}
        kind, build, node = start.get("kind"), start.get("build"), need(self._object("system/versions.json"))["node"]
        commit, is_build = need(node).get("source_commit"), type(build) is str and build != ""
        is_its = is_build and build == node.get("client") and type(commit) is str and COMMIT.fullmatch(commit)
        if self.told is None and is_build:  # step 5 says what is wrong with it
            entry = self._object("capture.json").get("build_entry", NONE)
        else:
            at = next(
                (one.place for one in self.told or () if one.is_release(build)), "in no entry that this package shows"
            )
            entry = {"source": "log/announced.json", "value": at} if is_build else NONE
        controlled = CONTROLLED.get(kind) if type(kind) is str else None
        by_kind = "by the kind of the recording, as the phone stated it at the start"
        by_node = "stated by the node, which served the build that the phone stated"
        return {
            "build_entry": entry,
            "controlled_capture": {"source": by_kind, "value": controlled} if controlled else NONE,
            "source_commit": {"source": by_node, "value": commit} if is_its else NONE,
        }

    def _tell_clock(self, offset: int, bound: int) -> None:
        if abs(offset) - max(bound, 0) > SKEW * 1000:
            side = "behind" if offset > 0 else "ahead of"
            self.facts.append(
                f"clock_suspect: the phone's clock stood {abs(offset) // 1000} s {side} the node's."
                " Times that the phone states are off by that; those of node and witnesses are not."
            )

    # 5

    def _read_leaves(self, _: Step) -> None:
        leaves = self._object("log/leaves.json")
        if type(leaves) is not list:
            raise Wrong("malformed")
        for one in leaves:
            need(one, ints="beat first index seq", texts="custody_head entry link salt", lists="proof")
            need(one, ints="tree_size", texts="time_entry", lists="time_proof")
        for before, after in pairwise(leaves):
            if (
                before["tree_size"] >= after["tree_size"]
                or before["seq"] > after["seq"]
                or before["beat"] > after["beat"]
            ):
                raise Wrong("leaf_order", f"leaf {after['index']}")
        self.leaves = leaves
        self._wanted = frozenset(one["seq"] for one in leaves)

    def _check_leaves(self, step: Step) -> None:
        leaves, found = self.leaves or [], self.recording
        if found is None or not self.is_rooted:
            step.found("NOT PROVEN", "not_reached")
            return
        for one in leaves:
            self._leaf(step, found.id, one)
        if not leaves:
            step.found("MISSING", "no_leaf")
        elif (newest := self._newest_under(leaves[-1])) < self.manifest["chunk_count"] - 1:
            step.found("MISSING", "tail_uncovered", f"from chunk {newest + 1}")

    def _newest_under(self, leaf: Json) -> int:
        """The newest chunk that a leaf commits to. -1: it was made before there was any, its link is the header's, and says nothing
        of what chunk 0 came to be.
        """
        return -1 if b64(leaf["link"], 32) == self.links.get(-1) else int(leaf["seq"])

    def _leaf(self, step: Step, recording: bytes, one: Json) -> None:
        where, entry, time = f"leaf {one['index']}", b64(one["entry"]), b64(one["time_entry"])
        link, head = b64(one["link"], 32), b64(one["custody_head"], 32)
        hidden = b"tocsin.beat/v1\n" + b64(one["salt"], 32) + recording + one["seq"].to_bytes(8, "big") + link + head
        if entry != b"tocsin.leaf/v1 beat\n" + sha256(hidden):
            raise Wrong("leaf_wrong", where)
        known = {self.links.get(one["seq"])} | ({self.links.get(-1)} if one["seq"] == 0 else set())
        if link not in known:
            if self.steps[3].status == "FAIL" and one["seq"] not in self.links:
                step.found("NOT PROVEN", "not_reached", where)
            else:
                raise Wrong("link_wrong", where)
        if time != b"tocsin.leaf/v1 time\n" + canonical_bytes({"beat": one["beat"], "first": one["first"]}):
            raise Wrong("beat_wrong", where)
        checkpoint = self.checkpoints.get(one["tree_size"])
        if checkpoint is None:
            raise Wrong("checkpoint_absent", where)
        if not one["first"] < one["index"]:
            raise Wrong("beat_wrong", where)
        for what, index, proof in ((entry, one["index"], one["proof"]), (time, one["first"], one["time_proof"])):
            if not included(what, index, checkpoint.size, [b64(hash_, 32) for hash_ in proof], checkpoint.root):
                raise Wrong("inclusion", where)

    def _read_announced(self, _: Step) -> None:
        """What the node put into its log about itself: the keys of its receipts, the clients it served. Raises `Wrong`."""
        if "log/announced.json" not in self.streams:
            return
        told = self._object("log/announced.json")
        if type(told) is not list:
            raise Wrong("malformed", "log/announced.json")
        found = [Announced.read(one) for one in told]
        if any(before.place >= after.place for before, after in pairwise(found)):
            raise Wrong("malformed", "log/announced.json")
        self.told = found

    def _check_announced(self, _: Step) -> None:
        """Each stands in a tree of the package. Raises `Wrong`."""
        if self.recording is None or not self.is_rooted:
            return
        for one in self.told or ():
            checkpoint = self.checkpoints.get(one.size)
            if checkpoint is None:
                raise Wrong("checkpoint_absent", f"entry {one.place}")
            if not included(one.entry, one.place, checkpoint.size, one.proof, checkpoint.root):
                raise Wrong("inclusion", f"entry {one.place}")
        self.announced = self.told
        for one in self.announced or ():
            if one.kind == "receipt-key" and one.said == {"act": "add", "key": one.said["key"]}:
                self._receipt_key_entries.setdefault(one.said["key"], one.place)
        if self.announced is None:
            self.facts.append(UNTOLD)
        else:
            self._tell_announced()

    def receipt_key_entry(self, vkey: str) -> int | None:
        """Where the log announces a key of receipts, under a checkpoint of this package; `None` where no entry shown here does."""
        return self._receipt_key_entries.get(vkey)

    def release_entry(self, client: object) -> int | None:
        """Where the log announces a client by its hash; `None` where no entry shown here does."""
        return next((one.place for one in self.announced or () if one.is_release(client)), None)

    def _tell_announced(self) -> None:
        log = "the log" if self.trust else "the log that the package itself names"
        for vkey in need(self._object("log/keys.json"), lists="receipts")["receipts"]:
            entry = self.receipt_key_entry(vkey) if type(vkey) is str else None
            stands = f"no entry of {log} that this package shows" if entry is None else f"entry {entry} of {log}"
            self.facts.append(f"The key of the node's receipts, {shown(vkey)}, stands in {stands}.")
        build = (self.recording.start if self.recording else {}).get("build", "")
        entry = self.release_entry(build)
        stands = "is no release that this package shows in" if entry is None else f"was announced in entry {entry} of"
        told = f"The client that the phone says it ran, {shown(build) or 'which it did not name'},"
        self.facts.append(f"{told} {stands} {log}.")

    # 6

    def _read_checkpoints(self, _: Step) -> None:
        for name in self.streams:
            if name.startswith("log/checkpoints/"):
                checkpoint = Checkpoint(self._text(name))
                if name != f"log/checkpoints/{checkpoint.size}.txt":
                    raise Wrong("malformed", name)
                self.checkpoints[checkpoint.size] = checkpoint
        self.checkpoints = dict(sorted(self.checkpoints.items()))

    def _keys(self, step: Step) -> tuple[Key | None, Sequence[Key], int]:
        """Log, witnesses, quorum: those of TRUST where it is given; no log for a package that was made without one."""
        told = need(self._object("log/keys.json"), lists="receipts witnesses")
        log = None if told["log"] is None else parse_vkey(told["log"])
        witnesses = [parse_vkey(one) for one in told["witnesses"]]
        if self.trust is None:
            step.found("NOT PROVEN", "no_outside_keys")
            return log, witnesses, 2
        if log not in {None, self.trust.log}:
            raise Wrong("log_untrusted", str(told["log"]))
        return log, self.trust.witnesses, self.trust.quorum

    def _check_checkpoints(self, step: Step) -> None:
        log, witnesses, quorum = self._keys(step)
        times: dict[int, dict[Key, int]] = {}
        for size, checkpoint in self.checkpoints.items():
            if log is None or not checkpoint.is_signed_by(log):
                raise Wrong("log_signature", f"checkpoint {size}")
            asked = {key: checkpoint.cosigned(key) for key in witnesses}
            times[size] = {key: time for key, time in asked.items() if time is not None}
            if times[size]:
                self._compare_clocks(step, size, min(times[size].values()), f"checkpoint {size}")
        witnessed = {size: time for size, signed in times.items() if (time := quorum_time(signed, quorum)) is not None}
        self._judge_witnesses(step, witnessed)

    def _newest_beat(self, size: int) -> int:
        """The beat of the last leaf in the tree of `size`. Leaves are in order of tree size and beat."""
        leaves = self.leaves or []
        number = bisect.bisect_right(leaves, size, key=lambda one: int(one["tree_size"]))
        return int(leaves[number - 1]["beat"]) if number else 0

    def _compare_clocks(self, step: Step, size: int, time: int, where: str) -> None:
        """An outside `time` on the tree of `size` that lies before the beat the log gives to its last leaf."""
        early = self._newest_beat(size) - time
        if early > CLOCK_WRONG:
            raise Wrong("before_beat", where)
        if early > SKEW:
            step.found("NOT PROVEN", "clock_suspect", where)

    def _judge_witnesses(self, step: Step, witnessed: dict[int, int]) -> None:
        """`witnessed`: tree size to the time at which a quorum had cosigned it."""
        leaves, seen = list(self.leaves or []), sorted(witnessed.items())
        if not leaves and not seen:
            step.found("MISSING", "witnesses")
        earliest: int | None = None
        for number, one in enumerate(
            reversed(leaves)
        ):  # from the last leaf back, each sees the trees the one after it saw
            while seen and seen[-1][0] >= one["tree_size"]:
                time = seen.pop()[1]
                earliest = time if earliest is None else min(earliest, time)
            if earliest is None:
                step.found("MISSING", "witnesses", f"no quorum over the tree of {one['tree_size']}")
            elif earliest > one["beat"] + WITNESSED_SOON:
                step.found("NOT PROVEN", "witnessed_late", f"{one['beat']}: {moment(earliest)}")
            if number == 0 and earliest is not None:
                newest, by = self._newest_under(one), f"by {moment(earliest)}, says a quorum of witnesses"
                told = f"Chunks 0 to {newest} existed, as they are here, {by}"
                if newest < 0:
                    told = f"No chunk is under a leaf. The recording had begun {by}"
                self.facts.append(f"{told}{'.' if self.trust else OWN_KEYS}")

    # 7

    def _consistency(self, step: Step) -> None:
        if not self.is_rooted:
            step.found("NOT PROVEN", "not_reached")
            return
        told = self._object("log/consistency.json")
        for one in told:
            need(one, ints="from to", lists="proof")
        neighbours = list(pairwise(self.checkpoints))
        if [(one["from"], one["to"]) for one in told] != neighbours:
            raise Wrong("pairs_differ")
        for one in told:
            old, new = self.checkpoints[one["from"]], self.checkpoints[one["to"]]
            proof = [b64(hash_, 32) for hash_ in one["proof"]]
            if not consistent(old.size, new.size, old.root, new.root, proof):
                raise Wrong("consistency", f"{old.size} to {new.size}")

    # 8

    def _custody(self, step: Step) -> None:
        if self.steps[4].status == "FAIL" and self.leaves is None:
            step.found("NOT PROVEN", "not_reached")
            return
        beats = [(self._newest_under(one), one["beat"]) for one in self.leaves or []]
        signed = Signatures(self.recording, self._receipt_keys(), self.streams.get("log/receipts.txt"))
        chain, stream = Custody(self.leaves or [], self.received, beats, signed), self.streams["custody.jsonl"]
        if self._object("log/keys.json").get("log") is None:  # made without a log: the notes stand alone
            step.found("NOT PROVEN", "no_leaf")
            chain.is_logless = True
        while stream.left:
            chain.take(stream.line())
        if chain.leaves or chain.chunks != self.manifest["chunk_count"]:
            raise Wrong("leaf_notes" if chain.leaves else "chunk_notes")
        made = need(self._object("made.json"), ints="at custody_count", texts="actor custody_head tool")
        actor = "reader" if self.manifest["custodian"] is None else "custodian"
        told = (made["actor"], made["at"], made["custody_count"], made["custody_head"], made["tool"])
        if told != (actor, self.manifest["made_at"], chain.count, chain.head.hex(), self.manifest["tool"]):
            raise Wrong("made")
        self._judge_signatures(step, signed)
        if self.manifest["made_at"] < chain.newest - SKEW:
            step.found("NOT PROVEN", "clock_suspect", f"made {moment(self.manifest['made_at'])}, before the last note")
        if chain.under_leaf < chain.count:
            self.facts.append(
                f"Custody notes from number {chain.under_leaf} on are under no leaf: no witness has seen them."
            )

    def _receipt_keys(self) -> dict[str, tuple[str, Key]]:
        """The keys of the node's receipts that came with the package, by id, each with its vkey."""
        keys = [(str(text), parse_vkey(text)) for text in self._object("log/keys.json")["receipts"]]
        return {key.key_id.hex(): (text, key) for text, key in keys if key.kind == NOTE_LOG}

    def _judge_signatures(self, step: Step, signed: "Signatures") -> None:
        signed.end()
        if signed.first_unsigned is not None:
            step.found("MISSING", "unsigned_notes", f"from note {signed.first_unsigned}")
        notes = receipts = 0
        for key_id, vkey in sorted(signed.used.items()):
            if vkey is None or self.receipt_key_entry(vkey) is None:  # anybody can put a key of their own beside
                step.found("NOT PROVEN", "receipt_key", key_id)
                continue
            notes, receipts = notes + signed.notes[key_id], receipts + signed.receipts[key_id]
        if notes:
            told = f"The node signed {receipts} receipts for chunks, and {notes} custody notes in all"
            self.facts.append(f"{told}{'.' if self.trust else OWN_KEYS}")

    # 9

    def _timestamps(self, step: Step) -> None:
        if not self.is_rooted:
            step.found("NOT PROVEN", "not_reached")
            return
        names = [name for name in self.streams if name.startswith("log/timestamps/")]
        tokens = [name for name in names if name.endswith(".tsr")]
        if bool(tokens) is ("log/timestamps/NONE.txt" in names):
            raise Wrong("none_said")
        if not tokens:
            step.found("MISSING", "no_timestamp")
        if not (self.trust and self.trust.roots):
            step.found("NOT PROVEN", "no_outside_keys")
        leaves, covered, times = self.leaves or [], 0, []
        for name in tokens:
            size, time = self._token(name)
            self._compare_clocks(step, size, time, name)
            covered = max(covered, size)
            times += [time] if leaves and size >= leaves[-1]["tree_size"] else []
        if tokens and leaves and covered < leaves[-1]["tree_size"]:
            step.found("MISSING", "tail_uncovered")
        if times:
            told = f"A timestamp authority says the tree with the last leaf existed by {moment(min(times))}"
            self.facts.append(f"{told}{'.' if self.trust and self.trust.roots else OWN_KEYS}")

    def _token(self, name: str) -> tuple[int, int]:
        """Tree size and time of a token that is right. Raises `Wrong`."""
        size = int(name.removeprefix("log/timestamps/").partition("-")[0])
        token, checkpoint = Token(self._text(name)), self.checkpoints.get(size)
        digest = hashlib.new(token.imprint_digest.name, checkpoint.text.encode()).digest() if checkpoint else b""
        if digest != token.imprint:
            raise Wrong("imprint", name)
        signer = token.signer()
        if signer is None:
            raise Wrong("signature_wrong", name)
        if self.trust and self.trust.roots and not token.trusted(signer, self.trust.roots):
            raise Wrong("chain", name)
        return size, token.time

    # 10

    def _derivatives(self, step: Step) -> None:
        found = {one["name"]: one["sha256"] for one in self.manifest["files"]}
        listed = [
            name for name in self.streams if name.startswith("derivatives/") and name != "derivatives/lineage.json"
        ]
        if "derivatives/lineage.json" not in self.streams:
            if listed:
                raise Wrong("lineage", listed[0])
            return
        told = self._object("derivatives/lineage.json")
        elsewhere = self._withheld_originals()
        parents = {name for name in found if ORIGINAL.fullmatch(name)} | set(elsewhere)
        for one in told:
            need(one, ints="made_at", texts="changes method name operator parent parent_sha256 sha256")
            is_right = one["name"] in listed and found.get(one["name"]) == one["sha256"]
            stated = (found | elsewhere).get(one["parent"])
            if not is_right or one["parent"] not in parents or stated != one["parent_sha256"]:
                raise Wrong("lineage", one["name"])
            parents.add(one["name"])
            if one["parent"] in elsewhere:
                step.found("NOT PROVEN", "parent_withheld", one["name"])
                self.facts.append(
                    f"{shown(one['name'])} was made from what is withheld; of what it shows, its maker's word is all there is."
                )
        if sorted({one["name"] for one in told}) != listed or len(
            {(one["name"], one["parent"]) for one in told}
        ) != len(told):
            raise Wrong("lineage")

    def _withheld_originals(self) -> dict[str, str]:
        """Of a scoped copy: names and hashes of the originals, as its maker states them."""
        scope = self.manifest.get("scope")
        stated = {one["name"]: one["sha256"] for one in scope["media"]} if scope else {}
        if not all(ORIGINAL.fullmatch(name) for name in stated):
            raise Wrong("lineage", "scope")
        return stated

    def _tell(self) -> None:
        state, count, kind = (self.manifest[name] for name in ("state", "chunk_count", "kind"))
        told = f"Chunks: {count}, declared gaps: {len(self.manifest['gaps'])}; {HOW_IT_ENDS[kind == 'import', state == 'stopped']}."
        if kind != "encounter":
            told += f" Its kind is {shown(kind)}{KINDS.get(kind, '')}."
        more = [told]
        if state != "stopped" and kind != "import":
            more.append(LATER)
        start = self.recording.start if self.recording else {}
        if start.get("continues"):
            told = f"continues {shown(start['continues'])}, of which chunk {shown(start.get('continued_seq'))} was the newest"
            more.append(f"The phone said that it {told} that it still knew of. That recording is not in this package.")
        self.facts[:0] = more

    def _marks(self) -> tuple[str, ...]:
        """What the recording is not, by the package's own word: said first, whatever the steps come to."""
        kind = self.manifest.get("kind")
        told = [MARKS[kind]] if kind in MARKS else []
        with suppress(Wrong, *MALFORMED):
            told += [MARKS["sample"]] if self._object("system/versions.json")["node"]["pack_is_sample"] is True else []
        return tuple(told)


HOW_IT_ENDS = {
    (False, True): "the recording was stopped by a person or the phone",
    (False, False): "the recording was CUT: it ends without a stop",
    (True, True): "the file was handed in to its end, by the phone's word",
    (True, False): "the handing in was CUT: the file is not whole",
}
"""Whether it was handed in, whether it was stopped."""

LATER = (
    "Whether the same phone went on in another recording cannot be told from this package: "
    "only the later one would name the earlier."
)
KINDS = {
    "import": ": not captured here, but handed in as filmed before",
    "rehearsal": ": somebody was practising",
}
MARKS = {
    "import": "NOT CAPTURED HERE. The file was handed in as filmed before.",
    "rehearsal": "REHEARSAL. The person was practising: this shows no event.",
    "sample": "SAMPLE. The node ran with a sample city: this is a trial.",
}


def quorum_time(signed: dict[Key, int], quorum: int) -> int | None:
    """When the last needed witness signed. A witness counts once, under one name and with one key."""
    names, keys = set[str](), set[bytes]()
    for key, time in sorted(signed.items(), key=lambda item: item[1]):
        names.add(key.name)
        keys.add(key.public)
        if min(len(names), len(keys)) >= quorum:
            return time
    return None


KEY_ID = re.compile(r"[0-9a-f]{8}")


class Signatures:
    """The node's signatures: one in each custody note (custody.md), that of a chunk's note being its receipt's (log.md)."""

    def __init__(self, recording: Recording | None, keys: dict[str, tuple[str, Key]], file: Stream | None) -> None:
        self._recording, self._keys, self._file = recording.id if recording else b"", keys, file
        self.first_unsigned: int | None = None
        self.used: dict[
            str, str | None
        ] = {}  # ids of the keys that signed, with their vkeys where the package has them
        self.notes, self.receipts = Counter[str](), Counter[str]()  # how many each signed; receipts are notes of chunks

    def take(self, note: Json, head: bytes, link: bytes | None, where: str) -> None:
        """Check the signature of a note after `head`. `link`: of the chunk that it is of, if it is known. Raises `Wrong`."""
        if "g" not in note:  # as nodes wrote them before they signed
            self.first_unsigned = note["i"] if self.first_unsigned is None else self.first_unsigned
            return
        need(note, texts="g k")
        if not KEY_ID.fullmatch(note["k"]):
            raise Wrong("malformed", where)
        signature, (vkey, key) = base64.urlsafe_b64decode(note["g"] + "=="), self._keys.get(note["k"], (None, None))
        if len(signature) != 64 or b64url(signature) != note["g"]:
            raise Wrong("malformed", where)
        if note["n"] == "chunk":
            message = self._receipt(note, signature, key, link, where)
        else:
            said = canonical_bytes({name: value for name, value in note.items() if name != "g"})
            message = b"tocsin.custody/v1 note\n" + self._recording + head + said
        self.used[note["k"]] = vkey
        if key and self._recording and not ed25519(key.public, signature, message):
            raise Wrong("note_signature", where)
        self.notes[note["k"]] += 1

    def _receipt(self, note: Json, signature: bytes, key: Key | None, link: bytes | None, where: str) -> bytes:
        """What is signed of the next receipt, which is the one that this note tells of. Raises `Wrong`."""
        if self._file is None or not self._file.left:
            raise Wrong("receipt_differs", where)
        *lines, gap, last = (self._file.line().decode() for _ in range(8))
        name = key.name if key else last[2:].partition(" ")[0]
        stated = base64.b64encode(link).decode() if link else lines[3]
        told = ["tocsin.receipt/v1", b64url(self._recording), str(note["q"]), stated, str(note["t"]), str(note["b"])]
        signed = base64.b64encode(bytes.fromhex(note["k"]) + signature).decode()
        if self._recording and [*lines, gap, last] != [*told, "", f"\u2014 {name} {signed}"]:
            raise Wrong("receipt_differs", where)
        self.receipts[note["k"]] += 1
        return "".join(f"{line}\n" for line in lines).encode()

    def end(self) -> None:
        if self._file is not None and self._file.left:
            raise Wrong("receipt_differs", "a receipt for no note")


class Custody:
    """The chain of heads over custody.jsonl (custody.md), a line at a time. `beats`: newest chunk under each leaf, and its beat."""

    def __init__(
        self,
        leaves: Sequence[Json],
        received: Sequence[tuple[str, str, bytes]],
        beats: Sequence[tuple[int, int]],
        signed: Signatures,
    ) -> None:
        self.leaves, self._received, self._beats, self._signed = list(leaves), received, beats, signed
        self.head, self.count, self.chunks, self.under_leaf = bytes(32), 0, 0, 0
        self._time = {"chunk": 0, "act": 0, "beat": 0}
        self._beat: tuple[Json, bytes, int] | None = None
        self._cursor, self.is_logless = 0, False

    @property
    def newest(self) -> int:
        """When the last of what is noted happened, Unix seconds."""
        return max(self._time["chunk"] // 1000, self._time["act"] // 1000, self._time["beat"])

    def take(self, line: bytes) -> None:
        where = f"note {self.count}"
        note = need(canonical(line, where), ints="i", texts="n")
        if note["i"] != self.count:
            raise Wrong("number", where)
        {"chunk": self._chunk, "act": self._act, "beat": self._take_beat, "leaf": self._leaf}[note["n"]](note, where)
        is_known = note["n"] == "chunk" and note["q"] < len(self._received)
        self._signed.take(note, self.head, self._received[note["q"]][2] if is_known else None, where)
        self.head = sha256(self.head + line)
        self.count += 1

    def _forward(self, kind: str, time: int, where: str) -> None:
        if time < self._time[kind]:
            raise Wrong("time_back", where)
        self._time[kind] = time

    def _chunk(self, note: Json, where: str) -> None:
        need(note, ints="q t b", texts="k")
        seq, time = note["q"], note["t"]
        if seq != self.chunks:
            raise Wrong("chunk_notes", where)
        self.chunks += 1
        self._forward("chunk", time, where)
        if seq < len(self._received) and self._received[seq][:2] != (str(time), str(note["b"])):
            raise Wrong("receipt_time", where)
        while self._cursor < len(self._beats) and self._beats[self._cursor][0] < seq:
            self._cursor += 1
        earliest = self._beats[self._cursor - 1][1] if self._cursor else 0
        if time < (earliest - SKEW) * 1000:
            raise Wrong("receipt_time", where)

    def _act(self, note: Json, where: str) -> None:
        need(note, ints="at", texts="actor action reason")
        self._forward("act", note["at"], where)

    def _take_beat(self, note: Json, where: str) -> None:
        need(note, ints="beat seq", texts="link salt")
        self._forward("beat", note["beat"], where)
        self._beat = note, self.head, self.count

    def _leaf(self, note: Json, where: str) -> None:
        """The leaf note of the newest beat note, and the next leaf of log/leaves.json, are one thing."""
        need(note, ints="beat leaf size", flags="late")
        if self.is_logless:
            return
        if self._beat is None or not self.leaves:
            raise Wrong("leaf_notes", where)
        beat, head, number = self._beat
        leaf, self._beat = self.leaves.pop(0), None
        told = (note["leaf"], note["size"], note["beat"], beat["beat"], beat["seq"], beat["link"], beat["salt"])
        if told != (leaf["index"], leaf["tree_size"], *[leaf["beat"]] * 2, leaf["seq"], leaf["link"], leaf["salt"]):
            raise Wrong("leaf_notes", where)
        if leaf["custody_head"] != base64.b64encode(head).decode():
            raise Wrong("head", where)
        self.under_leaf = number


# --- report and command --------------------------------------------------------------------------------------------------


VERDICTS = (
    "PASS",
    "FAIL: do not rely on this package",
    "NOTHING WAS CHECKED",
    "NOTHING IS WRONG, BUT NOT ALL IS PROVEN",
)


class Report(NamedTuple):
    """What was found. `exit` is the exit code of the command."""

    exit: int
    package: str
    recording: str
    steps: tuple[Step, ...]
    facts: tuple[str, ...]
    reason: str = ""
    kind: str = ""
    marks: tuple[str, ...] = ()

    def as_json(self) -> Json:
        steps = [
            {"step": one.number, "name": one.name, "status": one.status, "codes": one.codes, "where": one.where}
            for one in self.steps
        ]
        found = {"format": "tocsin.verify/v1", "exit": self.exit, "package": self.package, "recording": self.recording}
        found |= {"kind": self.kind, "marks": list(self.marks)}
        return {**found, "steps": steps, "facts": list(self.facts), "not_shown": list(NOT_SHOWN), "reason": self.reason}

    def as_text(self, *, colours: bool = False) -> str:
        red, plain = ("\x1b[1;31m", "\x1b[0m") if colours else ("", "")
        lines = [f"Package {self.package}, recording {self.recording}"] if self.steps else [self.reason]
        marks = [f"{red}*** {one} ***{plain}" for one in self.marks]
        lines += marks
        for one in self.steps:
            before, after = (red, plain) if one.status in {"FAIL", "MISSING"} else ("", "")
            told = "; ".join(f"{code} {where}".rstrip() for code, where in zip(one.codes, one.where, strict=True))
            lines.append(f"{one.number:2} {one.name:<12} {before}{one.status:<10}{after} {told}".rstrip())
        lines += (
            [*self.facts, "", "Not shown by any package:", *(f"- {one}" for one in NOT_SHOWN)] if self.steps else []
        )
        lines += marks
        lines.append(
            f"Result: {red if self.exit == 1 else ''}{VERDICTS[self.exit]}{plain if self.exit == 1 else ''} (exit {self.exit})"
        )
        return "\n".join([*lines, ""])


def verify(file: str | Path, trust: Trust | None = None, signer: bytes | None = None) -> Report:
    """Check `file` against what `trust` (outside keys) and `signer` (a custodian's Ed25519 key) say. Raises nothing about the file."""
    try:
        opened = os.open(file, os.O_RDONLY)
    except OSError:
        return Report(2, "", "", (), (), "the file cannot be opened")
    try:
        run = Verifier(opened, trust, signer)
        run.run()
    except (Unreadable, OSError) as error:
        return Report(2, "", "", (), (), str(error) if isinstance(error, Unreadable) else "the file cannot be read")
    finally:
        os.close(opened)
    worst = max(RANKS.index(step.status) for step in run.steps)
    package, recording = (shown(run.manifest.get(name, "")) for name in ("package_id", "recording"))
    facts = () if RANKS[worst] == "FAIL" else tuple(run.facts)  # what one step says means nothing when another failed
    kind = shown(run.manifest.get("kind", ""))
    return Report((0, 3, 3, 1)[worst], package, recording, tuple(run.steps), facts, "", kind, run.marks)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check a Tocsin evidence package, offline.")
    parser.add_argument("file", help="the package (.zip)")
    parser.add_argument(
        "--trust", metavar="TRUST.json", help="keys of the log, witnesses and timestamp roots, from outside the package"
    )
    parser.add_argument("--signer", metavar="KEY", help="the custodian's Ed25519 public key, base64")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    asked = parser.parse_args(arguments)
    try:
        trust = Trust.read(Path(asked.trust).read_bytes()) if asked.trust else None
        signer = b64(asked.signer, 32) if asked.signer else None
        report = verify(asked.file, trust, signer)
    except (Unreadable, Wrong, OSError, *MALFORMED):
        report = Report(2, "", "", (), (), "the trust file or the signer's key cannot be read")
    if asked.json:
        print(json.dumps(report.as_json(), indent=1))
    else:
        print(report.as_text(colours=sys.stdout.isatty()), end="")
    return report.exit


if __name__ == "__main__":
    sys.exit(main())
