"""Who may import whom. The order itself stands in pyproject.toml, where import-linter reads it."""

import ast
import tomllib

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from tests.rules.tree import PACKAGE, ROOT, python, rooms, short


def test_layers_are_kept() -> None:
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml")) == EXIT_STATUS_SUCCESS


def test_rooms_never_import_rooms() -> None:
    names = {room.name for room in rooms()}
    meetings = []
    for room in rooms():
        for path, tree in python(short(room)):
            meetings += [f"{short(path)} imports {other}" for other in imported(tree) & (names - {room.name})]
    assert not meetings, "rooms meet only in app.py"


def test_every_room_has_a_layer() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    [contract] = settings["tool"]["importlinter"]["contracts"]
    layers = " ".join(contract["layers"])
    missing = [room.name for room in rooms() if room.name not in layers]
    assert not missing
    assert (PACKAGE / "__init__.py").exists()


def imported(tree: ast.Module) -> set[str]:
    """Names of the packages directly below `tocsin` that a module imports."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("tocsin.")}
        elif isinstance(node, ast.ImportFrom) and node.module == "tocsin":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tocsin."):
            found.add(str(node.module).split(".")[1])
    return found
