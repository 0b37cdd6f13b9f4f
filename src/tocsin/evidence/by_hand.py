"""VERIFY.txt: how to check this very package with `sha256sum` and `openssl`, without software of ours.

Lines that begin with four spaces are the commands, to be run in one shell from the unpacked folder; each check ends in
`RIGHT` or fails. A test runs exactly these lines.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from textwrap import indent
from typing import Any, NamedTuple

from tocsin.evidence.certificates import text
from tocsin.evidence.covering import Covering
from tocsin.tlog import note as notes
from tocsin.tlog.note import ED25519, ED25519_COSIGNATURE, Note, VerifierKey

PUBLIC_KEY_HEAD = bytes.fromhex("302a300506032b6570032100")
"""SubjectPublicKeyInfo of an Ed25519 key, up to the key (RFC 8410)."""


class FirstChunk(NamedTuple):
    """What the shell needs of chunk 0: its length, its link, the recording's public key, the id of the key of its receipt or ""."""

    length: int
    link: bytes
    public_key: bytes
    receipt_key: str


def instructions(covering: Covering, first: FirstChunk, recording_id: bytes, custodian: bytes | None) -> str:
    """The whole text."""
    parts = [text("by-hand-opening"), FILES]
    parts += [_signature(custodian)] if custodian else [UNSIGNED]
    parts.append(_first_chunk(first))
    if covering.leaves:
        leaf = covering.leaves[-1]
        parts += [_leaf(leaf, recording_id), _inclusion(leaf), *_checkpoint(covering, leaf["tree_size"])]
        parts += [_timestamp(covering, leaf["tree_size"])]
    else:
        parts.append(NO_LEAF)
    key = covering.receipt_keys.get(first.receipt_key)
    parts.append(_receipt(first, key) if key else NO_RECEIPT)
    return "\n\n".join([*parts, text("by-hand-closing")]) + "\n"


LISTED = r's/^"mime":"[^"]*","name":"\([^"]*\)","role":"[a-z]*","sha256":"\([0-9a-f]*\)".*/\2  \1/p'
"""sed: a line of manifest.json as `sha256sum -c` reads it."""

FILES = f"""1. Every file is the one that manifest.json lists, and there is no other.

    tr '{{' '\\n' < manifest.json | sed -n '{LISTED}' > SUMS
    sha256sum -c SUMS
    test "$(find . -type f ! -name SUMS ! -name ROOT.pem ! -path './manifest.*' | wc -l)" = "$(wc -l < SUMS)" && echo RIGHT"""

UNSIGNED = "2. MISSING: nobody signed manifest.json."

NO_LEAF = "4. MISSING: no entry of the log covers this recording, so nothing from outside says when it existed."

NO_RECEIPT = "9. MISSING: there is no receipt here for the first chunk whose key came with this package."

WITNESSED = """7. Witnesses signed it, each at the time in its line (Unix seconds; `date -u -d @SECONDS`
tells the hour). Compare their keys with those from outside."""

STAMPED = """8. A timestamp authority signed it, at the time that is printed. ROOT.pem is the
authority's root certificate, from outside."""

STAMPED_LATER = """8. A timestamp authority signed a later checkpoint of the log, at the time that is printed.
That the later one holds all of this one is not shown by hand. ROOT.pem is the
authority's root certificate, from outside."""


def _signature(custodian: bytes) -> str:
    return f"""2. The list was signed by the custodian. Compare the key with one you got from the custodian: {_b64(custodian)}

    {{ printf 'tocsin.package/v1 manifest\\n'; cat manifest.json; }} > signed
{_public_key("custodian.pem", custodian)}
    openssl pkeyutl -verify -pubin -inkey custodian.pem -rawin -in signed -sigfile manifest.sig"""


def _first_chunk(first: FirstChunk) -> str:
    body = first.length - 41 - 64
    return f"""3. The first chunk follows from the header, and was signed by the key made for this recording (the others likewise).

    tail -c +5 original/chunks.bin | head -c {first.length} > chunk
    tail -c +10 chunk | head -c 32 > previous
    openssl dgst -sha256 -binary original/header.bin | cmp - previous && echo RIGHT
    {{ cat previous; head -c 9 chunk; tail -c +42 chunk | head -c {body}; }} | openssl dgst -sha256 -binary > link
    test "$(openssl base64 -A -in link)" = '{_b64(first.link)}' && echo RIGHT
    grep -q '^0,.*,{first.link.hex()},' chunks.csv && echo RIGHT
    {{ printf 'tocsin.recording/v1 link\\n'; cat link; }} > signed
    tail -c 64 chunk > signature
{_public_key("recording.pem", first.public_key)}
    openssl pkeyutl -verify -pubin -inkey recording.pem -rawin -in signed -sigfile signature"""


def _receipt(first: FirstChunk, key: VerifierKey) -> str:
    return f"""9. The node signed a receipt for the first chunk as it received it. So it did for the
others: log/receipts.txt has eight lines for each. The fifth is the time by the node's
clock, in thousandths of a second since 1970. Whether the log announced the key,
which has the name {key.name}, the verifier says.

    head -n 6 log/receipts.txt > receipt
    test "$(sed -n 4p receipt)" = '{_b64(first.link)}' && echo RIGHT
    sed -n 8p log/receipts.txt | cut -d' ' -f3 | openssl base64 -d -A | tail -c 64 > signature
{_public_key("receipts.pem", key.public)}
    openssl pkeyutl -verify -pubin -inkey receipts.pem -rawin -in receipt -sigfile signature"""


def _leaf(leaf: Mapping[str, Any], recording_id: bytes) -> str:
    parts = " ".join(
        (leaf["salt"], _b64(recording_id), _b64(leaf["seq"].to_bytes(8)), leaf["link"], leaf["custody_head"])
    )
    link = b64decode(leaf["link"]).hex()
    return f"""4. The last leaf: the log's entry {leaf["index"]} commits to chunk {leaf["seq"]}.

    grep -q '^{leaf["seq"]},.*,{link},' chunks.csv && echo RIGHT
    decode() {{ printf '%s' "$1" | openssl base64 -d -A; }}
    {{ printf 'tocsin.beat/v1\\n'; for part in {parts}; do decode "$part"; done; }} | openssl dgst -sha256 -binary > hidden
    {{ printf 'tocsin.leaf/v1 beat\\n'; cat hidden; }} > entry
    test "$(openssl base64 -A -in entry)" = '{leaf["entry"]}' && echo RIGHT"""


def _inclusion(leaf: Mapping[str, Any]) -> str:
    steps = "\n".join(f"    {side} {proof}" for side, proof in zip(_sides(leaf), leaf["proof"], strict=True))
    return f"""5. That entry is in the tree of {leaf["tree_size"]} entries, whose root is the third line of its checkpoint.

    hash() {{ openssl dgst -sha256 -binary > next && mv next node; }}
    right() {{ {{ printf '\\001'; cat node; decode "$1"; }} | hash; }}
    left() {{ {{ printf '\\001'; decode "$1"; cat node; }} | hash; }}
    {{ printf '\\000'; cat entry; }} | hash
{steps}
    test "$(openssl base64 -A -in node)" = "$(sed -n 3p log/checkpoints/{leaf["tree_size"]}.txt)" && echo RIGHT"""


def _sides(leaf: Mapping[str, Any]) -> Iterator[str]:
    """On which side each hash of the proof stands (RFC 9162 section 2.1.3.2)."""
    number, last = leaf["index"], leaf["tree_size"] - 1
    while last:
        if number & 1 or number == last:
            yield "left"
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            yield "right"
        number, last = number >> 1, last >> 1


def _checkpoint(covering: Covering, size: int) -> Iterator[str]:
    note = notes.parse(covering.checkpoints[size])
    log = notes.parse_vkey(covering.keys.log or "")
    lines = [f"    sed '/^$/,$d' log/checkpoints/{size}.txt > text"]
    for line in note.by(log):
        lines += _openssl("log.pem", log, "text", line.raw)
    yield (
        f"6. The checkpoint was signed by the log ({log.name}). Compare its key with one from outside.\n\n"
        + "\n".join(lines)
    )
    yield _witnesses(covering, note)


def _witnesses(covering: Covering, note: Note) -> str:
    lines = []
    for key in map(notes.parse_vkey, covering.keys.witnesses):
        for line in note.by(key) if key.kind == ED25519_COSIGNATURE else ():
            time = int.from_bytes(line.raw[:8])
            lines.append(f"    {{ printf 'cosignature/v1\\ntime {time}\\n'; cat text; }} > cosigned")
            lines += _openssl("witness.pem", key, "cosigned", line.raw[8:])
    if not lines:
        return "7. MISSING: no witness signed this checkpoint with a key that openssl can check."
    return WITNESSED + "\n\n" + "\n".join(lines)


def _openssl(file: str, key: VerifierKey, message: str, signature: bytes) -> list[str]:
    assert key.kind in {ED25519, ED25519_COSIGNATURE}
    return [
        _public_key(file, key.public),
        f"    decode '{_b64(signature)}' > signature",
        f"    openssl pkeyutl -verify -pubin -inkey {file} -rawin -in {message} -sigfile signature",
    ]


def _timestamp(covering: Covering, size: int) -> str:
    """With the tokens of this checkpoint or, where there are none, of the next one that has some."""
    stamped = min((held for held in covering.tokens if held >= size), default=None)
    if stamped is None:
        return "8. MISSING: no timestamp authority signed this checkpoint or a later one."
    lines = [f"sed '/^$/,$d' log/checkpoints/{stamped}.txt > stamped"]
    for token in covering.tokens[stamped]:
        file = f"log/timestamps/{timestamp_name(stamped, token.authority)}"
        lines.append(f"openssl ts -verify -in {file} -data stamped -CAfile ROOT.pem")
        lines.append(f"openssl ts -reply -in {file} -text | grep 'Time stamp:'")
    told = STAMPED if stamped == size else STAMPED_LATER
    return told + "\n\n" + indent("\n".join(lines), "    ")


def timestamp_name(size: int, authority: str) -> str:
    """The file name of a token below `log/timestamps/`."""
    plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in authority).strip("-") or "tsa"
    return f"{size}-{plain[:40]}.tsr"


def _public_key(file: str, key: bytes) -> str:
    head, foot = "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"
    return f"    printf '%s\\n' '{head}' '{_b64(PUBLIC_KEY_HEAD + key)}' '{foot}' > {file}"


def _b64(raw: bytes) -> str:
    return b64encode(raw).decode()
