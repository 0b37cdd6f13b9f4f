"""A talk with a lawyer is handed over by decision alone; what is withheld is in no byte of the package, and no more hides there."""

import json
import zipfile
from pathlib import Path
from random import Random

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.evidence.mutations.case import Case, case_of
from tests.evidence.mutations.of_talks import TALK, TALKS, withhold
from tests.evidence.scene import Scene
from tests.evidence.trial_mutations import judge
from tocsin.crypto.stream import MEDIA, nonce_of, parse_chunk
from tocsin.evidence.calls import MOST_AFTER, CallEntangled, CallUndecided, CallUnknown, Decision, Withholding
from tocsin.evidence.opened import Opened
from tocsin.evidence.sealed import Sealed
from tocsin.evidence.verify import Trust, verify

KEEP, MUTE = Decision.KEEP, Decision.MUTE
IN_IT, AFTER = (6, 7, 8), (10,)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(tmp_path_factory.mktemp("talk"), b"talk", **TALK)


@pytest.fixture(scope="module")
def muted(scene: Scene) -> Path:
    return scene.package(decisions={1: MUTE})


def trust_of(scene: Scene) -> Trust:
    return Trust.read(json.dumps(scene.trust()).encode())


def test_each_talk_needs_a_decision_and_no_other_has_one(scene: Scene) -> None:
    for decisions, error in ({}, CallUndecided), ({1: KEEP, 2: MUTE}, CallUnknown), ({2: KEEP}, CallUndecided):
        with pytest.raises(error):
            b"".join(scene.parts(decisions=decisions))


def test_a_muted_talk_is_missing_in_red_and_everything_else_is_proven(scene: Scene, muted: Path) -> None:
    report = verify(muted, trust_of(scene))
    assert [(step.name, step.status, step.codes) for step in report.steps if step.status != "PASS"] == [
        ("chunks", "MISSING", ["withheld"])
    ]
    assert report.exit == 3
    assert any(fact.startswith("Withheld by decision") for fact in report.facts)
    with zipfile.ZipFile(muted) as opened:
        assert "RED: A TALK IS WITHHELD" in opened.read("README.txt").decode()
        calls = json.loads(opened.read("manifest.json"))["calls"]
        assert calls == [{"begin": 5, "decision": "mute", "end": 9, "withheld": 4}]
        assert json.loads(opened.read("made.json"))["decisions"] == [{"call": 1, "decision": "mute"}]
        assert opened.read("original/media-001.webm") == b"".join(scene.body(seq) for seq in (1, 4, 11, 12))


def test_a_kept_talk_is_said_and_signed(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "kept.zip").write_bytes(b"".join(scene.parts(decisions={1: KEEP})))
    report = verify(tmp_path / "kept.zip", trust_of(scene))
    assert report.exit == 0
    with zipfile.ZipFile(tmp_path / "kept.zip") as opened:
        assert "RED: A TALK IS IN IT" in opened.read("README.txt").decode()
        assert json.loads(opened.read("made.json"))["decisions"] == [{"call": 1, "decision": "keep"}]


def test_nothing_withheld_is_in_the_package_and_no_key_in_it_opens_it(scene: Scene, muted: Path) -> None:
    """Not the bytes, not the sealed bytes, not the keys; and those that are shown lead to no other."""
    content = muted.read_bytes()
    with Sealed(scene.sealed()) as sealed:
        opened = Opened.begin(sealed, scene.identity)
        nonce_start, keys = opened.chunk_keys(TALK["chunks"])
        opening_key = opened.opening_key
    assert opening_key.hex().encode() not in content
    with zipfile.ZipFile(muted) as package:
        shown = json.loads(package.read("keys.json"))["chunk_keys"]
    for seq in (*IN_IT, *AFTER):
        chunk = parse_chunk(scene.sealed_chunks[seq])
        assert scene.body(seq) not in content
        assert chunk.ciphertext[:64] not in content
        assert keys[seq].hex().encode() not in content
        assert shown[seq] is None
        for key in filter(None, shown):
            with pytest.raises(InvalidTag):
                AESGCM(bytes.fromhex(key)).decrypt(nonce_of(nonce_start, seq), chunk.ciphertext, chunk.raw[:41])
    assert shown[5] == keys[5].hex()


@pytest.mark.parametrize("kind", TALKS.found)
def test_a_change_to_what_is_withheld_is_found(kind: str, scene: Scene, muted: Path, tmp_path: Path) -> None:
    function, step, code = TALKS.found[kind]
    case = case_of(scene, Random(kind), trust_of(scene), muted)
    (tmp_path / "mutant.zip").write_bytes(function(case))
    assert judge(verify(tmp_path / "mutant.zip", case.trust), step, code) == ""


def test_no_more_can_be_withheld_behind_a_talk_than_a_slice_explains(tmp_path: Path) -> None:
    scene = Scene(tmp_path, b"long after", chunks=MOST_AFTER + 14, step_ms=2000, call_at=5, call_ends_at=7)
    case: Case = case_of(scene, Random(1), trust_of(scene), scene.package(decisions={1: MUTE}))
    for seq in range(9, 8 + MOST_AFTER + 1):
        withhold(case, seq)
    case.change("manifest.json", lambda told: told["calls"][0].update(withheld=case.chunks().__len__()))
    (tmp_path / "mutant.zip").write_bytes(case.resigned())
    assert judge(verify(tmp_path / "mutant.zip", case.trust), "chunks", "withheld_wrong") == ""


def test_what_was_being_recorded_when_a_talk_ended_goes_with_it() -> None:
    """A slice is handed over after it was taken in; one slice may be several chunks of one time."""
    takes = Withholding({1: MUTE}).takes
    told = [
        takes(MEDIA, 1, 1000, None), takes(4, 2, 1500, {"call": "begin"}), takes(MEDIA, 3, 2000, None),
        takes(4, 4, 2500, {"call": "end"}), takes(MEDIA, 5, 3000, None), takes(MEDIA, 6, 3000, None),
        takes(MEDIA, 7, 4000, None), takes(MEDIA, 8, 5000, None), takes(MEDIA, 9, 5000, None),
    ]  # fmt: skip
    assert told == [False, False, True, False, True, True, True, False, False]


def test_a_talk_that_nobody_ended_is_muted_to_the_end_and_a_second_one_ends_the_first() -> None:
    first = Withholding({1: MUTE, 2: KEEP})
    kinds = [(4, {"call": "begin"}), (MEDIA, None), (4, {"call": "begin"}), *[(MEDIA, None)] * 5]
    told = [first.takes(kind, seq, 2000 * seq, said) for seq, (kind, said) in enumerate(kinds)]
    assert told == [False, True, False, True, False, False, False, False]
    assert [(talk.begin, talk.end, talk.withheld) for talk in first.talks] == [(0, 2, 2), (2, None, 0)]
    second = Withholding({1: MUTE})
    assert all(second.takes(MEDIA, 9, 9, None) is False for _ in "x")
    second.takes(4, 1, 1, {"call": "begin"})
    assert all(second.takes(MEDIA, seq, 1000 * seq, None) for seq in range(2, 60))


def test_a_talk_whose_end_no_slice_is_free_of_is_refused() -> None:
    takes = Withholding({1: MUTE}).takes
    takes(4, 0, 0, {"call": "begin"})
    takes(4, 1, 1, {"call": "end"})
    for seq in range(MOST_AFTER):
        assert takes(MEDIA, seq + 2, 5000, None)
    with pytest.raises(CallEntangled):
        takes(MEDIA, 99, 5000, None)
