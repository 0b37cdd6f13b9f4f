"""capture.json says of each thing whether somebody stated it, and who."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.evidence.scene import Scene
from tocsin.evidence.verify import verify

NONE = {"source": "none", "value": "not collected"}


def capture(made: Path) -> Any:
    with zipfile.ZipFile(made) as opened:
        return json.loads(opened.read("capture.json"))


@pytest.mark.parametrize(("kind", "value"), [("encounter", "yes"), ("rehearsal", "yes"), ("import", "no")])
def test_whether_the_page_took_the_pictures_itself(kind: str, value: str, tmp_path: Path) -> None:
    told = capture(Scene(tmp_path, b"controlled", kind=kind, is_timestamped=False).package())["controlled_capture"]
    assert told == {"source": "by the kind of the recording, as the phone stated it at the start", "value": value}


def test_the_source_of_the_build_that_the_phone_ran_by_the_node_that_served_it(made: Path) -> None:
    source = "stated by the node, which served the build that the phone stated"
    assert capture(made)["source_commit"] == {"source": source, "value": "c0" * 20}


@pytest.mark.parametrize("changes", [{"build": "ab" * 32}, {"source_commit": "not stated"}, {"source_commit": "main"}])
def test_no_source_where_nobody_stated_that_of_this_build(changes: dict[str, Any], tmp_path: Path) -> None:
    made = Scene(tmp_path, b"no source", is_timestamped=False, **changes).package()
    assert capture(made)["source_commit"] == NONE
    assert verify(made).steps[3].status == "PASS"


def test_the_entry_of_the_build_or_that_none_is_shown(scene: Scene, made: Path, tmp_path: Path) -> None:
    (index,) = [one["index"] for one in scene.announced if one["kind"] == "release"]
    assert capture(made)["build_entry"] == {"source": "log/announced.json", "value": index}
    other = Scene(tmp_path, b"unknown build", build="ab" * 32, is_timestamped=False).package()
    told = {"source": "log/announced.json", "value": "in no entry that this package shows"}
    assert capture(other)["build_entry"] == told
    unnamed = Scene(tmp_path, b"no build", build="", is_timestamped=False).package()
    assert capture(unnamed)["build_entry"] == NONE
