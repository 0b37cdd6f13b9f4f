"""What a package shows of the keys and clients that its node announced in the log, and that it says so where it shows nothing."""

import json
import zipfile
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.evidence.mutations.case import Case, case_of
from tests.evidence.mutations.of_announced import without_announcements
from tests.evidence.mutations.of_custody import (
    the_newest_note_signed_by_a_key_put_beside_the_nodes,
    the_newest_note_signed_by_nobody_known,
)
from tests.evidence.scene import Scene
from tocsin.crypto.canonical import Value
from tocsin.evidence.covering import places_told
from tocsin.evidence.log_source import keys_of_config
from tocsin.evidence.verify import Report, Trust, verify


def announced(made: Path) -> Any:
    with zipfile.ZipFile(made) as opened:
        return json.loads(opened.read("log/announced.json"))


def facts(report: Report, start: str) -> list[str]:
    return [fact for fact in report.facts if fact.startswith(start)]


def test_the_receipt_key_and_the_release_stand_under_the_newest_checkpoint(scene: Scene, made: Path) -> None:
    told = announced(made)
    assert [one["kind"] for one in told] == [
        one["kind"] for one in sorted(scene.announced, key=lambda one: one["index"])
    ]
    assert {one["tree_size"] for one in told} == {max(scene.checkpoints)}
    said = {one["kind"]: b64decode(one["entry"]).partition(b"\n")[2] for one in told}
    assert json.loads(said["receipt-key"]) == {"act": "add", "key": scene.receipts.vkey}
    assert json.loads(said["release"])["client"] == "0" * 64


def test_the_verifier_says_where_they_stand(scene: Scene, made: Path, trust: Trust) -> None:
    report, index = verify(made, trust), {one["kind"]: one["index"] for one in scene.announced}
    assert facts(report, "The key of the node's receipts") == [
        f"The key of the node's receipts, {scene.receipts.vkey}, stands in entry {index['receipt-key']} of the log."
    ]
    told = f"The client that the phone says it ran, {'0' * 64}, was announced in entry {index['release']} of the log."
    assert facts(report, "The client") == [told]


def test_a_build_that_the_log_does_not_know_is_called_so(tmp_path: Path) -> None:
    scene = Scene(tmp_path, b"another build", build="ab" * 32, is_timestamped=False)
    (told,) = facts(verify(scene.package()), "The client")
    stands = "is no release that this package shows in the log that the package itself names"
    assert told == f"The client that the phone says it ran, {'ab' * 32}, {stands}."


def test_of_a_node_that_does_not_tell_nothing_is_shown_and_that_is_said(tmp_path: Path) -> None:
    scene = Scene(tmp_path, b"tells nothing", is_announcing=False, is_timestamped=False)
    made = scene.package()
    assert announced(made) == []
    report = verify(made)
    assert report.steps[4].status == "PASS"
    told = facts(report, "The key") + facts(report, "The client")
    assert len(told) == 2
    assert all("that this package shows" in fact for fact in told)
    assert (report.steps[7].status, report.steps[7].codes) == ("NOT PROVEN", ["receipt_key"])


def test_a_package_without_the_member_does_not_prove_whose_key_signed_the_notes_and_says_what_it_does_not_tell(
    scene: Scene, made: Path, trust: Trust, tmp_path: Path
) -> None:
    case: Case = case_of(scene, Random(1), trust, made)
    without_announcements(case)
    (tmp_path / "older.zip").write_bytes(case.resigned())
    report = verify(tmp_path / "older.zip", trust)
    assert [(step.name, step.codes) for step in report.steps if step.status != "PASS"] == [("custody", ["receipt_key"])]
    assert report.exit == 3
    assert facts(report, "The node signed") == []
    assert facts(report, "Whether the key") == [
        "Whether the key of the node's receipts and the client that the phone ran stand in the log is not told in this package."
    ]


@pytest.mark.parametrize(
    "change",
    [the_newest_note_signed_by_nobody_known, the_newest_note_signed_by_a_key_put_beside_the_nodes],
)
def test_what_a_key_signed_that_the_log_does_not_announce_is_not_told_as_the_nodes(
    change: Callable[[Case], bytes], scene: Scene, made: Path, trust: Trust, tmp_path: Path
) -> None:
    case = case_of(scene, Random(1), trust, made)
    notes, receipts = len(case.lines("custody.jsonl")), len(case.lines("log/receipts.txt")) // 8
    (tmp_path / "changed.zip").write_bytes(change(case))
    told = f"The node signed {receipts} receipts for chunks, and {{}} custody notes in all."
    assert facts(verify(made, trust), "The node signed") == [told.format(notes)]
    assert facts(verify(tmp_path / "changed.zip", trust), "The node signed") == [told.format(notes - 1)]


def test_what_the_node_points_at_counts_only_where_it_is_such_an_entry(tmp_path: Path) -> None:
    scene = Scene(tmp_path, b"points elsewhere", is_timestamped=False)
    true = {one["kind"]: one["index"] for one in scene.announced}
    scene.announced = [
        {"index": true["release"], "kind": "receipt-key"},
        {"index": true["receipt-key"], "kind": "receipt-key"},
        {"index": 100_000, "kind": "release"},
    ]
    assert [(one["index"], one["kind"]) for one in announced(scene.package())] == [(true["receipt-key"], "receipt-key")]


@pytest.mark.parametrize(
    "told", [None, {}, "x", [None], [1], [{"index": -1, "kind": "release"}], [{"index": True, "kind": "release"}],
             [{"index": 1, "kind": "beat"}], [{"kind": "release"}], [{"index": "1", "kind": "release"}]],
)  # fmt: skip
def test_what_a_node_does_not_say_well_is_nothing(told: Value) -> None:
    assert places_told({"announced": told}) == []


def test_the_key_of_receipts_comes_from_where_the_node_tells_it() -> None:
    told = {"log": "log.example+a+b", "receipt_key": "log.example/receipts+c+d", "witnesses": []}
    assert keys_of_config(json.dumps(told).encode()).receipts == ("log.example/receipts+c+d",)
