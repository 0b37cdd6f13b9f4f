"""Templates that a person may fill in and sign, from a package's own facts. In our words, and for counsel to review before any use.

The rules they are made for: Federal Rules of Evidence 901(b)(1), 902(11), 902(13), 902(14); 28 U.S.C. 1746; article 202 of
the French code of civil procedure. Nothing here was reviewed by counsel.
"""

from functools import cache
from importlib import resources

from tocsin.evidence.facts import Facts, utc, utc_ms

SIGNED = ("fre-902-13-system", "fre-902-14-copy", "fre-901-b-1-person-with-knowledge")
"""Those that end in an unsworn declaration."""

UNSIGNED = ("fre-902-notice-letter", "fr-cpc-202-attestation")


@cache
def text(name: str) -> str:
    """A text of `texts/`, which the browser's producer reads too."""
    return resources.files("tocsin.evidence").joinpath("texts", f"{name}.txt").read_text(encoding="utf-8")


def certificates(facts: Facts, package_id: str) -> dict[str, str]:
    """The templates by file name."""
    originals = "".join(f"    {one.name}: {one.size} bytes\n      SHA-256 {one.sha256}\n" for one in facts.originals)
    told = text("facts").format(
        recording=facts.recording,
        package=f"{package_id}, made {utc(facts.made_at)}",
        chunks=f"{facts.chunk_count} ({'stopped' if facts.is_stopped else 'CUT'}, {facts.kind})",
        first=utc_ms(facts.first_received_ms),
        last=utc_ms(facts.last_received_ms),
        originals=originals,
    )
    made = {}
    for name in (*SIGNED, *UNSIGNED):
        head = text("tete" if name.startswith("fr-") else "head")
        foot = text("signed") if name in SIGNED else ""
        made[f"{name}.txt"] = head + text(name).format(facts=told) + foot
    return made
