"""Names say what a thing is. Empty names gather strangers; a word has one meaning in a room (GLOSSARY.md)."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rules.tree import ROOT, ending, python, short

EMPTY = frozenset(
    {"utils", "helpers", "common", "misc", "manager", "handler", "processor", "data", "info", "base", "impl", "core"}
)
PEOPLE = frozenset({"user", "victim", "suspect", "sighting"})
"""`owner` of a recording, `member`, `lawyer` and the rest of the glossary say who is meant."""

ROOM_WORDS = {
    "src/tocsin/tlog": {"block", "chain", "ledger", "snapshot", "observer"},
    "src/tocsin/crypto": {"password", "proof"},
    "src/tocsin/encounters": {"blob", "password", "incident"},
}

TERMS = {
    "info": "the HKDF input of that name (RFC 5869)",
}
"""Empty elsewhere, a term in crypto."""

CODE = ending(".py", ".ts", ".mjs", ".css", ".html", ".sh")


@pytest.mark.parametrize("path", CODE, ids=short)
def test_file_names_are_not_empty(path: Path) -> None:
    words = set(re.split(r"[^a-z0-9]+", short(path).lower()))
    assert not words & EMPTY


def test_python_identifiers_are_not_empty() -> None:
    wrong = []
    for path, tree in python():
        banned = (EMPTY | PEOPLE | words_of_room(path)) - terms_of(path)
        wrong += [f"{short(path)}:{line} {name}" for name, line in defined(tree) if name.lower().strip("_") in banned]
    assert not wrong


def test_class_names_have_no_empty_words() -> None:
    wrong = []
    for path, tree in python("src"):
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                words = {word.lower() for word in re.findall(r"[A-Z][a-z0-9]*", node.name)}
                wrong += [f"{short(path)}:{node.lineno} {node.name}"] if words & (EMPTY | PEOPLE) else []
    assert not wrong


def test_typescript_identifiers_are_not_empty() -> None:
    definition = re.compile(r"\b(?:const|let|var|function|class|interface|type|enum)\s+([A-Za-z_$][\w$]*)")
    wrong = []
    for path in ending(".ts", ".mjs", under="client"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            names = [name for name in definition.findall(line) if name.lower() in (EMPTY | PEOPLE) - terms_of(path)]
            wrong += [f"{short(path)}:{number} {name}" for name in names]
    assert not wrong


def words_of_room(path: Path) -> set[str]:
    """Words that are the term of another room than the one this file is in."""
    return {word for folder, words in ROOM_WORDS.items() if path.is_relative_to(ROOT / folder) for word in words}


def terms_of(path: Path) -> set[str]:
    """Words that mean something exact where this file stands."""
    return set(TERMS) if "crypto" in path.parts or path.is_relative_to(ROOT / "tests") else set()


def defined(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every name a module itself gives to something, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr, node.lineno
