"""Reads nginx's and Caddy's files as nested directives: enough of both for what is written in ours."""

import re
from collections.abc import Iterator
from typing import NamedTuple

SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}
BYTES = {"": 1, "k": 1024, "m": 1024**2, "kb": 1000, "mb": 1000**2}


class Directive(NamedTuple):
    """A name, its words, and what stands in its braces. `inside` are the names of the blocks around it."""

    name: str
    words: tuple[str, ...]
    inside: tuple[str, ...]


def nginx(text: str) -> list[Directive]:
    """Every directive of an nginx file."""
    plain = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
    return list(_walk(re.findall(r"[{};]|\"[^\"]*\"|[^\s{};]+", plain), ends={";"}))


def caddy(text: str) -> list[Directive]:
    """Every directive of a Caddyfile; a site or the global options are blocks under their first word."""
    words: list[str] = []
    for line in text.splitlines():
        if not line.strip().startswith("#"):
            words += [*line.split(), "\n"]
    return list(_walk(words, ends={"\n"}))


def _walk(tokens: list[str], ends: set[str]) -> Iterator[Directive]:
    inside: list[str] = []
    words: list[str] = []
    for token in tokens:
        if token == "}":
            inside.pop()
        elif token == "{" or token in ends:
            if words:
                yield Directive(words[0], tuple(words[1:]), tuple(inside))
            if token == "{":
                inside.append(words[0] if words else "")
            words = []
        else:
            words.append(token)


def words_of(found: list[Directive], name: str, *inside: str) -> list[tuple[str, ...]]:
    """The words of every directive of a name, within blocks of these names in this order."""
    return [one.words for one in found if one.name == name and one.inside == inside]


def seconds(text: str) -> int:
    match = re.fullmatch(r"(\d+)([smh]?)", text)
    assert match, text
    return int(match[1]) * SECONDS[match[2]]


def size(text: str) -> int:
    match = re.fullmatch(r"(\d+)([a-z]*)", text.lower())
    assert match, text
    return int(match[1]) * BYTES[match[2]]
