"""What the rules read: the tracked and the new files of this checkout, its syntax trees, its rooms."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "tocsin"

FOUNDATIONS = frozenset({"crypto", "store", "tlog", "deliver", "evidence", "people", "web", "jurisdictions", "demo"})
"""Every other folder of the package is a room."""


@cache
def files() -> tuple[Path, ...]:
    """Every file git tracks or would track, so that a new file is judged before it is committed."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    found = (ROOT / name for name in listed.split("\0") if name)
    return tuple(sorted(path for path in found if path.is_file()))


def ending(*suffixes: str, under: str = "") -> list[Path]:
    """Files with one of the suffixes below a folder named from the top of the checkout."""
    return [path for path in files() if path.suffix in suffixes and path.is_relative_to(ROOT / under)]


def python(under: str = "") -> Iterator[tuple[Path, ast.Module]]:
    """Python files below a folder with their syntax trees."""
    for path in ending(".py", under=under):
        yield path, ast.parse(path.read_text(), filename=str(path))


def rooms() -> list[Path]:
    """The folders of the package that hold a capability."""
    folders = (path.parent for path in ending(".py", under="src/tocsin") if path.name == "__init__.py")
    return sorted(path for path in folders if path.parent == PACKAGE and path.name not in FOUNDATIONS)


def short(path: Path) -> str:
    """A path as it is written in documents: from the top of the checkout."""
    return path.relative_to(ROOT).as_posix()
