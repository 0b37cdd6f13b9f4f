"""What an operator can set or run is written down, and nothing is written down that is not there."""

import importlib
import re
from collections.abc import Iterator

import click
import msgspec

from tests.rules.tree import PACKAGE, ROOT

SETTINGS_PAGE = ROOT / "docs" / "run" / "settings.md"
COMMANDS_PAGE = ROOT / "docs" / "run" / "commands.md"


def test_every_setting_is_documented_and_no_other() -> None:
    listed = set(re.findall(r"^\| `([a-z_.]+)` \|", SETTINGS_PAGE.read_text(), flags=re.MULTILINE))
    assert listed == set(settings())


def test_every_command_is_documented_and_no_other() -> None:
    listed = set(re.findall(r"^## `tocsin ([^`]+)`", COMMANDS_PAGE.read_text(), flags=re.MULTILINE))
    assert listed == {" ".join(path) for path, _ in commands()}


def test_every_command_says_what_it_does() -> None:
    silent = [" ".join(path) for path, command in commands() if not (command.help or "").strip()]
    assert not silent


def test_every_option_is_documented_under_its_command() -> None:
    sections = re.split(r"^## `tocsin ", COMMANDS_PAGE.read_text(), flags=re.MULTILINE)[1:]
    written = {section.split("`", 1)[0]: section for section in sections}
    missing = []
    for path, command in commands():
        section = written.get(" ".join(path), "")
        for option in command.params:
            names = [name for name in option.opts if name.startswith("--") and name not in section]
            missing += [f"{' '.join(path)} {name}" for name in names]
    assert not missing


def settings() -> Iterator[str]:
    """Names of all settings; those of a nested table with the table's name before them."""
    if not (PACKAGE / "settings.py").exists():
        return
    module = importlib.import_module("tocsin.settings")
    for field in msgspec.structs.fields(module.Settings):
        yield field.name
        inner = nested(field.type)
        if inner is not None:
            yield from (f"{field.name}.{part.name}" for part in msgspec.structs.fields(inner))


def nested(kind: object) -> type[msgspec.Struct] | None:
    """The struct a setting holds, itself or in a list."""
    for one in (kind, *getattr(kind, "__args__", ())):
        if isinstance(one, type) and issubclass(one, msgspec.Struct):
            return one
    return None


def commands() -> list[tuple[tuple[str, ...], click.Command]]:
    """Every command of the program that does something, with the words that call it."""
    if not (PACKAGE / "cli.py").exists():
        return []
    return list(below((), importlib.import_module("tocsin.cli").main))


def below(path: tuple[str, ...], command: click.Command) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """The commands of a group, and of the groups in it."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        one = command.get_command(context, name)
        assert one is not None
        yield from below((*path, name), one)
