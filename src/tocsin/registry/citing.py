"""How a page of the registry is cited: three styles, each with the link that stays, the day and the hash of what it showed. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tocsin.registry.days import iso

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


def citations(one: Cited, say: Callable[..., str]) -> Mapping[str, str]:
    """By the names of the styles. `say`: the sentences of the language that it is cited in."""
    day, who = iso(one.day), say("registry.cite_who")
    who = f"{who}, {one.host}" if one.host else who
    key = re.sub(r"[^A-Za-z0-9]+", "-", one.id).strip("-")
    title = _BRACES.sub("", one.caption)
    told = {"title": one.caption, "day": day, "link": one.link}
    note = say("registry.cite_version", day=day, hash=one.hash)
    fields = {"title": title, "author": f"{{{who}}}", "year": day[:4], "note": note, "url": one.link}
    return {
        "APA": say("registry.cite_apa", who=who, year=day[:4], hash=one.short_hash, **told),
        "ISO 690": say("registry.cite_iso", who=who.upper(), hash=one.short_hash, **told),
        "BibTeX": f"@misc{{{key}, {', '.join(f'{name} = {{{value}}}' for name, value in fields.items())}}}",
    }
