"""The running node takes files in: counted like anywhere, one wish at a time, and whatever is wrong is said and stops nothing."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.crypto.counted_clock import CountedClock
from tocsin.registry import hand_in as room
from tocsin.registry.hand_in import hand_in
from tocsin.registry.room import Registry
from tocsin.store.db import Database


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    database = Database.open(f"sqlite:///{tmp_path_factory.mktemp('hand-in') / 'node.db'}")
    database.migrate()
    yield Registry.open(database, CountedClock())
    database.close()


def answered(registry: Registry, *files: Path, **changed: Any) -> list[dict[str, Any]]:
    lines: list[bytes] = []
    wish = {"kind": "registry-import", "to": "x", "files": [str(one) for one in files], "form": "ftm", "dataset": "d"}
    hand_in(registry, wish | changed, lines.append)
    return [json.loads(line) for line in b"".join(lines).splitlines()]


def firms(path: Path, count: int) -> Path:
    entity = {"schema": "Company", "properties": {"name": ["Acme Systems LLC"]}}
    path.write_text("".join(json.dumps(entity | {"id": f"h{at}"}) + "\n" for at in range(count)))
    return path


def test_files_are_taken_in_some_rows_a_commit_and_a_broken_one_stops_nothing(
    registry: Registry, tmp_path: Path
) -> None:
    (tmp_path / "broken").write_text("<xml/>")
    said = answered(registry, tmp_path / "broken", tmp_path / "none", firms(tmp_path / "good", 450))
    assert [one["refused"] for one in said[:2]] == ["file_is_markup", "file_unreadable"]
    assert [one["rows"] for one in said[2:5]] == [200, 400, 450]
    assert (said[-1]["file"], said[-1]["kept"]) == ("good", 450)
    again = answered(registry, tmp_path / "good")
    assert (again[-1]["kept"], again[-1]["merged"]) == (0, 450)


@pytest.mark.parametrize("bent", [{"form": "exe"}, {"files": "x"}, {"more": 1}, {"dataset": None}, {"form": "csv"}])
def test_a_wish_that_is_none_is_refused_in_words(registry: Registry, tmp_path: Path, bent: dict[str, Any]) -> None:
    [said] = answered(registry, firms(tmp_path / "good", 1), **bent)
    assert said["refused"] in ("wish_malformed", "file_not_understood", "mapping_malformed")
    assert said["message"]


def test_two_at_once_are_one_and_a_refusal(registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go = threading.Event(), threading.Event()

    def slow(*_: object) -> None:
        begun.set()
        assert go.wait(10)

    with monkeypatch.context() as patched:
        patched.setattr(room, "_one", slow)
        first = threading.Thread(target=answered, args=(registry, firms(tmp_path / "good", 1)))
        first.start()
        assert begun.wait(10)
        [said] = answered(registry, tmp_path / "good")
        go.set()
        first.join()
    assert said["refused"] == "import_under_way"
    assert answered(registry, tmp_path / "good")[-1]["rows"] == 1
