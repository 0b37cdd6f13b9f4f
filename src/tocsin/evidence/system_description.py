"""How the process works, for whoever certifies it (FRE 902(13)), and what is known of retention and holds."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources

from tocsin.crypto.canonical import Value
from tocsin.evidence.facts import utc_ms

SYSTEM_FILES = ("sbom.json", "validation.json")
"""What a node hands out about its program: of what it is made, and what trials of it found."""


@cache
def system_files() -> Mapping[str, bytes]:
    """Those of the program that runs here."""
    folder = resources.files("tocsin.evidence").joinpath("system")
    return {name: folder.joinpath(name).read_bytes() for name in SYSTEM_FILES}


def retention(node: Mapping[str, Value], acts: Sequence[Mapping[str, Value]]) -> str:
    """retention.txt: the schedule as the node said it when it handed the export out, and the holds that its custody notes tell of."""
    lines = [
        "RETENTION AND HOLDS",
        "",
        f"Node: {plain(node.get('origin'))}, rules of: {plain(node.get('pack'))}",
        *_schedule(node.get("retention")),
        "Its owner may ask to erase it before.",
        "What is under legal hold is kept until two stewards release it.",
        "",
        *_holds(acts),
        "",
        "Stewards are named by the ids of their keys,",
        "which stand in the node's log under pseudonyms.",
        "Each line on a hold is an act in custody.jsonl.",
        "Nothing that came after this export was handed out is told here.",
        "",
    ]
    return "\n".join(lines)


def _schedule(told: Value) -> Iterator[str]:
    if not isinstance(told, Mapping):
        yield "Schedule in force: not stated by the node."
        return
    days, signers = told.get("days"), told.get("stewards")
    kept = sorted(days.items()) if isinstance(days, Mapping) else []
    yield "Schedule in force, in days after the day on which a recording began:"
    yield from (f"  {plain(name)}: {count}" for name, count in kept if isinstance(count, int))
    if told.get("table"):
        by = (
            " and ".join(map(plain, signers))
            if isinstance(signers, list) and signers
            else "no stewards: the first table"
        )
        yield f"Newest table: number {told.get('table')}, entry {told.get('leaf')} of the log,"
        yield f"  signed by the city key and {by}."
    else:
        yield "No table stood in the node's log yet: nothing was erased by its time."


def _holds(acts: Sequence[Mapping[str, Value]]) -> Iterator[str]:
    names = {
        "hold_proposed": "hold asked for",
        "held": "held",
        "release_proposed": "release asked for",
        "released": "released",
    }
    told = [act for act in acts if act.get("action") in names]
    if not told:
        yield "No legal hold was noted for this recording."
        return
    yield "Legal hold:"
    for act in told:
        at, reason = act.get("at"), plain(act.get("reason"), otherwise="")
        when = utc_ms(at if isinstance(at, int) else None)
        yield f"  {when}: {names[str(act['action'])]} by {plain(act.get('actor'))}{f', reason: {reason}' if reason else ''}"


def plain(value: object, otherwise: str = "not stated") -> str:
    """A short text of the node's, without anything that a terminal or a page would act on."""
    text = value if isinstance(value, str) else otherwise
    return "".join(c for c in text if c.isprintable())[:120] or otherwise
