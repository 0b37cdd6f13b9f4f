"""What a node hands out about its program is what the lock files, the build and the documents of trials say."""

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.evidence import bill_of_materials
from tests.evidence.scene import Scene
from tests.rules.lock_files import hosts
from tocsin import __version__
from tocsin.evidence.system_description import system_files

PROJECT = Path(__file__).parents[2]
TRIALS: list[dict[str, Any]] = json.loads(system_files()["validation.json"])["trials"]


def test_the_bill_is_made_of_the_lock_files_and_the_build() -> None:
    """Otherwise: build the client and run `python -m tests.evidence.bill_of_materials`, as `./run lock` does."""
    assert system_files()["sbom.json"] == bill_of_materials.made()


def test_the_bill_names_what_runs_and_no_host() -> None:
    raw = system_files()["sbom.json"]
    told = json.loads(raw)
    names = {one["name"] for one in told["components"]}
    assert names >= {
        "cryptography",
        "litestar",
        "msgspec",
        "sqlalchemy",
        "uvicorn",
        "pyrage",
        "@noble/curves",
        "age-encryption",
    }
    assert not names & {"pytest", "mypy", "esbuild", "typescript", "tocsin"}
    assert (told["bomFormat"], told["specVersion"], told["metadata"]["component"]["version"]) == (
        "CycloneDX",
        "1.5",
        __version__,
    )
    assert hosts(raw.decode()) == set()
    assert len({one["purl"] for one in told["components"]}) == len(told["components"])


def written() -> str:
    """The documents of trials, without their marks of type and the ends of their lines."""
    pages = json.loads(system_files()["validation.json"])["told_in"]
    return plain("\n".join((PROJECT / page).read_text() for page in pages))


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("**", "").replace("`", ""))


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: f"{trial['trial']} {trial['date']}")
def test_a_figure_stands_in_the_documents_beside_its_command_and_date(trial: dict[str, Any]) -> None:
    text = written()
    assert text.count(trial["found"]) == 1
    at = text.index(trial["found"])
    before = text[max(0, at - 6000) : at]
    assert trial["date"] in before
    assert trial["command"] in before
    for name, value in trial["figures"].items():
        is_absence = value == 0 and name in {"changed_and_not_found", "honest_and_refused"}
        assert is_absence or re.search(
            rf"(?<![\d.,]){re.escape(spelled(value))}(?![\d]|[.,]\d)", before[-400:] + trial["found"]
        ), name
    load = re.search(r"load \d+(?: to \d+)?", trial["machine"])
    assert not load or load[0] in before or load[0] in text[at : at + 600]


def spelled(value: float) -> str:
    return f"{value:,}"


def test_a_goal_that_was_not_met_is_called_so() -> None:
    told = {trial["trial"] for trial in TRIALS if "not met" in trial["met"]}
    assert told >= {"F1", "F3", "loss"}


def test_every_trial_that_the_page_of_trials_has_is_told() -> None:
    seen = set(re.findall(r"^\| (F\d+) \| `", (PROJECT / "docs/run/faults.md").read_text(), re.MULTILINE))
    assert seen <= {trial["trial"] for trial in TRIALS}
    assert {"mutations", "loss", "verify"} <= {trial["trial"] for trial in TRIALS}


def test_the_figures_are_of_this_version() -> None:
    assert json.loads(system_files()["validation.json"])["version"] == __version__


def test_a_package_has_what_the_node_handed_out_as_it_was(tmp_path: Path) -> None:
    scene = Scene(tmp_path, b"system files", is_timestamped=False)
    with zipfile.ZipFile(scene.package()) as made:
        assert {name: made.read(f"system/{name}") for name in scene.system_files} == scene.system_files


def test_of_an_older_export_the_package_says_that_the_node_did_not_state_it(tmp_path: Path) -> None:
    scene = Scene(tmp_path, b"no system files", system_files={}, is_timestamped=False)
    with zipfile.ZipFile(scene.package()) as made:
        for name in ("sbom.json", "validation.json"):
            assert json.loads(made.read(f"system/{name}")) == {"told": "not stated by the node"}
