"""What a package cannot show, held as tests so that nobody promises it (docs/attacks.md)."""

import json
import zipfile
from pathlib import Path

from tests.evidence.scene import Scene
from tocsin.crypto.custody import NoteReader
from tocsin.crypto.stream import Reader
from tocsin.evidence.verify import Trust, verify


def test_an_honest_beginning_passes_but_only_as_cut(tmp_path: Path) -> None:
    """The custodian hands over what came before the first leaf and keeps the rest."""
    scene = Scene(tmp_path, chunks=10)
    reader = NoteReader(scene.header.recording_id, Reader(scene.recording_key, scene.header).custody_seed)
    notes = [json.loads(reader.open(raw)) for raw in scene.sealed_notes]
    first = next(number for number, note in enumerate(notes) if note["n"] == "leaf")
    scene.sealed_notes = scene.sealed_notes[: first + 1]
    scene.sealed_chunks = scene.sealed_chunks[: sum(note["n"] == "chunk" for note in notes[:first])]
    package = scene.package()
    assert verify(package, Trust.read(json.dumps(scene.trust()).encode())).exit == 0
    with zipfile.ZipFile(package) as opened:
        assert json.loads(opened.read("manifest.json"))["state"] == "cut"
        assert b"RED: CUT" in opened.read("README.txt")


def test_notes_that_no_leaf_has_seen_are_said_to_be_so(made: Path, trust: Trust) -> None:
    assert any("no witness has seen them" in fact for fact in verify(made, trust).facts)


def test_whoever_holds_a_package_holds_the_key(scene: Scene, made: Path) -> None:
    with zipfile.ZipFile(made) as opened:
        assert (
            json.loads(opened.read("keys.json"))["opening_key"]
            == Reader(scene.recording_key, scene.header).opening_key.hex()
        )
        assert b"KEEP IT LIKE THE RECORDING ITSELF" in opened.read("README.txt")
