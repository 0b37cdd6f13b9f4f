"""The README of a package in plain words, in English, Spanish and French, from the package's own facts.

Each language is a file of the same sentences under the same names; `readme` puts them together. What is missing is said
first and in capitals: an absence must not be quieter than a presence.
"""

from collections.abc import Iterator
from functools import cache
from importlib import resources

from tocsin.evidence.facts import Facts, span, utc, utc_ms

LANGUAGES = ("en", "es", "fr")
WIDTH = 88
"""What a sheet of A4 or Letter holds of a browser's plain text."""


@cache
def sentences(language: str) -> dict[str, str]:
    """The sentences of one of `LANGUAGES`, by name."""
    text = resources.files(__name__).joinpath(f"{language}.txt").read_text(encoding="utf-8")
    return dict(line.split(": ", 1) for line in text.splitlines())


def marked(text: str, facts: Facts, language: str = "en") -> str:
    """A text that says at its head and at its foot what the recording is not; printed, it goes over two pages at most."""
    told = (("rehearsal", facts.kind == "rehearsal"), ("import", facts.kind == "import"), ("sample", facts.is_sample))
    words = sentences(language)
    marks = "".join(f"*** {words[f'mark_{name}']} ***\n" for name, is_so in told if is_so)
    return f"{marks}\n{text}\n{marks}" if marks else text


def readme(facts: Facts, language: str) -> str:
    """The README in one of `LANGUAGES`."""
    words = of_kind(language, facts)
    parts = [words["title"], " ".join((words["what"].format(recording=facts.recording), words["made"], words["holds"]))]
    missing = list(_missing(facts, words))
    parts += [words["missing_title"], *missing] if missing else [words["nothing_missing"]]
    parts += [words["shows_title"], *_shows(facts, words)]
    parts += [words["not_title"], *(words[name] for name in ("not_scene", "not_clock", "not_who", "not_outside"))]
    parts += [words["files_title"], *_files(facts, words), words["key_warning"], words["verify"], words["advice"]]
    return marked("\n\n".join(_fold(part) for part in parts) + "\n", facts, language)


def of_kind(language: str, facts: Facts) -> dict[str, str]:
    """The sentences as they are true of this one: a file that was filmed before, chunks that are withheld and what was cut have some
    of their own.
    """
    words = sentences(language)
    kind = "_import" if facts.kind == "import" else "_withheld" if facts.withheld else ""
    endings = (kind,) if facts.is_stopped else (f"{kind}_cut", kind)
    return {
        name: next((words[name + ending] for ending in endings if name + ending in words), sentence)
        for name, sentence in words.items()
    }


def _missing(facts: Facts, words: dict[str, str]) -> Iterator[str]:
    """Everything a reader must not overlook."""
    witnesses = len({name for name, _ in facts.witnesses})
    told = (
        ("sample", facts.is_sample),
        ("rehearsal", facts.kind == "rehearsal"),
        ("import", facts.kind == "import"),
        ("cut", not facts.is_stopped),
        ("continues", facts.continues is not None),
        ("call", facts.calls > 0),
        ("withheld", facts.muted > 0),
        ("receipts", facts.receipt_count < facts.chunk_count),
        ("leaf", facts.leaf_count == 0),
        ("tail", facts.leaf_count > 0 and facts.uncovered > 0),
        (f"witnesses_{witnesses}", facts.leaf_count > 0 and witnesses < 2),
        ("timestamp", not facts.timestamps),
        ("signature", facts.custodian is None),
        ("log_of_signer", facts.custodian is not None and facts.custodian_index is None),
    )
    before, newest = facts.continues or (None, None)
    for name, is_so in told:
        if is_so:
            counts = {"withheld": facts.withheld, "receipts": facts.chunk_count - facts.receipt_count}
            seq = newest if name == "continues" else facts.covered_seq
            yield words[f"missing_{name}"].format(count=counts.get(name, facts.uncovered), seq=seq, recording=before)


def _shows(facts: Facts, words: dict[str, str]) -> Iterator[str]:
    yield words["shows_bytes"].format(count=facts.chunk_count, length=span(facts.length_ms))
    yield words["shows_order"]
    yield from _times(facts, words)
    if facts.custodian is not None:
        yield words["shows_custodian"].format(key=facts.custodian, at=utc(facts.made_at))
    yield words["shows_stop" if facts.is_stopped else "shows_cut"]
    for reason, start, end in facts.gaps:
        told = words.get(f"gap_{reason}", reason)
        yield words["shows_gap"].format(reason=told, start=span(start), end=span(end))


def _times(facts: Facts, words: dict[str, str]) -> Iterator[str]:
    """Who says when, from the least to the most independent."""
    if facts.first_received_ms is not None:
        times = {"first": utc_ms(facts.first_received_ms), "last": utc_ms(facts.last_received_ms)}
        yield words["shows_received"].format(**times)
    if facts.receipt_count:
        yield words["shows_receipts"].format(count=facts.receipt_count)
    if facts.started_ms is not None:
        yield words["shows_phone_clock"].format(at=utc_ms(facts.started_ms))
    if facts.leaf_count:
        yield words["shows_leaves"].format(count=facts.leaf_count, beat=utc(facts.last_beat), seq=facts.covered_seq)
    if facts.witnesses:
        yield words["shows_what_witness"]
    for name, time in facts.witnesses:
        yield words["shows_witness"].format(name=name, at=utc(time))
    for name in facts.timestamps:
        yield words["shows_timestamp"].format(name=name)


def _files(facts: Facts, words: dict[str, str]) -> Iterator[str]:
    for one in facts.originals:
        yield words["original"].format(name=one.name, size=one.size, sha256=one.sha256)
    yield words["files"]
    yield words["files_system"]


def _fold(paragraph: str) -> str:
    """Lines of at most `WIDTH`, unless one word is longer. Lines of a list stay lines."""
    return "\n".join(_fold_line(line) for line in paragraph.split("\n"))


def _fold_line(line: str) -> str:
    rows, indent = [""], "  " if line.startswith("- ") else ""
    for word in line.split(" "):
        longer = f"{rows[-1]} {word}" if rows[-1].strip() else rows[-1] + word
        if len(longer) > WIDTH and rows[-1].strip():
            rows.append(indent + word)
        else:
            rows[-1] = longer
    return "\n".join(rows)
