"""Checkpoints: what a log says its tree is (C2SP tlog-checkpoint). A note whose text is origin, tree size and root
hash, a line each.
"""

import re
from dataclasses import dataclass

from tocsin.tlog import note as notes
from tocsin.tlog.merkle import HASH_BYTES, Hash, as_base64
from tocsin.tlog.note import Note, Signer, VerifierKey

LARGEST_SIZE = 2**63 - 1
SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class CheckpointMalformed(notes.NoteMalformed):
    """The note's text is not a checkpoint."""

    code = "checkpoint_malformed"
    message = "This note is not a checkpoint. Fetch it again; if it stays so, tell the one who runs the log."


@dataclass(frozen=True)
class Checkpoint:
    """A tree head. `extension` lines are carried, never read."""

    origin: str
    size: int
    root: Hash
    extension: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The note text, with its final LF."""
        lines = (self.origin, str(self.size), as_base64(self.root), *self.extension)
        return "".join(line + "\n" for line in lines)


def parse_size(text: str) -> int:
    """A tree size in ASCII decimal without leading zeroes. Raises `CheckpointMalformed`."""
    if not SIZE.fullmatch(text) or int(text) > LARGEST_SIZE:
        raise CheckpointMalformed
    return int(text)


def parse_text(text: str) -> Checkpoint:
    """The checkpoint in a note's text. Raises `CheckpointMalformed`."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() != "" or not all(lines):
        raise CheckpointMalformed
    root = notes.standard_base64(lines[2])
    if len(root) != HASH_BYTES:
        raise CheckpointMalformed
    return Checkpoint(lines[0], parse_size(lines[1]), root, tuple(lines[3:]))


def sign(checkpoint: Checkpoint, signer: Signer) -> Note:
    """The checkpoint as a note signed by the log, whose key's name is the origin."""
    return notes.sign(checkpoint.text, checkpoint.origin, signer)


def open_checkpoint(raw: bytes | str, log: VerifierKey) -> tuple[Checkpoint, Note]:
    """The checkpoint that `log` signed for the origin of its own name. Raises `NoteMalformed` or `NoteUntrusted`."""
    found = notes.parse(raw)
    notes.verify(found, log)
    checkpoint = parse_text(found.text)
    if checkpoint.origin != log.name:
        raise notes.NoteUntrusted
    return checkpoint, found
