"""`tocsin check` prints what to type next, and that finds the node it was asked about."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.serving import free_ports
from tocsin.cli import SETTINGS_VARIABLE, main


def checked(folder: Path, *arguments: str, **environment: str) -> dict[str, dict[str, object]]:
    """What is said of a node that does not run, by the name of each act."""
    text = f'folder = "{folder / "node"}"\nlog_origin = "a.example/log"\npublic_url = "http://127.0.0.1:{free_ports(1)[0]}"\n'
    (folder / "a node.toml").write_text(text + '[[witnesses]]\nurl = "http://w.example"\nvkeys = []\n')
    ran = CliRunner().invoke(main, [*arguments, "check", "--json"], env=environment)
    assert ran.exit_code == 1
    return {one["name"]: one for one in map(json.loads, ran.output.splitlines())}


def test_what_is_printed_next_finds_the_same_settings(tmp_path: Path) -> None:
    path = str(tmp_path / "a node.toml")
    typed = checked(tmp_path, "--settings", path)
    assert typed["backup"]["next"] == f"tocsin --settings '{path}' backup FILE --to age1..."
    told = checked(tmp_path, **{SETTINGS_VARIABLE: path})
    assert told["backup"]["next"] == "tocsin backup FILE --to age1..."


def test_a_node_that_does_not_answer_is_to_be_started_whatever_was_asked(tmp_path: Path) -> None:
    path = str(tmp_path / "a node.toml")
    told = checked(tmp_path, **{SETTINGS_VARIABLE: path})
    for name in ("recording", "log", "legal desk", "witness http://w.example"):
        assert (told[name]["good"], told[name]["next"]) == (False, "tocsin serve")
        assert told[name]["seen"] in ("nobody answers at that address", "there was no answer in time")


def test_what_init_wrote_here_counts_where_nothing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = CliRunner().invoke(main, ["check"])
    assert "settings_wrong" in ran.output
    (tmp_path / "node.toml").write_text(f'folder = "{tmp_path / "node"}"\nlog_origin = "a.example/log"\n')
    assert "recording: " in CliRunner().invoke(main, ["check"]).output
