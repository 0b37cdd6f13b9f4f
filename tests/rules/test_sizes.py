"""Small functions in files named for one thing. Prints the figures; the limits are those of CONTRIBUTING.md."""

import ast
from statistics import median, quantiles

import pytest

from tests.rules.tree import ending, python, short

FILE_MOST = 400
FILE_MEDIAN = 150
FUNCTION_MOST = 60
FUNCTION_MEDIAN = 12
FUNCTION_LONG = 30
FUNCTION_LONG_SHARE = 0.06

ONE_THING: dict[str, str] = {
    "src/tocsin/evidence/verify.py": "copied next to a package and run alone: it has to be one file, and imports nothing of ours",
}
"""Files above the limit that are one thing all the same, each with its reason."""


def test_files_are_short(capsys: pytest.CaptureFixture[str]) -> None:
    written = [path for path in ending(".py", ".ts") if path.name != "__init__.py"]
    lengths = {short(path): len(path.read_text().splitlines()) for path in written}
    with capsys.disabled():
        print(f"\nfiles: {figures(list(lengths.values()))}")
    long = {name: length for name, length in lengths.items() if length > FILE_MOST and name not in ONE_THING}
    assert not long
    assert median(lengths.values()) <= FILE_MEDIAN


def test_functions_are_short(capsys: pytest.CaptureFixture[str]) -> None:
    lengths = {}
    for path, tree in python("src"):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lengths[f"{short(path)}:{node.lineno} {node.name}"] = (node.end_lineno or node.lineno) - node.lineno + 1
    with capsys.disabled():
        print(f"\nfunctions: {figures(list(lengths.values()))}")
    assert not {name: length for name, length in lengths.items() if length > FUNCTION_MOST}
    assert median(lengths.values()) <= FUNCTION_MEDIAN
    assert sum(length > FUNCTION_LONG for length in lengths.values()) <= FUNCTION_LONG_SHARE * len(lengths)


def figures(lengths: list[int]) -> str:
    """Count, median, 90th percentile and largest, as a line."""
    return f"{len(lengths)}, median {median(lengths):.0f}, p90 {quantiles(lengths, n=10)[-1]:.0f}, most {max(lengths)} lines"
