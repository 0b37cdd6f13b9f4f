"""Writes vectors/package: one small package, every kind of change to it as pieces of it, and what the verifier must say.

`python -m tests.evidence.make_vectors`. Run again only when the format changes: the package holds signatures that draw
randomness, so all files change with it. With `--missing` it adds what a new kind of change lacks, to the package that is there.
The tests hold both verifiers to the files as they are.
"""

import json
import shutil
import sys
import tempfile
from base64 import b64decode, b64encode
from pathlib import Path
from random import Random
from typing import Any

from tests.evidence.mutations import KINDS
from tests.evidence.mutations.case import Case, case_of
from tests.evidence.mutations.of_announced import without_announcements
from tests.evidence.mutations.of_talks import TALK, TALKS
from tests.evidence.scene import Scene
from tocsin.evidence.calls import Decision
from tocsin.evidence.verify import Report, Trust, verify

FOLDER = Path(__file__).parents[2] / "vectors" / "package"
PIECE = 48
"""The shortest run of bytes worth naming by its place in the whole file."""

HONEST: dict[str, dict[str, Any]] = {
    "honest_cut": {"is_stopped": False},
    "honest_import": {"kind": "import"},
    "honest_rehearsal": {"kind": "rehearsal"},
    "honest_one_witness": {"witness_count": 1},
    "honest_without_timestamp": {"is_timestamped": False},
    "honest_unlogged_signer": {"is_logged_custodian": False},
    "a_leaf_of_the_header_alone": {"is_header_alone": True, "is_timestamped": False},
    "honest_of_before_notes_were_signed": {"unsigned_notes": 1_000, "is_timestamped": False},
    "honest_of_a_node_that_was_renewed_meanwhile": {"unsigned_notes": 5, "is_timestamped": False},
    "honest_phone_two_hours_ahead": {"phone_behind_ms": -7_200_000, "is_timestamped": False},
}


def pieces_of(whole: bytes, made: bytes) -> list[Any]:
    """`made` as `[from, length]` runs of `whole` and base64 of what is new."""
    known: dict[bytes, int] = {}
    for at in range(0, len(whole) - PIECE, PIECE // 3):
        known.setdefault(whole[at : at + PIECE], at)
    pieces: list[Any] = []
    fresh, at = bytearray(), 0
    while at < len(made):
        place = known.get(made[at : at + PIECE])
        if place is None:
            fresh.append(made[at])
            at += 1
            continue
        length = run(whole, place, made, at)
        if fresh:
            pieces.append(b64encode(fresh).decode())
            fresh.clear()
        pieces.append([place, length])
        at += length
    return [*pieces, b64encode(fresh).decode()] if fresh else pieces


def run(whole: bytes, place: int, made: bytes, at: int) -> int:
    """How long two runs of bytes are the same."""
    length = PIECE
    while whole[place + length : place + length + 1] == made[at + length : at + length + 1] != b"":
        length += 1
    return length


def put_together(whole: bytes, pieces: list[Any]) -> bytes:
    """Inverse of `pieces_of`."""
    return b"".join(b64decode(one) if isinstance(one, str) else whole[one[0] : one[0] + one[1]] for one in pieces)


def said(report: Report) -> dict[str, Any]:
    return {"exit": report.exit, "steps": [[step.status, *step.codes] for step in report.steps]}


def write(name: str, whole: bytes, made: bytes, report: Report, **more: Any) -> None:
    pieces = pieces_of(whole, made)
    assert put_together(whole, pieces) == made
    told = {"of": "honest.zip", "pieces": pieces, "trust": "trust.json", "signer": None} | more | said(report)
    (FOLDER / f"{name}.json").write_text(json.dumps(told, indent=None, separators=(",", ":")) + "\n")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        scene = Scene(place, b"vector", restart_at=5, chunks=10)
        (missing if "--missing" in sys.argv else everything)(place, scene)


def missing(place: Path, scene: Scene) -> None:
    trust = Trust.read((FOLDER / "trust.json").read_bytes())
    honest = case_of(scene, Random(0), trust, FOLDER / "honest.zip")
    others(place, honest.as_is(), [name for name in HONEST if not (FOLDER / f"{name}.json").exists()])
    kinds(place, honest, [name for name in KINDS if not (FOLDER / f"{name}.json").exists()])
    older(place, honest)


def everything(place: Path, scene: Scene) -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    honest = case_of(scene, Random(0), is_bare=True)
    whole = honest.as_is()
    (FOLDER / "honest.zip").write_bytes(whole)
    (FOLDER / "trust.json").write_text(json.dumps(scene.trust()) + "\n")
    write("honest", whole, whole, judged(place, whole, honest.trust))
    write("honest_without_outside_keys", whole, whole, judged(place, whole, None), trust=None)
    others(place, whole, list(HONEST))
    kinds(place, honest, list(KINDS))
    older(place, honest)
    talks(place)


def others(place: Path, whole: bytes, names: list[str]) -> None:
    """Packages of other recordings, under the same keys."""
    for name in names:
        other = case_of(Scene(place, name.encode(), restart_at=5, chunks=10, **HONEST[name]), Random(0), is_bare=True)
        write(name, whole, other.as_is(), judged(place, other.as_is(), other.trust))


def kinds(place: Path, honest: Case, names: list[str]) -> None:
    """Every kind of change to the honest package."""
    whole = honest.as_is()
    for name in names:
        function, _, _ = KINDS[name]
        case = Case(honest.scene, dict(honest.files), Random(name), honest.trust, is_bare=True)
        made = function(case)
        signer = b64encode(case.signer).decode() if case.signer else None
        write(name, whole, made, judged(place, made, case.trust, case.signer), signer=signer)


def older(place: Path, honest: Case) -> None:
    """The package as it was made before it told what its node announced of itself."""
    case = Case(honest.scene, dict(honest.files), Random(0), honest.trust, is_bare=True)
    without_announcements(case)
    write("honest_older", honest.as_is(), made := case.resigned(), judged(place, made, case.trust))


def talks(place: Path) -> None:
    """A package that withholds a talk, and every change to what is withheld."""
    scene = Scene(place, b"talks", **TALK)
    trust = Trust.read(json.dumps(scene.trust()).encode())
    honest = case_of(scene, Random(0), trust, scene.package(decisions={1: Decision.MUTE}), is_bare=True)
    whole, more = honest.as_is(), {"of": "withheld.zip", "trust": "withheld_trust.json"}
    (FOLDER / "withheld.zip").write_bytes(whole)
    (FOLDER / "withheld_trust.json").write_text(json.dumps(scene.trust()) + "\n")
    write("withheld", whole, whole, judged(place, whole, trust), **more)
    kept = case_of(scene, Random(0), trust, scene.package(decisions={1: Decision.KEEP}), is_bare=True)
    write("a_talk_kept", whole, kept.as_is(), judged(place, kept.as_is(), trust), **more)
    for name, (function, _, _) in TALKS.found.items():
        made = function(Case(scene, dict(honest.files), Random(name), trust, is_bare=True))
        write(name, whole, made, judged(place, made, trust), **more)


def judged(place: Path, made: bytes, trust: Trust | None, signer: bytes | None = None) -> Report:
    path = place / "one.zip"
    path.write_bytes(made)
    return verify(path, trust, signer)


if __name__ == "__main__":
    main()
