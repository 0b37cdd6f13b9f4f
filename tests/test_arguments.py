"""Numbers that look like options are numbers."""

from collections.abc import Sequence

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tocsin.arguments import MARK, NUMBER, marked
from tocsin.cli import COMMANDS, main
from tocsin.ids import b64


@given(st.sampled_from((16, 32)).flatmap(lambda size: st.binary(min_size=size, max_size=size)))
def test_every_number_reaches_its_command_as_it_was_typed(number: bytes) -> None:
    typed = b64(number)
    (given_on,) = marked([typed])
    assert not given_on.startswith("-")
    assert NUMBER.convert(given_on, None, None) == typed


@pytest.mark.parametrize("arguments", [["-o", "file"], ["--held"], ["-YEQodf"], ["--"], ["-" * 22], ["plain", ""]])
def test_options_and_files_stay_what_they_are(arguments: Sequence[str]) -> None:
    assert marked(arguments) == arguments


def test_no_option_of_any_command_passes_for_a_number() -> None:
    context = click.Context(main)
    waiting = [main.get_command(context, name) for name in COMMANDS]
    options = []
    while waiting:
        command = waiting.pop()
        assert command is not None
        waiting += command.commands.values() if isinstance(command, click.Group) else []
        options += [name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)]
    assert len(options) > 50
    assert [name for name in marked(options) if name.startswith(MARK)] == []


def test_a_number_with_a_dash_is_asked_for_and_not_taken_for_an_option() -> None:
    said = CliRunner().invoke(main, ["sealed", "export", "-YEQodfAuLmcvNe7i6t_-w", "-o", "never-made.tocsin"])
    assert "No such option" not in said.output
