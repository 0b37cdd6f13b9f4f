"""The source that this node runs, for whoever uses it (AGPL-3.0 section 13), where the operator names no other place.

From a checkout: everything that git would hold, packed the same way each time. From an installed wheel: the package itself, which
is less than the preferred form, so an operator of a wheel should set `source_url`.
"""

import gzip
import io
import tarfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
# A list of what is ours rather than of what is not: a key or a database that lies in the checkout must never be packed.
PARTS = ("src/tocsin", "client", "locales", "docs", "tests", "bench", "vectors", ".ci")
FILES = ("pyproject.toml", "uv.lock", "package.json", "package-lock.json", "run", ".npmrc")
ENDINGS = frozenset(
    {
        ".py",
        ".ts",
        ".mjs",
        ".css",
        ".html",
        ".json",
        ".toml",
        ".md",
        ".po",
        ".svg",
        ".png",
        ".txt",
        ".csv",
        ".sh",
        ".mako",
        ".webm",
    }
)
LEFT_OUT = frozenset({"node_modules", "__pycache__", "built"})


@cache
def source_archive() -> bytes:
    """A `.tar.gz` of the source, the same bytes each time (no dates, no owner)."""
    root = PACKAGE.parents[1]
    is_checkout = (root / "pyproject.toml").is_file() and (root / "client").is_dir()
    top, paths = (root, checkout_files(root)) if is_checkout else (PACKAGE.parent, files_below(PACKAGE))
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(paths):
            member = tarfile.TarInfo(f"tocsin/{path.relative_to(top).as_posix()}")
            content = path.read_bytes()
            member.size, member.mode = len(content), 0o755 if path.name == "run" else 0o644
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(packed.getvalue(), mtime=0)


def checkout_files(root: Path) -> Iterator[Path]:
    """The files of a checkout that are source."""
    for part in PARTS:
        yield from files_below(root / part)
    yield from (root / name for name in FILES if (root / name).is_file())
    yield from root.glob("*.md")
    yield from root.glob("LICENSE*")


def files_below(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        is_source = path.suffix in ENDINGS or path.name == "run"
        if is_source and path.is_file() and not path.is_symlink() and not LEFT_OUT & set(path.parts):
            yield path
