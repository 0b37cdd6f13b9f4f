"""What one start worked out for the next: compiled templates and read sentences, beside Python's own compiled modules.

Whoever may write there may write the program's code as well, so nothing is believed that was not believed before. Where this process
may not write, as in a release that another user installed, every start works it out anew and is half a second longer.
"""

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from pickle import UnpicklingError

import jinja2
import msgspec
from jinja2 import Environment, FileSystemBytecodeCache
from jinja2.bccache import Bucket

FOLDER = Path(__file__).parent / "__pycache__"


class CompiledTemplates(FileSystemBytecodeCache):
    """Templates as Python code, each kept under its name and believed only for the very source it was made of."""

    def __init__(self, environment: Environment, folder: Path = FOLDER) -> None:
        """Another release of the compiler and other settings of `environment` are another file."""
        settings = (
            environment.autoescape,
            environment.trim_blocks,
            environment.lstrip_blocks,
            environment.undefined.__name__,
            environment.code_generator_class.__qualname__,
        )
        made_by = hashlib.sha256(repr((jinja2.__version__, settings)).encode()).hexdigest()[:8]
        super().__init__(str(folder), f"template-{made_by}-%s.cache")

    def load_bytecode(self, bucket: Bucket) -> None:
        try:
            super().load_bytecode(bucket)
        except (OSError, EOFError, UnpicklingError):
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)


def digest(paths: Iterable[Path]) -> str:
    """SHA-256 in hex over files as they are now, in order, each with its name and length before it."""
    total = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        total.update(f"{path.name}\n{len(content)}\n".encode() + content)
    return total.hexdigest()


class Sentences(msgspec.Struct):
    """A language as it was read. `made_of`: the digest of the files it was read from; keys as in `Language`."""

    made_of: str
    single: dict[str, str]
    plural: dict[str, dict[str, str]]


def load_sentences(code: str, made_of: str, folder: Path = FOLDER) -> Sentences | None:
    """What was kept of a language, or None when it was made of other files or is not whole."""
    try:
        kept = msgspec.json.decode(_sentences(code, folder).read_bytes(), type=Sentences)
    except (OSError, msgspec.DecodeError):
        return None
    return kept if kept.made_of == made_of else None


def keep_sentences(code: str, sentences: Sentences, folder: Path = FOLDER) -> None:
    """Keep a language for the next start; without a word where that cannot be."""
    path = _sentences(code, folder)
    unfinished = path.with_suffix(f".{os.getpid()}")
    try:
        folder.mkdir(exist_ok=True)
        unfinished.write_bytes(msgspec.json.encode(sentences))
        unfinished.replace(path)
    except OSError:
        with suppress(OSError):
            unfinished.unlink()


def _sentences(code: str, folder: Path) -> Path:
    return folder / f"sentences-{code}.json"
