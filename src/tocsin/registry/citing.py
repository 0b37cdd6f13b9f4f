"""How a page of the registry is cited: three styles, each with the link that stays, the day and the hash of what it showed. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tocsin.registry.days import iso

WHO = "Tocsin registry"
_BRACES = re.compile(r"[{}\\]")


@dataclass(frozen=True)
class Cited:
    """What a citation needs. `day`: since 1970, of the newest claim that the version knows."""

    caption: str
    link: str
    host: str
    day: int
    hash: str
    id: str

    @property
    def short_hash(self) -> str:
        return self.hash[:16]


def citations(one: Cited) -> Mapping[str, str]:
    """By the names of the styles."""
    day = iso(one.day)
    who = f"{WHO}, {one.host}" if one.host else WHO
    key = re.sub(r"[^A-Za-z0-9]+", "-", one.id).strip("-")
    title = _BRACES.sub("", one.caption)
    return {
        "APA": f"{who}. ({day[:4]}). {one.caption} [Version of {day}, SHA-256 {one.short_hash}]. {one.link}",
        "ISO 690": f"{who.upper()}. {one.caption} [online]. Version of {day}, SHA-256 {one.short_hash}. Available at: {one.link}",
        "BibTeX": (
            f"@misc{{{key}, title = {{{title}}}, author = {{{{{who}}}}}, year = {{{day[:4]}}}, "
            f"note = {{Version of {day}, SHA-256 {one.hash}}}, url = {{{one.link}}}}}"
        ),
    }
