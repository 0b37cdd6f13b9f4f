"""Lock files name the public registries and no other host.

npm copies the packages' own funding addresses into package-lock.json; `./run lock` takes them out again.
"""

import json
import re
import sys
from pathlib import Path

from tests.rules.tree import files

PUBLIC = frozenset({"https://pypi.org", "https://files.pythonhosted.org", "https://registry.npmjs.org"})


def lock_files() -> list[Path]:
    """Every file that could tell a package manager where to look."""
    name = re.compile(r"uv\.lock|package-lock\.json|\.npmrc|requirements.*\.txt")
    return [path for path in files() if name.fullmatch(path.name)]


def hosts(text: str) -> set[str]:
    """Scheme and host of every address in a text."""
    return set(re.findall(r"https?://[^/\"\s]+", text))


def without_funding(text: str) -> str:
    """package-lock.json without its advertisements; nothing else changes."""
    lock = json.loads(text)
    for package in lock["packages"].values():
        package.pop("funding", None)
    return json.dumps(lock, indent=2, ensure_ascii=False) + "\n"


def rewrite() -> None:
    """Takes the funding addresses out of this checkout's npm lock files."""
    for path in npm_lock_files():
        path.write_text(without_funding(path.read_text()))


def npm_lock_files() -> list[Path]:
    """The client's, and those of folders with packages of their own."""
    return [path for path in lock_files() if path.name == "package-lock.json"]


if __name__ == "__main__" and sys.argv[1:] == ["--rewrite"]:
    rewrite()
