"""A mock subpoena: the answer is the same byte for byte, whoever is asked about, and no recording is looked at."""

import importlib
import json
import pkgutil
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.encounters.conftest import open_node, settings_in
from tests.encounters.phone import Phone
from tests.encounters.test_owner import record
from tests.rules.test_inventory import INVENTORY, rows
from tests.seizure import rooms
from tests.seizure.page import WORDS
from tocsin.cli import main
from tocsin.encounters import start
from tocsin.held import HELD, NEVER
from tocsin.jurisdictions.load import load
from tocsin.web import i18n

LAST = {
    "en": "Answer with counsel.",
    "es": "Responda con asistencia letrada.",
    "fr": "Répondez avec un avocat.",
}

WATCHED = """
import sys
opened = []
sys.addaudithook(lambda name, about: opened.append(str(about[0])) if name in ("open", "sqlite3.connect", "os.listdir") else None)
from tocsin.cli import main
main(sys.argv[2:], standalone_mode=False)
wrong = [path for path in opened if path.startswith(sys.argv[1] + "/")]
assert not wrong, wrong
"""


def settings_of(folder: Path, pack: str = "minneapolis-sample") -> Path:
    told = settings_in(folder)
    file = folder / "node.toml"
    lines = {"folder": told.folder, "runtime": told.runtime, "log_origin": told.log_origin, "pack": pack}
    file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items()))
    return file


def described(settings: Path, language: str = "en") -> bytes:
    result = CliRunner().invoke(main, ["--settings", str(settings), "disclose", "--describe", "--language", language])
    assert result.exit_code == 0, result.output
    return result.stdout_bytes


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
async def test_a_member_and_somebody_nobody_knows_get_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "empty").mkdir()
    node = open_node(tmp_path / "theirs")
    await start.start(node.encounters)
    before = described(settings_of(tmp_path / "theirs"))
    for _ in range(3):
        phone = Phone(node.share_recipient)
        await record(node, phone)
    await node.end()
    for language in i18n.NAMES:
        theirs = described(settings_of(tmp_path / "theirs"), language)
        assert theirs == described(settings_of(tmp_path / "empty"), language)
        assert theirs.decode().strip().endswith(LAST[language])
    assert described(settings_of(tmp_path / "theirs")) == before


def test_nothing_below_the_nodes_folder_is_opened(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    folder = tmp_path / "node"
    folder.mkdir()
    (folder / "tocsin.sqlite").write_bytes(b"not to be read")
    program = [sys.executable, "-c", WATCHED, str(folder), "--settings", str(settings), "disclose", "--describe"]
    asked = subprocess.run(program, capture_output=True, text=True, check=False)
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.encode() == described(settings)


def test_it_answers_nothing_without_being_told_that_it_only_describes(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--settings", str(settings_of(tmp_path)), "disclose"])
    assert (result.exit_code, "nothing_answered" in result.output) == (1, True)
    named = CliRunner().invoke(main, ["--settings", str(settings_of(tmp_path)), "disclose", "--describe", "Jane Doe"])
    assert named.exit_code == 2


def test_the_packs_page_stands_in_it_or_that_there_is_none(tmp_path: Path) -> None:
    sample = load("minneapolis-sample").subpoena_page["es"]
    text = described(settings_of(tmp_path), "es").decode()
    assert sample.title in text
    assert all(paragraph in text for paragraph in sample.paragraphs)
    assert "No page on such letters" in described(settings_of(tmp_path, "france")).decode()


def test_every_stored_thing_is_in_exactly_one_class() -> None:
    """One source: what `disclose` says, `docs/inventory.md` and, through it, the tables in the code are the same."""
    stored = rows(INVENTORY.read_text())
    listed = [name for names in HELD.values() for name in names]
    found = {name: [one for one in listed if fnmatchcase(name, one)] for name in stored}
    wrong = {name: classes for name, classes in found.items() if len(classes) != 1}
    assert not wrong, "put what is new into a class of src/tocsin/held.py"
    assert {one for classes in found.values() for one in classes} == set(listed), "listed, and not stored any more"


def test_what_is_never_held_is_what_the_seizure_trial_looks_for() -> None:
    named = [kind for kinds in NEVER.values() for kind in kinds]
    assert sorted(named) == sorted(looked_for()), "put what is new into a class of src/tocsin/held.py"


def looked_for() -> set[str]:
    """The classes of truths of the trial, those that every room shares and each room's own."""
    modules = [importlib.import_module(f"{rooms.__name__}.{one.name}") for one in pkgutil.iter_modules(rooms.__path__)]
    own = [kind for module in modules for one in vars(module).values() for kind in getattr(one, "words", ())]
    return {*WORDS, *own}
