"""A package holds what was recorded, is the same bytes each time, streams, and says in words what is missing."""

import json
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.evidence.scene import Scene
from tocsin.crypto.canonical import Value
from tocsin.crypto.stream import ChunkUnopenable
from tocsin.evidence import package
from tocsin.evidence.calls import CallUndecided, Decision
from tocsin.evidence.complete import complete
from tocsin.evidence.log_source import Folder, Kept, LogUnreadable
from tocsin.evidence.open import FolderTaken, open_originals
from tocsin.evidence.opened import Opened, RecordingEmpty
from tocsin.evidence.sealed import Sealed
from tocsin.evidence.system_description import retention
from tocsin.evidence.verify import Trust, verify
from tocsin.evidence.words_of_package import LANGUAGES, WIDTH, sentences


def texts(made: Path) -> dict[str, str]:
    with zipfile.ZipFile(made) as opened:
        return {
            name: opened.read(name).decode() for name in opened.namelist() if name.endswith((".txt", ".json", ".csv"))
        }


def test_an_honest_package_passes_every_step_under_outside_keys(made: Path, trust: Trust) -> None:
    report = verify(made, trust)
    assert [step.status for step in report.steps] == ["PASS"] * 10
    assert report.exit == 0


def test_the_originals_are_the_bytes_that_were_recorded(scene: Scene, made: Path) -> None:
    with zipfile.ZipFile(made) as opened:
        first, second = opened.read("original/media-001.webm"), opened.read("original/media-002.mp4")
    assert first == scene.body(1) + scene.body(4)
    assert second == scene.body(6)


def test_the_same_export_key_and_time_give_the_same_bytes(scene: Scene) -> None:
    assert b"".join(scene.parts()) == b"".join(scene.parts())


def test_open_writes_the_originals_and_overwrites_nothing(scene: Scene, tmp_path: Path) -> None:
    with Sealed(scene.sealed()) as sealed:
        written = open_originals(Opened.begin(sealed, scene.identity), tmp_path / "out")
        assert [one.path.name for one in written] == ["media-001.webm", "media-002.mp4"]
        assert (tmp_path / "out" / "media-002.mp4").read_bytes() == scene.body(6)
        with pytest.raises(FolderTaken):
            open_originals(Opened.begin(sealed, scene.identity), tmp_path / "out")


def test_a_completed_export_stands_alone(scene: Scene, tmp_path: Path) -> None:
    """Package of the completed export, with the node gone, is byte for byte that made from the log."""
    path = tmp_path / "complete.tocsin"
    with Sealed(scene.sealed()) as sealed:
        path.write_bytes(b"".join(complete(Opened.begin(sealed, scene.identity), scene)))
    with Sealed(path) as sealed:
        opened = Opened.begin(sealed, scene.identity)
        again = b"".join(package.make_package(opened, Kept(sealed.log), scene.custodian, scene.clock.ms // 1000 + 3600))
    assert again == b"".join(scene.parts())


def test_an_export_without_log_says_so_in_red_and_never_passes(scene: Scene, tmp_path: Path) -> None:
    path = tmp_path / "bare.zip"
    with Sealed(scene.sealed()) as sealed:
        opened = Opened.begin(sealed, scene.identity)
        path.write_bytes(b"".join(package.make_package(opened, Kept({}), None, 1_800_001_000)))
    report = verify(path)
    assert report.exit == 3
    assert {step.name: step.status for step in report.steps}["leaves"] == "MISSING"
    assert "NO TIME FROM OUTSIDE" in texts(path)["README.txt"]


def test_a_folder_without_the_log_is_refused(scene: Scene, tmp_path: Path) -> None:
    with Sealed(scene.sealed()) as sealed, pytest.raises(LogUnreadable):
        package.make_package(Opened.begin(sealed, scene.identity), Folder(tmp_path), None, 0)


def test_a_changed_chunk_stops_the_making(scene: Scene, tmp_path: Path) -> None:
    other = Scene(tmp_path, b"changed")
    raw = bytearray(other.sealed_chunks[3])
    raw[200] ^= 1
    other.sealed_chunks[3] = bytes(raw)
    with pytest.raises(Exception, match=r"signature_wrong|chunk_unopenable"):
        other.package()
    assert ChunkUnopenable.code == "chunk_unopenable"


def test_an_empty_recording_makes_no_package(tmp_path: Path) -> None:
    scene = Scene(tmp_path, b"empty")
    scene.sealed_chunks.clear()
    scene.sealed_notes.clear()
    with pytest.raises(RecordingEmpty):
        scene.package()


@pytest.mark.parametrize(
    ("changes", "red"),
    [
        ({"is_timestamped": False}, "NO TIMESTAMP"),
        ({"witness_count": 1}, "FEWER THAN TWO WITNESSES"),
        ({"is_stopped": False}, "CUT"),
        ({"kind": "rehearsal"}, "REHEARSAL"),
        ({"kind": "import"}, "NOT CAPTURED HERE"),
        ({"continues": ("A" * 22, 41)}, "IT CONTINUES ANOTHER"),
        ({"is_logged_custodian": False}, "SIGNER NOT IN THE LOG"),
    ],
)
def test_what_is_missing_is_said_in_red_words(tmp_path: Path, changes: dict[str, object], red: str) -> None:
    told = texts(Scene(tmp_path, **changes).package())  # type: ignore[arg-type]
    assert f"RED: {red}" in told["README.txt"]
    assert (
        told["README.es.txt"].count("ROJO") == told["README.txt"].count("RED:") == told["README.fr.txt"].count("ROUGE")
    )


def test_a_talk_with_a_lawyer_is_not_handed_over_without_a_decision(tmp_path: Path) -> None:
    scene = Scene(tmp_path, call_at=4)
    with pytest.raises(CallUndecided):
        scene.package()
    assert not list(tmp_path.glob("*.zip"))
    (tmp_path / "kept.zip").write_bytes(b"".join(scene.parts(decisions={1: Decision.KEEP})))
    assert "RED: A TALK IS IN IT" in texts(tmp_path / "kept.zip")["README.txt"]
    assert verify(tmp_path / "kept.zip").exit == 3


@pytest.mark.parametrize("beat", [1, 2])
def test_a_node_stopped_between_beat_and_leaf_leaves_an_honest_package(tmp_path: Path, beat: int) -> None:
    scene = Scene(tmp_path, lost_leaf=beat)
    report = verify(scene.package(), Trust.read(json.dumps(scene.trust()).encode()))
    assert [step.codes for step in report.steps if step.status != "PASS"] == []


def test_of_a_file_that_was_filmed_before_nothing_is_said_that_is_true_of_a_recording_alone(tmp_path: Path) -> None:
    told = texts(Scene(tmp_path, kind="import").package())
    recorded = {
        "README.txt": "a phone recorded",
        "README.es.txt": "un teléfono grabó",
        "README.fr.txt": "un téléphone a enregistré",
    }
    assert not [name for name, words in recorded.items() if words in flat(told[name])]
    filmed = texts(Scene(tmp_path, b"filmed").package())
    assert all(words in flat(filmed[name]) for name, words in recorded.items())
    assert "a phone was given a file that had been filmed before." in flat(told["README.txt"])
    assert "phone's own counter" not in flat(told["README.txt"])
    marks = {"fr-cpc-202-attestation.txt": "NON CAPTÉ ICI"}
    found = {name.partition("/")[2]: text for name, text in told.items() if name.startswith("certificates/")}
    assert [name for name, text in found.items() if marks.get(name, "NOT CAPTURED HERE") not in text] == []


MARKS: dict[tuple[str, bool], dict[str, list[str]]] = {
    ("rehearsal", False): {"en": ["REHEARSAL."], "es": ["ENSAYO."], "fr": ["RÉPÉTITION."]},
    ("import", False): {"en": ["NOT CAPTURED HERE."], "es": ["NO SE GRABÓ AQUÍ."], "fr": ["NON CAPTÉ ICI."]},
    ("encounter", True): {"en": ["SAMPLE."], "es": ["MUESTRA."], "fr": ["EXEMPLE."]},
    ("rehearsal", True): {"en": ["REHEARSAL.", "SAMPLE."], "es": ["ENSAYO.", "MUESTRA."], "fr": ["RÉPÉTITION.", "EXEMPLE."]},
    ("encounter", False): {"en": [], "es": [], "fr": []},
}  # fmt: skip


@pytest.mark.parametrize(("kind", "is_sample"), MARKS)
def test_every_text_says_at_head_and_foot_what_the_recording_is_not(tmp_path: Path, kind: str, is_sample: bool) -> None:
    made = Scene(tmp_path, kind=kind, is_sample=is_sample).package()
    told = {name: text for name, text in texts(made).items() if name.endswith(".txt") and not name.startswith("log/")}
    assert len(told) == 12
    for name, text in told.items():
        if name != "system/verify.py.txt":
            language = {"README.es.txt": "es", "README.fr.txt": "fr"}.get(name, "fr" if "/fr-" in name else "en")
            marks, lines = MARKS[kind, is_sample][language], text.splitlines()
            few = len(marks)
            for place in (lines[:few], lines[len(lines) - few :]):
                assert [line.startswith(f"*** {mark}") for line, mark in zip(place, marks, strict=True)] == [True] * few
            assert text.count("***") == 4 * few
    report = verify(made)
    assert [mark.partition(".")[0] + "." for mark in report.marks] == MARKS[kind, is_sample]["en"]
    assert report.as_json()["kind"] == kind
    assert all(report.as_text().count(f"*** {mark} ***") == 2 for mark in report.marks)


def test_marks_are_said_though_a_step_fails(tmp_path: Path) -> None:
    made = Scene(tmp_path, kind="rehearsal").package()
    made.write_bytes(made.read_bytes().replace(b"practising", b"practicing", 1))
    report = verify(made)
    assert report.exit == 1
    assert [mark.partition(".")[0] for mark in report.marks] == ["REHEARSAL"]


def test_a_broken_off_import_is_called_not_whole(tmp_path: Path) -> None:
    told = texts(Scene(tmp_path, kind="import", is_stopped=False).package())
    assert "The file is not whole." in flat(told["README.txt"])
    assert "El archivo no está entero." in flat(told["README.es.txt"])
    assert "Le fichier n’est pas entier." in flat(told["README.fr.txt"])


@pytest.mark.parametrize(
    ("count", "words"), [(0, "The node alone could"), (1, "The node and that witness together could")]
)
def test_who_could_have_made_the_log_later_depends_on_who_signed_it(tmp_path: Path, count: int, words: str) -> None:
    assert words in flat(texts(Scene(tmp_path, witness_count=count).package())["README.txt"])


def test_that_the_log_holds_the_notes_is_said_only_where_it_does(scene: Scene, made: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.zip"
    with Sealed(scene.sealed()) as sealed:
        opened = Opened.begin(sealed, scene.identity)
        bare.write_bytes(b"".join(package.make_package(opened, Kept({}), None, 1_800_001_000)))
    assert "commit to this recording, and to the node's notes" in flat(texts(made)["README.txt"])
    assert "commit" not in flat(texts(bare)["README.txt"])


def test_the_french_attestation_is_french_throughout(made: Path) -> None:
    plain = texts(made)["certificates/fr-cpc-202-attestation.txt"].split("\n", 1)[1]
    english = ("Recording", "Package", "made ", "clock of", "take it from", "bytes", "stopped", "recorded", "encounter")
    assert not [word for word in english if word in plain]
    assert "(horloge du nœud)" in plain


def flat(text: str) -> str:
    """Without the breaks of its lines."""
    return " ".join(text.split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_sentence_with_the_same_blanks(language: str) -> None:
    english, other = sentences("en"), sentences(language)
    assert list(english) == list(other)
    for name, sentence in english.items():
        assert sorted(blanks(sentence)) == sorted(blanks(other[name]))


def blanks(sentence: str) -> list[str]:
    return [part.split("}")[0] for part in sentence.split("{")[1:]]


def test_every_certificate_is_marked_for_counsel(made: Path) -> None:
    found = {name: text for name, text in texts(made).items() if name.startswith("certificates/")}
    assert len(found) == 5
    assert all("for review by counsel" in text.split("\n")[0].lower() for text in found.values())


def test_a_printed_page_breaks_no_line_of_the_templates_and_the_words(made: Path) -> None:
    told = {
        name: text for name, text in texts(made).items() if name.startswith(("README", "certificates/", "system/desc"))
    }
    long = [line for text in told.values() for line in text.split("\n") if len(line) > WIDTH and " " in line.strip()]
    assert len(told) == 9
    assert long == []


def test_by_hand_a_later_timestamp_is_not_called_missing_nor_this_ones(tmp_path: Path) -> None:
    """The README says that a later tree was stamped; VERIFY.txt must not say that there is nothing."""
    scene = Scene(tmp_path, is_stamped_late=True)
    told = texts(scene.package())
    assert "signed the same tree or a later one" in flat(told["README.txt"])
    assert "8. A timestamp authority signed a later checkpoint" in told["VERIFY.txt"]


@pytest.mark.parametrize("is_stamped_late", [False, True])
def test_the_method_by_hand_works_exactly_as_written(tmp_path: Path, *, is_stamped_late: bool) -> None:
    """Every indented line of VERIFY.txt, in one shell, with sha256sum and openssl and nothing of ours."""
    scene = Scene(tmp_path, is_stamped_late=is_stamped_late)
    made = scene.package()
    tmp_path = tmp_path / "unpacked"
    with zipfile.ZipFile(made) as opened:
        opened.extractall(tmp_path)
    (tmp_path / "ROOT.pem").write_bytes(scene.root_pem())
    lines = (tmp_path / "VERIFY.txt").read_text().splitlines()
    script = "set -e\n" + "\n".join(line[4:] for line in lines if line.startswith("    ")) + "\n"
    run = subprocess.run(["sh"], input=script, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count("RIGHT") == 8
    assert run.stdout.count("Signature Verified Successfully") == 6
    with zipfile.ZipFile(made) as opened:
        assert run.stdout.count(": OK") == len(opened.namelist()) - 2 + 1
    assert "Verification: OK" in run.stdout
    assert run.stdout.count("Time stamp: ") == 1
    changed = script.replace("sha256sum -c SUMS", "printf x >> original/media-001.webm; sha256sum -c SUMS")
    assert subprocess.run(["sh"], input=changed, cwd=tmp_path, capture_output=True, text=True, check=False).returncode


def test_by_hand_a_file_that_nobody_listed_is_noticed(made: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(made) as opened:
        opened.extractall(tmp_path)
    lines = (tmp_path / "VERIFY.txt").read_text().splitlines()
    script = "\n".join(line[4:] for line in lines if line.startswith("    ") and "SUMS" in line)

    def is_right() -> bool:
        return (
            b"RIGHT"
            in subprocess.run(["sh"], input=script.encode(), cwd=tmp_path, capture_output=True, check=False).stdout
        )

    assert is_right()
    (tmp_path / "original" / "media-009.webm").write_bytes(b"put in")
    assert not is_right()


def test_schedule_and_holds_stand_in_words_with_who_ordered_them_and_when(made: Path) -> None:
    plain = texts(made)["retention.txt"]
    assert "  encounter: 90\n" in plain
    assert "number 1, entry 7 of the log" in plain
    assert "No legal hold was noted" in plain
    node: dict[str, Value] = {
        "retention": {"days": {"encounter": 10}, "leaf": 99, "stewards": ["aa", "bb"], "table": 2}
    }
    at = 1_800_000_000_000
    acts: list[dict[str, Value]] = [
        {"at": at, "actor": "steward:aa", "action": "held", "reason": "court-order"},
        {"at": at, "actor": "steward:bb", "action": "held", "reason": "court-order"},
        {"at": at + 86_400_000, "actor": "steward:aa", "action": "release_proposed", "reason": ""},
        {"at": at, "actor": "phone", "action": "created", "reason": "encounter"},
    ]
    held = retention(node, acts)
    assert "signed by the city key and aa and bb" in held
    assert "2027-01-15 08:00:00 UTC: held by steward:bb, reason: court-order\n" in held
    assert "2027-01-16 08:00:00 UTC: release asked for by steward:aa\n" in held
    assert "phone" not in held
    assert "No table stood in the node's log yet" in retention({"retention": {"days": {}, "table": 0}}, [])
    assert "not stated by the node" in retention({}, [])


def test_a_node_cannot_write_lines_of_its_own_into_the_words(made: Path) -> None:
    hostile = "x\n  2020-01-01: held by steward:forged\x1b[2J"
    acts: list[dict[str, Value]] = [{"at": "soon", "actor": hostile, "action": "held", "reason": hostile}]
    text = retention({"origin": hostile, "retention": {"days": {hostile: 3}, "table": 1, "stewards": [hostile]}}, acts)
    assert "\x1b" not in text
    assert not [line for line in text.split("\n") if line.startswith("  2020")]
