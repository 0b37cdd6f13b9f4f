"""How the process works, for whoever certifies it (FRE 902(13)), and what is known of retention and holds."""

from collections.abc import Iterator, Mapping, Sequence

from tocsin.crypto.canonical import Value
from tocsin.evidence.facts import utc_ms

DESCRIPTION = """\
HOW THIS RECORDING CAME TO BE

1. A page in a phone's browser asked the camera and microphone for a recording and took it in pieces of about one second.
2. Before the first piece it drew a fresh 32-byte key and a fresh signing key, sealed the key to its recipients (age v1)
   and dropped it. Each piece was sealed with a key of its own (a ratchet over HKDF-SHA256, then AES-256-GCM), which was
   dropped before the piece left the phone, and signed (Ed25519) together with the hash of the piece before.
3. The node checked order, link and signature of each piece without being able to open it, wrote it to disk, waited for
   the disk, and answered with a signed receipt. It noted the time of receipt in a custody note sealed to the
   recording's readers. Notes are numbered and chained by SHA-256.
4. Each minute the node put into an append-only log (RFC 6962 hashing, C2SP tlog-tiles) one entry that commits, by a
   salted hash, to the newest piece and the newest custody note, among filler entries. Witnesses run by others signed the
   log's state after checking that nothing in it had been changed; timestamp authorities (RFC 3161) signed it where the
   node is set up for it.
5. Whoever holds the key opened the pieces on their own machine and made this package. `original/` holds the bytes of the
   browser's recorder, joined and not converted.

WHAT CAN GO WRONG, AND HOW IT SHOWS

- A piece lost, changed, added or moved: the chain or a signature does not verify.
- The recording broken off: it has no last piece, and is called CUT.
- The phone's clock wrong: its times are given as the phone's; the times of the node and of the witnesses stand beside.
- The node's clock wrong: the witnesses' times disagree with the beats.
- The node dishonest: it cannot open, change or re-order pieces; it can refuse, delay or delete. A log that it
  re-wrote would lack the witnesses' signatures.
- The phone or its browser dishonest: not shown by any check. The scene itself: not shown by any check.
"""


def retention(node: Mapping[str, Value], acts: Sequence[Mapping[str, Value]]) -> str:
    """retention.txt: the schedule as the node said it when it handed the export out, and the holds that its custody notes tell of."""
    lines = [
        "RETENTION AND HOLDS",
        "",
        f"Node: {plain(node.get('origin'))}, rules of: {plain(node.get('pack'))}",
        *_schedule(node.get("retention")),
        "Its owner may ask to erase it before. What is under legal hold is kept until two stewards release it.",
        "",
        *_holds(acts),
        "",
        "Stewards are named by the ids of their keys, which stand in the node's log under pseudonyms.",
        "Each line on a hold is an act in custody.jsonl. Nothing that came after this export was handed out is told here.",
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
        yield f"Newest table: number {told.get('table')}, entry {told.get('leaf')} of the log, signed by the city key and {by}."
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
