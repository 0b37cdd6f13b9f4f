"""The package that a browser makes is, byte for byte, what `tocsin package` makes of the same export, log, key, time and decisions."""

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.client.test_client import NODE, PROJECT, TEXT_MODULES
from tests.evidence.mutations.of_talks import TALK
from tests.evidence.scene import Scene
from tocsin.errors import TocsinError
from tocsin.evidence.calls import Decision
from tocsin.evidence.complete import complete
from tocsin.evidence.log_source import Kept
from tocsin.evidence.opened import Opened
from tocsin.evidence.package import make_package
from tocsin.evidence.sealed import Sealed

KEEP, MUTE = Decision.KEEP, Decision.MUTE
SIGNED, UNSIGNED = True, False
HOSTILE = {"step_ms": 31_000, "chunks": 12, "phone_behind_ms": -7_200_000}

CASES: dict[str, tuple[dict[str, Any], bool, dict[int, Decision]]] = {
    "usual": ({"restart_at": 5}, SIGNED, {}),
    "unsigned": ({}, UNSIGNED, {}),
    "a continuation": ({"continues": ("A" * 22, 41)}, SIGNED, {}),
    "cut": ({"is_stopped": False}, SIGNED, {}),
    "import": ({"kind": "import"}, SIGNED, {}),
    "rehearsal": ({"kind": "rehearsal", "chunks": 6, "is_sample": True}, SIGNED, {}),
    "one witness": ({"witness_count": 1}, SIGNED, {}),
    "no timestamp": ({"is_timestamped": False}, SIGNED, {}),
    "stamped a beat later": ({"is_stamped_late": True}, SIGNED, {}),
    "a broken off import": ({"kind": "import", "is_stopped": False}, SIGNED, {}),
    "nobody elsewhere": ({"witness_count": 0}, SIGNED, {}),
    "unlogged signer": ({"is_logged_custodian": False}, SIGNED, {}),
    "a leaf that was lost": ({"lost_leaf": 1}, SIGNED, {}),
    "a node that announces nothing": ({"is_announcing": False}, SIGNED, {}),
    "notes in many sessions, one of a refusal": ({"session_notes": 5, "is_refused": True}, SIGNED, {}),
    "witnesses whose clocks are behind": ({"witness_skew_s": -30}, SIGNED, {}),
    "no account of the program": ({"system_files": {}}, SIGNED, {}),
    "a checkout with changes": ({"source_commit": "not stated"}, SIGNED, {}),
    "a format that is no text": ({"restart_at": 5, "restart_mime": ["video/webm"]}, SIGNED, {}),
    "another build": ({"build": "ab" * 32}, SIGNED, {}),
    "many beats": (HOSTILE, SIGNED, {}),
    "a talk kept": (TALK, SIGNED, {1: KEEP}),
    "a talk muted": (TALK, UNSIGNED, {1: MUTE}),
    "a talk muted in one that was cut": ({**TALK, "is_stopped": False}, SIGNED, {1: MUTE}),
    "a talk undecided": (TALK, SIGNED, {}),
    "a talk that is not there": ({}, SIGNED, {1: MUTE}),
}


def completed(scene: Scene) -> Path:
    """The scene's export with its log inside."""
    path = scene.place / f"{scene.seed.hex()}-complete.tocsin"
    with Sealed(scene.sealed()) as sealed:
        path.write_bytes(b"".join(complete(Opened.begin(sealed, scene.identity), scene)))
    return path


def made_here(scene: Scene, export: Path, decisions: dict[int, Decision], *, signed: bool) -> str:
    with Sealed(export) as sealed:
        opened = Opened.begin(sealed, scene.identity)
        key = scene.custodian if signed else None
        try:
            parts = make_package(opened, Kept(sealed.log), key, asked_at(scene), decisions=decisions)
        except TocsinError as error:
            return error.code
        return hashlib.sha256(b"".join(parts)).hexdigest()


def asked_at(scene: Scene) -> int:
    return scene.clock.ms // 1000 + 3600


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    """What each of the two made of each case: one run of node for all."""
    place, asked, here = tmp_path_factory.mktemp("same"), [], []
    for name, (changes, signed, decisions) in CASES.items():
        scene = Scene(place, name.encode(), **changes)
        export = completed(scene)
        seed = scene.custodian.seed.hex() if signed else ""
        told = {str(number): str(decision) for number, decision in decisions.items()}
        wanted = {
            "sealed": str(export),
            "identity": scene.identity,
            "seed": seed,
            "at": asked_at(scene),
            "decisions": told,
        }
        asked.append(json.dumps(wanted))
        here.append(made_here(scene, export, decisions, signed=signed))
    ran = subprocess.run(
        [str(NODE), "--import", TEXT_MODULES, "tests/client/make_packages.ts"],
        input="\n".join(asked) + "\n", cwd=PROJECT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-4000:]
    return dict(zip(CASES, zip(here, ran.stdout.split(), strict=True), strict=True))


@pytest.mark.parametrize("name", CASES)
def test_both_make_the_same_bytes_or_refuse_alike(name: str, outcomes: dict[str, tuple[str, str]]) -> None:
    here, there = outcomes[name]
    assert here == there
    assert len(here) == 64 or here in {"call_undecided", "call_unknown"}
