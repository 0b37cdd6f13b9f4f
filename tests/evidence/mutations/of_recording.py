"""The custodian, who has every key but the phone's, changes the recording and signs the package again."""

import csv
import hashlib
from io import StringIO
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.evidence.mutations.case import Case, kind
from tocsin.crypto.hkdf import ratchet
from tocsin.crypto.stream import chunk_secrets, nonce_of, parse_chunk, parse_header


def table(case: Case, name: str = "chunks.csv") -> list[list[str]]:
    return list(csv.reader(StringIO(case.files[name].decode())))


def put_table(case: Case, rows: list[list[str]]) -> None:
    case.files["chunks.csv"] = "".join(",".join(row) + "\n" for row in rows).encode()


def middle(case: Case) -> int:
    """A chunk that is neither first nor last."""
    return case.random.randrange(1, len(case.chunks()) - 1)


def set_count(case: Case, count: int) -> None:
    case.change("manifest.json", lambda told: told.update(chunk_count=count))


@kind("chunks", "signature_wrong")
def a_bit_of_a_chunk(case: Case) -> bytes:
    chunks = case.chunks()
    at = middle(case)
    raw = bytearray(chunks[at])
    raw[case.random.randrange(41, len(raw) - 64)] ^= 1
    chunks[at] = bytes(raw)
    case.put_chunks(chunks)
    return case.resigned()


@kind("chunks", "chunk_order")
def two_chunks_changed_places(case: Case) -> bytes:
    chunks = case.chunks()
    at = case.random.randrange(1, len(chunks) - 2)
    chunks[at], chunks[at + 1] = chunks[at + 1], chunks[at]
    case.put_chunks(chunks)
    return case.resigned()


@kind("chunks", "chunk_order")
def a_chunk_dropped(case: Case) -> bytes:
    chunks = case.chunks()
    del chunks[middle(case)]
    case.put_chunks(chunks)
    set_count(case, len(chunks))
    return case.resigned()


@kind("chunks", "chunk_order")
def a_chunk_twice(case: Case) -> bytes:
    chunks = case.chunks()
    at = middle(case)
    case.put_chunks([*chunks[: at + 1], *chunks[at:]])
    return case.resigned()


@kind("chunks", "chunk_order")
def a_chunk_after_the_last(case: Case) -> bytes:
    chunks = case.chunks()
    case.put_chunks([*chunks, chunks[-1]])
    return case.resigned()


@kind("chunks", "link_wrong")
def a_chunk_renumbered_into_a_gap(case: Case) -> bytes:
    """One second cut out and the next one told to take its place."""
    chunks = case.chunks()
    at = case.random.randrange(1, len(chunks) - 2)
    del chunks[at]
    chunks[at] = at.to_bytes(8) + chunks[at][8:]
    case.put_chunks(chunks)
    return case.resigned()


@kind("chunks", "signature_wrong")
def a_chunk_sealed_anew_with_the_recordings_key(case: Case) -> bytes:
    """Whoever holds the opening key can encrypt other pictures; they cannot sign as the phone."""
    chunks, at = case.chunks(), middle(case)
    header, keys = parse_header(case.files["original/header.bin"]), case.json("keys.json")
    opening_key = bytes.fromhex(keys["opening_key"])
    first, base_nonce, _ = chunk_secrets(opening_key, header.salt, header.recording_id, header.public_key)
    key, chain = ratchet(first, b"tocsin.recording/v1", b" chunk")
    for _ in range(at):
        key, chain = ratchet(chain, b"tocsin.recording/v1", b" chunk")
    raw, nonce = chunks[at], nonce_of(base_nonce, at)
    inner = bytearray(AESGCM(key).decrypt(nonce, raw[41:-64], raw[:41]))
    inner[20] ^= 1
    chunks[at] = raw[:41] + AESGCM(key).encrypt(nonce, bytes(inner), raw[:41]) + raw[-64:]
    case.put_chunks(chunks)
    return case.resigned()


@kind("chunks", "chunk_malformed")
def a_chunk_cut_short(case: Case) -> bytes:
    chunks = case.chunks()
    chunks[middle(case)] = chunks[0][: case.random.randrange(41, 300)]
    case.put_chunks(chunks)
    return case.resigned()


@kind("chunks", "chunk_malformed")
def a_flag_nobody_knows(case: Case) -> bytes:
    chunks, at = case.chunks(), middle(case)
    chunks[at] = chunks[at][:8] + b"\x80" + chunks[at][9:]
    case.put_chunks(chunks)
    return case.resigned()


@kind("chunks", "chunk_malformed")
def the_chunks_cut_in_the_middle_of_one(case: Case) -> bytes:
    raw = case.files["original/chunks.bin"]
    case.files["original/chunks.bin"] = raw[: len(raw) - case.random.randrange(1, 1000)]
    return case.resigned()


def cut_back(case: Case, count: int) -> None:
    """The recording ends earlier: chunks, tables, manifest, all but what the log and the notes say."""
    chunks, rows = case.chunks()[:count], table(case)
    case.put_chunks(chunks)
    put_table(case, rows[: count + 1])
    kept = [line for line in case.lines("events.csv") if not line[:1].isdigit() or int(line.split(b",")[0]) < count]
    case.put_lines("events.csv", kept)
    for name in [name for name in case.files if name.startswith("original/media")]:
        case.files[name] = case.files[name][
            : sum(int(row[4]) - int(row[3]) + 1 for row in rows[1 : count + 1] if row[2] == name)
        ]
        if not case.files[name]:
            del case.files[name]
            manifest = case.json("manifest.json")
            drop(manifest, name)
            case.put("manifest.json", manifest)
    set_count(case, count)
    none = {"source": "none", "value": "not collected"}
    case.change("capture.json", lambda told: told.update(stop_reason=none))


def drop(told: dict[str, Any], name: str) -> None:
    for field in ("files", "media"):
        told[field] = [one for one in told[field] if one["name"] != name]


@kind("chunks", "manifest_differs")
def a_truncated_recording_passed_off_as_complete(case: Case) -> bytes:
    cut_back(case, len(case.chunks()) - 1)
    return case.resigned()


@kind("leaves", "link_wrong")
def the_end_cut_off_and_called_cut(case: Case) -> bytes:
    """It says that it was cut, but a leaf knows of more."""
    cut_back(case, len(case.chunks()) - case.random.randrange(1, 3))
    case.change("manifest.json", lambda told: told.update(state="cut"))
    return case.resigned()


@kind("chunks", "original_differs")
def an_original_edited(case: Case) -> bytes:
    case.flip(case.some("original/media"))
    return case.resigned()


@kind("chunks", "original_differs")
def an_original_made_longer(case: Case) -> bytes:
    case.files[case.some("original/media")] += b"x"
    return case.resigned()


@kind("chunks", "original_differs")
def an_original_added(case: Case) -> bytes:
    case.files["original/media-077.webm"] = b"not recorded"
    case.list_anew()

    def edit(told: dict[str, Any]) -> None:
        one = next(one for one in told["files"] if one["name"] == "original/media-077.webm")
        one["role"] = "original"
        told["media"] = [*told["media"], {"name": one["name"], "sha256": one["sha256"]}]

    case.change("manifest.json", edit)
    return case.signed()


@kind("chunks", "table_differs")
def a_hash_in_the_table(case: Case) -> bytes:
    rows = table(case)
    row = rows[case.random.randrange(1, len(rows))]
    row[case.random.choice([6, 7, 8, 9])] = hashlib.sha256(b"another").hexdigest()
    put_table(case, rows)
    return case.resigned()


@kind("chunks", "table_differs")
def a_phone_time_moved_by_a_second(case: Case) -> bytes:
    rows = table(case)
    row = rows[case.random.randrange(1, len(rows))]
    row[5] = str(int(row[5]) + 1000)
    put_table(case, rows)
    return case.resigned()


@kind("chunks", "table_differs")
def another_leaf_named_in_the_table(case: Case) -> bytes:
    rows = table(case)
    row = rows[case.random.randrange(1, len(rows))]
    row[12] = str(int(row[12]) + 1)
    put_table(case, rows)
    return case.resigned()


@kind("chunks", "table_differs")
def an_event_told_otherwise(case: Case) -> bytes:
    case.files["events.csv"] = case.files["events.csv"].replace(b"paused", b"hidden", 1)
    return case.resigned()


@kind("chunks", "table_differs")
def an_event_left_out(case: Case) -> bytes:
    lines = case.lines("events.csv")
    del lines[case.random.randrange(1, len(lines))]
    case.put_lines("events.csv", lines)
    return case.resigned()


@kind("chunks", "table_differs")
def a_row_for_no_chunk(case: Case) -> bytes:
    case.files["chunks.csv"] += case.lines("chunks.csv")[-1]
    return case.resigned()


@kind("chunks", "capture_differs")
def another_start_in_capture(case: Case) -> bytes:
    case.change("capture.json", lambda told: told["at"].update(value=told["at"]["value"] - 1000))
    return case.resigned()


@kind("chunks", "capture_differs")
def a_place_invented(case: Case) -> bytes:
    case.change(
        "capture.json", lambda told: told.update(place={"source": "stated by the phone at the start", "value": "here"})
    )
    return case.resigned()


@kind("chunks", "manifest_differs")
def a_gap_hidden(case: Case) -> bytes:
    case.change("manifest.json", lambda told: told.update(gaps=[]))
    return case.signed()


@kind("chunks", "manifest_differs")
def a_rehearsal_called_an_encounter(case: Case) -> bytes:
    other = case.fresh(kind="rehearsal")
    other.change("manifest.json", lambda told: told.update(kind="encounter"))
    return other.signed()


@kind("chunks", "manifest_differs")
def a_cut_recording_called_stopped(case: Case) -> bytes:
    other = case.fresh(is_stopped=False)
    other.change("manifest.json", lambda told: told.update(state="stopped"))
    return other.signed()


@kind("chunks", "commitment_wrong")
def another_recording_key(case: Case) -> bytes:
    case.change("keys.json", lambda told: told.update(opening_key=case.random.randbytes(32).hex()))
    return case.resigned()


@kind("chunks", "commitment_wrong")
def a_bit_of_the_header(case: Case) -> bytes:
    case.flip("original/header.bin", case.random.randrange(52, 52 + 104))
    return case.resigned()


@kind("chunks", "header_wrong")
def a_header_that_names_other_algorithms(case: Case) -> bytes:
    case.files["original/header.bin"] = case.files["original/header.bin"].replace(b"aes-256-gcm", b"aes-128-gcm")
    return case.resigned()


@kind("chunks", "keys_differ")
def another_public_key_told(case: Case) -> bytes:
    case.change("keys.json", lambda told: told.update(public_key="00" * 32))
    return case.resigned()


@kind("chunks", "commitment_wrong")
def the_header_of_another_recording(case: Case) -> bytes:
    case.files["original/header.bin"] = case.fresh().files["original/header.bin"]
    return case.resigned()


@kind("chunks", "link_wrong")
def the_chunks_of_another_recording(case: Case) -> bytes:
    other = case.fresh()
    assert parse_chunk(other.chunks()[0]).seq == 0
    case.files["original/chunks.bin"] = other.files["original/chunks.bin"]
    return case.resigned()


@kind("chunks", "commitment_wrong")
def the_keys_of_another_recording(case: Case) -> bytes:
    case.files["keys.json"] = case.fresh().files["keys.json"]
    return case.resigned()


@kind("chunks", "manifest_differs")
def another_recording_named_in_the_manifest(case: Case) -> bytes:
    case.change("manifest.json", lambda told: told.update(recording=case.fresh().json("manifest.json")["recording"]))
    return case.resigned()


@kind("chunks", "original_differs")
def two_originals_changed_places(case: Case) -> bytes:
    first, second = sorted(name for name in case.files if name.startswith("original/media-"))
    case.files[first], case.files[second] = case.files[second], case.files[first]
    return case.resigned()
