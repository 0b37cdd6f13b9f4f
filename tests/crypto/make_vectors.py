"""Writes `vectors/recording`, `custody`, `padding`, `canonical` and `words`: once for a format version, never to make a test pass."""

import json
from pathlib import Path
from typing import Any

from tests.crypto.counted_clock import CountedClock
from tocsin.crypto import canonical
from tocsin.crypto.custody import Session
from tocsin.crypto.envelope import identity_of, recipient_of
from tocsin.crypto.padding import padded
from tocsin.crypto.stream import EVENT, MEDIA, Reader, Writer
from tocsin.crypto.words import derive, word_list
from tocsin.ids import RecordingId

VECTORS = Path(__file__).parents[2] / "vectors"


def write(topic: str, name: str, content: Any) -> None:
    folder = VECTORS / topic
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n")


def recording(seed: bytes) -> tuple[dict[str, Any], list[bytes]]:
    clock = CountedClock(seed)
    rk = clock.random_bytes(32)
    writer = Writer(rk, clock)
    bodies = [
        (EVENT, 0, canonical.dumps({"event": "start", "kind": "encounter", "at": clock.now_ms()})),
        (MEDIA, 1003, bytes(range(256)) * 12),
        (MEDIA, 2001, b"\x00" * 5000),
        (EVENT, 2500, canonical.dumps({"event": "stop", "reason": "person"})),
    ]
    chunks = [writer.seal(t, ms, body, final=place == 3) for place, (t, ms, body) in enumerate(bodies)]
    reader = Reader(rk, writer.header)
    facts = {
        "rk": rk.hex(),
        "header": writer.header.raw.hex(),
        "custody_public": writer.custody_public.hex(),
        "owner_digest": writer.owner_digest.hex(),
        "opening_key": reader.opening_key.hex(),
        "custody_seed": reader.custody_seed.hex(),
        "owner_secret": reader.owner_secret.hex(),
        "inners": [{"type": t, "monotonic_ms": ms, "body": body.hex()} for t, ms, body in bodies],
    }
    return facts, chunks


def flip(raw: bytes, place: int) -> bytes:
    return raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]


def recordings() -> None:
    facts, chunks = recording(b"recording")
    other, foreign = recording(b"another")
    cases: dict[str, tuple[list[bytes], str, int]] = {
        "honest": (chunks, "ok", 4),
        "cut": (chunks[:2], "ok", 2),
        "ciphertext_bit_flipped": ([chunks[0], flip(chunks[1], 60), *chunks[2:]], "signature_wrong", 1),
        "signature_bit_flipped": ([chunks[0], flip(chunks[1], len(chunks[1]) - 1), *chunks[2:]], "signature_wrong", 1),
        "previous_link_flipped": ([chunks[0], flip(chunks[1], 12), *chunks[2:]], "link_wrong", 1),
        "dropped_second": ([chunks[0], *chunks[2:]], "link_wrong", 1),
        "swapped_seconds": ([chunks[0], chunks[2], chunks[1], chunks[3]], "link_wrong", 1),
        "repeated_second": ([chunks[0], chunks[0], *chunks[1:]], "link_wrong", 1),
        "foreign_second": ([chunks[0], foreign[1], *chunks[2:]], "link_wrong", 1),
        "unknown_flag": ([chunks[0], chunks[1][:8] + b"\x02" + chunks[1][9:]], "chunk_malformed", 1),
        "final_flag_added": ([chunks[0], chunks[1][:8] + b"\x01" + chunks[1][9:]], "signature_wrong", 1),
        "truncated_second": ([chunks[0], chunks[1][:-1]], "chunk_malformed", 1),
        "empty_second": ([chunks[0], b""], "chunk_malformed", 1),
    }
    for name, (sealed, expect, at) in cases.items():
        write("recording", name, {**facts, "chunks": [c.hex() for c in sealed], "expect": expect, "at": at})
    write(
        "recording", "key_of_another", {**facts, "rk": other["rk"], "chunks": [], "expect": "commitment_wrong", "at": 0}
    )


def custody() -> None:
    clock = CountedClock(b"custody")
    facts, _ = recording(b"recording")
    recording_id = RecordingId(bytes.fromhex(facts["header"])[52:68])
    session = Session(recording_id, bytes.fromhex(facts["custody_public"]), clock)
    plain = [canonical.dumps({"n": "chunk", "q": 0, "t": 1, "b": 60, "k": "00"}), canonical.dumps({"n": "act", "i": 0})]
    notes = [session.seal(plain[0], 160), session.seal(plain[1])]
    content = {
        "recording_id": recording_id.hex(),
        "custody_seed": facts["custody_seed"],
        "notes": [n.hex() for n in notes],
        "plaintexts": [p.hex() for p in plain],
    }
    write("custody", "honest", content)


def sizes_and_json() -> None:
    lengths = [1, 13, 1023, 1024, 1025, 1100, 2047, 2048, 2049, 5000, 9000, 65535, 65536, 65537, 262157, 1048575]
    write("padding", "padded", {"cases": [[n, padded(n)] for n in lengths]})
    values: list[Any] = [{}, [], {"b": 1, "a": [True, None, 'é\u2028"\\']}, "\u0001", -3, {"a": {"c": 1, "b": 2}}]
    write("canonical", "accepted", {"cases": [[v, canonical.dumps(v).decode()] for v in values]})
    refused = ['{"a":1,"a":2}', '{ "a":1}', '{"b":1,"a":2}', "1.0", "1e3", '"\\u0061"', "", "{", "[1,]", "NaN", "-0"]
    write("canonical", "refused", {"cases": [*refused, "9007199254740993"]})


def words() -> None:
    chosen = " ".join(word_list()[place] for place in (0, 1, 2, 1024, 2045, 2046, 2047))
    recovered = derive(chosen)
    content = {
        "words": chosen,
        "identity": recovered.identity,
        "recipient": recipient_of(recovered.identity),
        "locator": recovered.locator.hex(),
    }
    write("words", "derived", content)


def age_keys() -> None:
    seed = bytes(range(32))
    identity = identity_of(seed)
    write("words", "age_key", {"seed": seed.hex(), "identity": identity, "recipient": recipient_of(identity)})


if __name__ == "__main__":
    recordings()
    custody()
    sizes_and_json()
    age_keys()
    if (Path(__file__).parents[2] / "src/tocsin/crypto/words_en.txt").exists():
        words()
