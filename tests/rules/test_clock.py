"""Only clock.py asks for the time or for randomness, so that a trial can move both and a reader finds both."""

import ast

from tests.rules.tree import PACKAGE, python, short

CALLS = frozenset({"datetime.now", "datetime.utcnow", "date.today", "os.urandom", "os.getrandom", "uuid.uuid4"})
MODULES = frozenset({"time", "random", "secrets"})


def test_only_the_clock_asks_for_time_or_randomness() -> None:
    wrong = []
    for path, tree in python("src"):
        if path != PACKAGE / "clock.py":
            wrong += [f"{short(path)}:{line} {what}" for what, line in asked(tree)]
    assert not wrong


def test_no_test_sleeps() -> None:
    """A test waits for a condition with a deadline (tests/waiting.py), never for a length of time."""
    wrong = []
    for path, tree in python("tests"):
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and path.name != "waiting.py"]
        wrong += [f"{short(path)}:{node.lineno}" for node in calls if ast.unparse(node.func) in {"time.sleep", "sleep"}]
    assert not wrong


def asked(tree: ast.Module) -> list[tuple[str, int]]:
    """Imports and calls that reach the machine's time or randomness."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names if alias.name in MODULES]
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            found.append((str(node.module), node.lineno))
        elif isinstance(node, ast.Call) and ".".join(ast.unparse(node.func).split(".")[-2:]) in CALLS:
            found.append((ast.unparse(node.func), node.lineno))
    return found
