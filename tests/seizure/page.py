"""docs/run/seizure.md: what a seized node reveals, written from a result and never by hand."""

from collections.abc import Iterator
from pathlib import Path

from tests.seizure.leaks import LEAKS
from tests.seizure.report import Result, classes, is_named

PAGE = Path(__file__).resolve().parents[2] / "docs" / "run" / "seizure.md"
WORDS = {
    "address": "network address of a person, real and in proxies' headers",
    "agent": "browser's name for itself",
    "asked": "word in an address somebody asked for",
    "e-mail": "e-mail address in a header or cookie",
    "identity": "age identity of an owner or recipient, signing key of a steward",
    "language": "language preferences",
    "moment": "exact time at which a second of a finished recording came",
    "name": "name of a person",
    "order": "which recording of a day came first, other than by segments",
    "phone": "telephone number, or its digest",
    "place": "where a recording was made",
    "plate": "number plate",
    "same person": "that two recordings are one person's",
    "sent by mistake": "bodies that were refused, cut short or malformed",
}
"""Classes that every room shares; a room says its own."""
HEAD = """# What a seized node reveals

Written by `./run seizure --write` from a run, not by hand. `./run seizure` is the full form, `./run seizure --short` is part of
`./run journeys`. `--json` makes the last line one JSON object, `--seed N` repeats the invented people and their days. Root is
needed for the disk image and for the memory of the node; without it the rest is done and what is left out is printed.

The node runs in its own mount and network namespace on a fresh ext4 image. Through its real addresses come encounters,
rehearsals and imports, malformed and aborted bodies, names and words where they should not be, a `kill -9` inside a commit, a
restart, days that pass, erasure, expiry, and a sealed export. Then everything is taken: the image with journal and free blocks,
the memory of every process, environment, open files, everything printed, every key, and what two witnesses keep. V0 is a node
that was powered off, V1 one that was left idle (60 s; 10 s in the short form, where the node's own sweep is quicker too), V2
one in mid-traffic. In V2 the requests of that second are in memory (THREATS.md, T2) and their headers are not counted.
"""


def write(result: Result) -> None:
    """Write the page."""
    PAGE.write_text("\n".join(text(result)) + "\n")


def text(result: Result) -> Iterator[str]:
    """Its lines."""
    assert result.clean
    form = "short" if result.is_short else "full"
    yield HEAD
    yield f"This is the {form} form, seed {result.seed}: {result.recovered} recovered from V0 and V1 together.\n"
    yield "## Looked for\n"
    yield "| class | what | true | V2 | V1 | V0 |\n|---|---|---|---|---|---|"
    found = classes(result.clean)
    for kind, what in sorted({**WORDS, **result.clean.words}.items()):
        row = found.get(kind, {})
        yield (
            f"| {kind} | {what} | {row.get('of', 0) or 'asked'} | "
            + " | ".join(str(row.get(variant, 0)) for variant in ("V2", "V1", "V0"))
            + " |"
        )
    yield "\n## Told by order, size and time\n"
    yield "1 is certainty, 0 is nothing; found where a figure passes both 0.05 and what chance does not pass. All that is asked"
    yield "together accuses one honest run in ten thousand.\n"
    yield "| question | answer | chance does not pass | of | |\n|---|---|---|---|---|"
    for name, one in sorted(result.clean.figures.items()):
        named = "named in THREATS.md" if is_named(result.clean, name) else ""
        yield f"| {name} | {one.value:.3f} | {one.limit} | {one.items} | {named} |"
    yield from (f"\nNamed in THREATS.md, and measured: {what}." for what in result.clean.residuals)
    yield "\n## Leaks planted on purpose\n"
    yield "| leak | found as |\n|---|---|"
    told = {leak.name: is_found for leak, is_found in result.planted}
    for leak in LEAKS:
        answer = {True: " in ".join(leak.mark[1:]), False: "MISSED", None: "not planted in this form"}[
            told.get(leak.name)
        ]
        yield f"| {leak.name} | {answer} |"
    if result.clean.skipped:
        yield "\n## Left out\n"
        yield from (f"* {what}" for what in sorted(set(result.clean.skipped)))
