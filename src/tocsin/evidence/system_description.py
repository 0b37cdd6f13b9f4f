"""How the process works, for whoever certifies it (FRE 902(13)), and what the node said of its retention."""

from collections.abc import Mapping

from tocsin.crypto.canonical import Value

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


def retention(node: Mapping[str, Value]) -> str:
    """retention.txt, from what the node said when it handed the export out."""
    days = node.get("retention_days")
    kept = (
        f"until {days} days after the day on which a recording began"
        if isinstance(days, int)
        else "not stated by the node"
    )
    lines = [
        "RETENTION AND HOLDS",
        "",
        f"Node: {plain(node.get('origin'))}, rules of: {plain(node.get('pack'))}",
        f"Kept by the node: {kept}; its owner may ask to erase it before.",
        "This version of the node has no legal hold of its own. Whoever has a duty to keep a recording fetches it in time.",
        "Holds that a node noted would stand in custody.jsonl as acts named `held`.",
        "",
    ]
    return "\n".join(lines)


def plain(value: object) -> str:
    """A short text of the node's, without anything that a terminal or a page would act on."""
    text = value if isinstance(value, str) else "not stated"
    return "".join(c for c in text if c.isprintable())[:120] or "not stated"
