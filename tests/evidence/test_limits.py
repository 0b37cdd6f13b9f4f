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


def test_a_leaf_from_before_the_first_second_says_nothing_of_it(tmp_path: Path) -> None:
    """A node covers a recording of which only the header came. Whoever has its key can make chunk 0 long after that beat."""
    scene = Scene(tmp_path, is_header_alone=True)
    report = verify(scene.package(), Trust.read(json.dumps(scene.trust()).encode()))
    assert (report.exit, report.steps[4].codes, report.steps[4].where) == (3, ["tail_uncovered"], ["from chunk 0"])
    assert not any("existed, as they are here" in fact for fact in report.facts)
    assert any("had begun by" in fact for fact in report.facts)
    with zipfile.ZipFile(scene.package()) as opened:
        assert b"No entry of the log" in opened.read("README.txt")


def test_a_second_is_not_received_before_a_beat_that_does_not_cover_it(tmp_path: Path) -> None:
    scene = Scene(tmp_path, is_header_alone=True, received_early_ms=200_000)
    report = verify(scene.package(), Trust.read(json.dumps(scene.trust()).encode()))
    assert report.steps[7].codes == ["receipt_time"]


def test_notes_that_no_leaf_has_seen_are_said_to_be_so(made: Path, trust: Trust) -> None:
    assert any("no witness has seen them" in fact for fact in verify(made, trust).facts)


def test_a_phone_whose_clock_was_wrong_is_said_to_be_so(tmp_path: Path) -> None:
    for behind, told in {40: "", -60_500: "60 s ahead of", 86_400_000: "86400 s behind"}.items():
        scene = Scene(tmp_path, str(behind).encode(), phone_behind_ms=behind)
        report = verify(scene.package(), Trust.read(json.dumps(scene.trust()).encode()))
        found = [fact for fact in report.facts if "clock_suspect" in fact]
        assert report.exit == 0
        assert bool(found) == bool(told) == any(told in fact for fact in found)


def test_whoever_holds_a_package_holds_the_key(scene: Scene, made: Path) -> None:
    with zipfile.ZipFile(made) as opened:
        assert (
            json.loads(opened.read("keys.json"))["opening_key"]
            == Reader(scene.recording_key, scene.header).opening_key.hex()
        )
        assert b"KEEP IT LIKE THE RECORDING ITSELF" in opened.read("README.txt")
