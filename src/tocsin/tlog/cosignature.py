"""Witness cosignatures on checkpoints: Ed25519 `cosignature/v1` (0x04) and ML-DSA-44 `subtree/v1` (0x06), C2SP
tlog-cosignature.

Both are a time (Unix seconds, 8 bytes) and a signature. The Ed25519 message is the note text under two lines; the
ML-DSA-44 message is a
structure that names the cosigner, the log's origin and the tree from leaf 0 to its size, and leaves extension lines
out.
"""

from dataclasses import dataclass

from tocsin.crypto.keys import verify_ed25519, verify_mldsa44
from tocsin.tlog import checkpoint as checkpoints
from tocsin.tlog.note import (
    ED25519_COSIGNATURE,
    ML_DSA_44_COSIGNATURE,
    Note,
    NoteMalformed,
    NoteUntrusted,
    Signature,
    Signer,
    VerifierKey,
)

TIME_BYTES = 8
LATEST_TIME = 2**63 - 1
SUBTREE_LABEL = b"subtree/v1\n\x00"
LONGEST_NAME = 255  # both names stand behind a length of one byte


@dataclass(frozen=True)
class Cosigner:
    """A witness's private keys under its name: Ed25519, and ML-DSA-44 beside it."""

    name: str
    ed25519: Signer
    ml_dsa_44: Signer

    @property
    def vkeys(self) -> tuple[VerifierKey, VerifierKey]:
        """What the log and its readers are given."""
        return (
            VerifierKey(self.name, ED25519_COSIGNATURE, self.ed25519.public),
            VerifierKey(self.name, ML_DSA_44_COSIGNATURE, self.ml_dsa_44.public),
        )

    def cosign(self, text: str, time_s: int) -> tuple[Signature, ...]:
        """Both lines over the checkpoint in `text` at `time_s`; only the first where there are extension lines.

        Raises `NoteMalformed` unless `text` is a checkpoint.
        """
        head = checkpoints.parse_text(text)
        first, second = self.vkeys
        line = _line(first, self.ed25519, text, time_s)
        return (line,) if head.extension else (line, _line(second, self.ml_dsa_44, text, time_s))


def verify(note: Note, key: VerifierKey) -> int:
    """When `key` cosigned the checkpoint in `note`, Unix seconds; the earliest time where it did more than once.

    Raises `NoteUntrusted` when it did not, when any line that claims to be its is wrong, or when a line tells no time
    (its signer does not say that this was the largest tree it saw, which is what a witness is for); `NoteMalformed`
    for what is no checkpoint.
    """
    times = [verified_time(note.text, key, line) for line in note.by(key)]
    if not times or not all(times):
        raise NoteUntrusted
    return min(times)


def message(key: VerifierKey, text: str, time_s: int) -> bytes:
    """The bytes that `key` signs over the checkpoint in `text`."""
    if key.kind == ED25519_COSIGNATURE:
        return f"cosignature/v1\ntime {time_s}\n{text}".encode()
    head = checkpoints.parse_text(text)
    if key.kind != ML_DSA_44_COSIGNATURE or head.extension:
        raise NoteUntrusted  # extension lines would stand unsigned beside what is signed
    return b"".join(
        (
            SUBTREE_LABEL,
            _short(key.name),
            time_s.to_bytes(8, "big"),
            _short(head.origin),
            (0).to_bytes(8, "big"),
            head.size.to_bytes(8, "big"),
            head.root,
        )
    )


def _line(key: VerifierKey, signer: Signer, text: str, time_s: int) -> Signature:
    signature = signer.sign(message(key, text, time_s))
    return Signature(key.name, key.key_id, time_s.to_bytes(TIME_BYTES, "big") + signature)


def verified_time(text: str, key: VerifierKey, line: Signature) -> int:
    """The time of one line, 0 where it tells none. Raises `NoteUntrusted` unless it is `key`'s over `text`."""
    time_s, signature = int.from_bytes(line.raw[:TIME_BYTES], "big"), line.raw[TIME_BYTES:]
    if len(line.raw) <= TIME_BYTES or time_s > LATEST_TIME:
        raise NoteUntrusted
    check = verify_ed25519 if key.kind == ED25519_COSIGNATURE else verify_mldsa44
    if not check(key.public, signature, message(key, text, time_s)):
        raise NoteUntrusted
    return time_s


def _short(text: str) -> bytes:
    """`opaque<1..255>` of RFC 8446 section 3.4."""
    raw = text.encode()
    if not 0 < len(raw) <= LONGEST_NAME:
        raise NoteMalformed
    return bytes([len(raw)]) + raw
