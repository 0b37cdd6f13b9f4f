"""L2 against the custody chain: a digest of a note can be tried against every moment of a day, unless the note is salted.

A day has 86.4 million milliseconds, about two minutes of one core for one note. The trial saves itself the time and tries the few
seconds around the truth, with the salts that a careless program would have: none, and zeros.
"""

import json
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from tests.seizure.acquire import Seized
from tests.seizure.against_encounters.visits import Visit
from tests.seizure.findings import Finding
from tests.seizure.town import BEAT_S
from tocsin.crypto import canonical
from tocsin.encounters.live import read_meta
from tocsin.encounters.model import NOTE_BASE
from tocsin.evidence.custody import EMPTY_HEAD, SALT_BYTES
from tocsin.ids import b64
from tocsin.store.segments import SegmentStore

AROUND_MS = 300
RECORDINGS = 4
SALTS = (b"", bytes(SALT_BYTES))


def attack(seized: Seized, visits: Sequence[Visit]) -> Iterator[Finding]:
    """Moments of notes whose digests could be guessed."""
    folder = seized.files / "node" / "segments"
    if not folder.exists():
        return
    chains = chains_of(folder)
    for visit in [one for one in visits if one.times and one.id in chains][:RECORDINGS]:
        heads, key_id = chains[visit.id], key_of(seized)
        for count, (_, number) in heads.items():
            before = heads[count - 1][0] if count > 1 and count - 1 in heads else EMPTY_HEAD if count == 1 else b""
            if number >= len(visit.times) or not before:
                continue
            wanted = heads[count][0]
            for at in range(visit.times[number] - AROUND_MS, visit.times[number] + AROUND_MS):
                if any(sha256(before + note).digest() == wanted for note in notes(number, at, count - 1, key_id)):
                    yield Finding("L2", "moment", "custody heads", str(at), "a note's digest was guessed")


def chains_of(folder: Path) -> dict[bytes, dict[int, tuple[bytes, int]]]:
    """Of each recording: the head after its n-th note, and the number of the frame it lies in."""
    found: dict[bytes, dict[int, tuple[bytes, int]]] = {}
    store = SegmentStore.open(folder)
    for _, frame in store.scan():
        head, count, _ = read_meta(frame.meta)
        found.setdefault(frame.key, {})[count] = (head, frame.seq if frame.seq < NOTE_BASE else 1 << 62)
    store.close()
    return found


def key_of(seized: Seized) -> str:
    """The receipt key's number, which is public."""
    published = json.loads((seized.files / "node" / "published.json").read_text())
    return str(published["receipts"].split("+")[1])


def notes(seq: int, at: int, number: int, key_id: str) -> Iterator[bytes]:
    """What the note may say: the salts there are, and the beat after this moment or the one after that."""
    beat = (at // 1000 // BEAT_S + 1) * BEAT_S
    for salt in SALTS:
        for promised in (beat, beat + BEAT_S):
            said = {"n": "chunk", "q": seq, "t": at, "b": promised, "k": key_id, "i": number, "s": b64(salt)}
            yield canonical.dumps(said)
