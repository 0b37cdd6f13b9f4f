"""What a package tells of how the node ran: counted from its own files, and never blank."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.evidence.scene import T0, Scene
from tocsin.evidence.operation import token_time
from tocsin.evidence.verify import Token, verify


def told(made: Path) -> Any:
    with zipfile.ZipFile(made) as opened:
        return json.loads(opened.read("system/operation.json"))


def member(made: Path, name: str) -> Any:
    with zipfile.ZipFile(made) as opened:
        return json.loads(opened.read(name))


def test_beats_are_counted_from_the_leaves(made: Path) -> None:
    leaves, beats = member(made, "log/leaves.json"), told(made)["beats"]
    assert (beats["leaves"], beats["first"], beats["last"]) == (len(leaves), leaves[0]["beat"], leaves[-1]["beat"])
    assert (beats["late"], beats["without_leaf"], beats["longest_s"], beats["beat_seconds"]) == (0, 0, 60, 60)


def test_a_beat_that_left_no_leaf_is_told_and_makes_the_time_between_two_longer(tmp_path: Path) -> None:
    made = Scene(tmp_path, b"a lost leaf", lost_leaf=2, chunks=12, is_timestamped=False).package()
    beats = told(made)["beats"]
    assert (beats["without_leaf"], beats["longest_s"]) == (1, 120)


def test_clocks_of_others_stand_beside_the_beat(made: Path) -> None:
    leaves, clocks = {one["tree_size"]: one for one in member(made, "log/leaves.json")}, told(made)["clocks"]
    assert {one["tree_size"] for one in clocks if one["beat"]} == set(leaves)
    for one in clocks:
        assert {witness["name"] for witness in one["witnesses"]} == {"w1.example", "w2.example"}
        seen = [*one["witnesses"], *one["timestamps"]]
        assert len(seen) == 3
        expected = [None if one["beat"] is None else clock["at"] - one["beat"] for clock in seen]
        assert [clock["after_beat_s"] for clock in seen] == expected
    assert all(0 <= clock["after_beat_s"] <= 60 for one in clocks if one["beat"] for clock in one["witnesses"])


def test_a_witness_whose_clock_is_behind_signs_before_the_beat(tmp_path: Path) -> None:
    made = Scene(tmp_path, b"behind", witness_skew_s=-30, is_timestamped=False).package()
    last = [one for one in told(made)["clocks"] if one["beat"]][-1]
    assert [one["after_beat_s"] < 0 for one in last["witnesses"]] == [True, True]


def test_sessions_of_notes_are_counted_from_the_sealed_ones(tmp_path: Path) -> None:
    scene = Scene(tmp_path, b"sessions", session_notes=5, is_timestamped=False)
    sessions = told(scene.package())["sessions"]
    assert [one["first"] for one in sessions] == list(range(0, len(scene.sealed_notes), 5))
    assert sum(one["notes"] for one in sessions) == len(scene.sealed_notes)


def test_what_the_node_refused_is_told(tmp_path: Path) -> None:
    scene = Scene(tmp_path, b"refused", is_refused=True, is_timestamped=False)
    made = scene.package()
    (refusal,) = told(made)["refusals"]
    assert refusal["reason"] == "chunk_conflict"
    assert refusal["at"] > T0
    assert verify(made).steps[7].status == "PASS"


def test_what_nobody_keeps_is_said_and_what_an_older_node_did_not_say(tmp_path: Path) -> None:
    older = told(Scene(tmp_path, b"older", is_announcing=False, is_timestamped=False).package())
    assert older["beats"]["beat_seconds"] == "not stated by the node"
    assert any("keeps no diary" in sentence for sentence in older["about"])
    assert any("No verifier computes it again" in sentence for sentence in older["about"])


def test_the_time_of_a_token_is_that_which_the_verifier_reads(scene: Scene, made: Path) -> None:
    with zipfile.ZipFile(made) as opened:
        tokens = [opened.read(name) for name in opened.namelist() if name.endswith(".tsr")]
    assert tokens
    assert [token_time(raw) for raw in tokens] == [Token(raw).time for raw in tokens]


@pytest.mark.parametrize(
    "raw", [b"", b"\x18\x0f20270231000000Z", b"\x18\x0f20270101246000Z", b"\x18\x0e20270101000000"]
)
def test_a_token_without_a_time_that_can_be_read_has_none(raw: bytes) -> None:
    assert token_time(raw) is None
