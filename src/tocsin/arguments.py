"""Numbers and keys on the command line. Base64url has a dash, so one number in sixty-four begins like an option."""

import re
from collections.abc import Sequence

import click

from tocsin.ids import unb64

MARK = "="
"""Stands before an argument that begins with a dash; no number has one."""

_LENGTHS = re.compile(r"-[A-Za-z0-9_-]{21}|-[A-Za-z0-9_-]{42}")
_OPTION = re.compile(r"--[a-z]+(-[a-z]+)*")


class Number(click.ParamType[str]):
    """A number or a key in base64url, or whatever else its command takes; with or without `MARK`."""

    name = "number"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ARG002  click's signature
        return value.removeprefix(MARK)


NUMBER = Number()


def marked(arguments: Sequence[str]) -> list[str]:
    """The arguments, those that are numbers of 16 or 32 bytes and begin with a dash behind `MARK`."""
    return [MARK + one if _is_number(one) else one for one in arguments]


def _is_number(text: str) -> bool:
    if not _LENGTHS.fullmatch(text) or _OPTION.fullmatch(text):
        return False
    try:
        unb64(text)
    except ValueError:
        return False
    return True
