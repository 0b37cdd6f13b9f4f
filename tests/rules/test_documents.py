"""Documents lead somewhere, tell of every command, and hold nothing of the machine they were written on."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.rules.tree import ROOT, ending, files, short

DOCUMENTS = ending(".md")
WANTED = ("README.md", "CHANGELOG.md", "docs/inventory.md")
BINARY = frozenset({".png", ".ico", ".woff2", ".webm", ".mp4", ".wasm", ".der", ".tsr", ".zip", ".age", ".bin"})


@pytest.mark.parametrize("name", WANTED)
def test_wanted_documents_exist(name: str) -> None:
    assert (ROOT / name).read_text().strip()


@pytest.mark.parametrize("path", DOCUMENTS, ids=short)
def test_links_resolve(path: Path) -> None:
    lost = [target for target in targets(path.read_text()) if not (path.parent / target).exists()]
    assert not lost


@pytest.mark.parametrize("path", DOCUMENTS, ids=short)
def test_files_that_are_named_exist(path: Path) -> None:
    """A document that names a file of the project names one that is there."""
    prose = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    named = re.findall(r"`((?:src|client|tests|docs|vectors|bench)/[\w./-]+)`", prose)
    assert not [name for name in named if not (ROOT / name).exists()]


def test_changelog_has_a_place_for_what_is_not_released() -> None:
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text()


def test_every_run_command_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    missing = [name for name in offered() if f"./run {name}" not in readme]
    assert not missing


def test_help_lists_every_command() -> None:
    assert set(accepted()) - {"seizure"} <= set(offered())
    assert set(offered()) <= set(accepted())


def test_documents_name_only_commands_that_exist() -> None:
    named = {name for path in DOCUMENTS for name in re.findall(r"\./run ([a-z]+)", path.read_text())}
    assert named - set(accepted()) == set()


def test_no_machine_paths() -> None:
    """A path of one machine in a tracked file is a leak about its writer and a bug for everybody else."""
    inside = re.compile(r"/(?:work|root|farm)/|[.]library|/home/[a-z]")
    found = []
    for path in files():
        if path.suffix in BINARY or path == Path(__file__):
            continue
        lines = path.read_text(errors="replace").splitlines()
        found += [f"{short(path)}:{number}" for number, line in enumerate(lines, 1) if inside.search(line)]
    assert not found


def targets(text: str) -> list[str]:
    """Relative targets of Markdown links, without their fragments; code blocks do not count."""
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    found = re.findall(r"\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"", prose)
    found = [link or picture for link, picture in found]
    return [target.split("#")[0] for target in found if not re.match(r"[a-z]+:", target) and not target.startswith("#")]


def offered() -> list[str]:
    """Commands `./run help` lists."""
    listed = subprocess.run(["./run", "help"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return re.findall(r"^  ([a-z]+)\b", listed, flags=re.MULTILINE)


def accepted() -> list[str]:
    """Commands `./run` knows, from its own case statement."""
    script = (ROOT / "run").read_text().rpartition("case $command in")[2]
    return re.findall(r"^  ([a-z]+)(?:\|[^)]*)?\)", script, flags=re.MULTILINE)
