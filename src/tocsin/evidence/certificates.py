"""Templates that a person may fill in and sign, from a package's own facts. In our words, and for counsel to review before any use.

The rules they are made for: Federal Rules of Evidence 901(b)(1), 902(11), 902(13), 902(14); 28 U.S.C. 1746; article 202 of
the French code of civil procedure. Nothing here was reviewed by counsel.
"""

from functools import cache
from importlib import resources

from tocsin.evidence.facts import Facts, utc, utc_ms
from tocsin.evidence.words_of_package import marked, of_kind

SIGNED = ("fre-902-13-system", "fre-902-14-copy", "fre-901-b-1-person-with-knowledge")
"""Those that end in an unsworn declaration."""

UNSIGNED = ("fre-902-notice-letter", "fr-cpc-202-attestation")


HEADS = {"en": "head", "fr": "tete"}
BLOCKS = {"en": "facts", "fr": "faits"}


@cache
def text(name: str) -> str:
    """A text of `texts/`, which the browser's producer reads too."""
    return resources.files("tocsin.evidence").joinpath("texts", f"{name}.txt").read_text(encoding="utf-8")


def certificates(facts: Facts, package_id: str) -> dict[str, str]:
    """The templates by file name."""
    made = {}
    for name in (*SIGNED, *UNSIGNED):
        language = "fr" if name.startswith("fr-") else "en"
        head, foot = text(HEADS[language]), text("signed") if name in SIGNED else ""
        whole = head + text(name).format(facts=_told(facts, package_id, language)) + foot
        made[f"{name}.txt"] = marked(whole, facts, language)
    return made


def _told(facts: Facts, package_id: str, language: str) -> str:
    """The block of facts, in the language of the template around it."""
    words, block = of_kind(language, facts), text(BLOCKS[language])
    state = words["state_stopped" if facts.is_stopped else "state_cut"]
    kinds = [state, words.get(f"kind_{facts.kind}", facts.kind)]
    kinds += [words["of_sample"]] if facts.is_sample else []
    kinds += [words["of_withheld"].format(count=facts.withheld)] if facts.withheld else []
    lines = (
        f"    {words['original'].format(name=one.name, size=one.size, sha256=one.sha256)}\n" for one in facts.originals
    )
    column = next(line.index("{chunks}") for line in block.splitlines() if "{chunks}" in line)
    return block.format(
        recording=facts.recording,
        package=package_id,
        made=utc(facts.made_at),
        chunks=("\n" + " " * column).join([str(facts.chunk_count), *kinds]),
        first=utc_ms(facts.first_received_ms),
        last=utc_ms(facts.last_received_ms),
        originals="".join(lines).replace(", SHA-256 ", "\n      SHA-256 "),
    )
