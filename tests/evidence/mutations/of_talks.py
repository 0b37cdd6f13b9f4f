"""Changes to a package that withholds a talk: to hide more than it, to hide it undecided, to say that it was decided otherwise."""

from typing import Any

from tests.evidence.mutations.case import Case, Kinds
from tests.evidence.mutations.of_recording import put_table, table
from tests.evidence.scene import Scene
from tocsin.crypto.stream import parse_chunk

TALKS = Kinds()
TALK: dict[str, Any] = {"chunks": 16, "step_ms": 2000, "call_at": 5, "call_ends_at": 9, "restart_at": 13}
"""Chunk 5 begins a talk, 9 ends it. 6, 7, 8 are in it; 10 may still hold some of it; the rest does not."""


def sealed_chunks(scene: Scene) -> list[bytes]:
    return list(scene.sealed_chunks)


def withhold(case: Case, seq: int) -> None:
    """Leave a second out, as the producer does, wherever it is."""
    chunks, rows = case.chunks(), table(case)
    chunk = parse_chunk(sealed_chunks(case.scene)[seq])
    chunks[seq] = chunk.raw[:41] + chunk.link + chunk.signature
    case.put_chunks(chunks)
    rows[seq + 1] = [rows[seq + 1][0], "withheld", *[""] * 6, *rows[seq + 1][8:]]
    put_table(case, rows)
    case.change("keys.json", lambda keys: keys["chunk_keys"].__setitem__(seq, None))


def show(case: Case, seq: int) -> None:
    """Put a second back whose key is not shown."""
    chunks = case.chunks()
    chunks[seq] = sealed_chunks(case.scene)[seq]
    case.put_chunks(chunks)


@TALKS("chunks", "withheld_wrong")
def a_second_before_the_talk_withheld(case: Case) -> bytes:
    withhold(case, 4)
    return case.resigned()


@TALKS("chunks", "withheld_wrong")
def a_second_long_after_the_talk_withheld(case: Case) -> bytes:
    withhold(case, 12)
    return case.resigned()


@TALKS("chunks", "signature_wrong")
def a_withheld_link_made_up(case: Case) -> bytes:
    chunks = case.chunks()
    chunks[7] = chunks[7][:41] + bytes(32) + chunks[7][73:]
    case.put_chunks(chunks)
    return case.resigned()


@TALKS("chunks", "link_wrong")
def a_withheld_second_of_another_place(case: Case) -> bytes:
    chunks = case.chunks()
    chunks[7] = chunks[7][:41] + chunks[6][41:]
    case.put_chunks(chunks)
    rows = table(case)
    rows[8][9] = rows[7][9]
    put_table(case, rows)
    return case.resigned()


@TALKS("chunks", "chunk_order")
def a_withheld_second_dropped(case: Case) -> bytes:
    case.put_chunks([raw for seq, raw in enumerate(case.chunks()) if seq != 7])
    return case.resigned()


@TALKS("chunks", "chunk_malformed")
def a_withheld_second_said_to_be_the_last(case: Case) -> bytes:
    chunks = case.chunks()
    chunks[8] = chunks[8][:8] + b"\1" + chunks[8][9:]
    case.put_chunks(chunks)
    return case.resigned()


@TALKS("chunks", "keys_differ")
def a_withheld_second_shown_without_its_key(case: Case) -> bytes:
    show(case, 7)
    return case.resigned()


@TALKS("chunks", "keys_differ")
def a_key_for_what_is_not_there(case: Case) -> bytes:
    case.change("keys.json", lambda keys: keys["chunk_keys"].__setitem__(7, "00" * 32))
    return case.resigned()


@TALKS("chunks", "keys_differ")
def a_key_too_many(case: Case) -> bytes:
    case.change("keys.json", lambda keys: keys["chunk_keys"].append("00" * 32))
    return case.resigned()


@TALKS("chunks", "decryption")
def a_wrong_key_for_a_second(case: Case) -> bytes:
    case.change("keys.json", lambda keys: keys["chunk_keys"].__setitem__(4, "00" * 32))
    return case.resigned()


@TALKS("chunks", "withheld_wrong")
def withheld_though_it_was_decided_to_keep(case: Case) -> bytes:
    case.change("made.json", lambda made: made["decisions"][0].update(decision="keep"))
    return case.resigned()


@TALKS("chunks", "call_undecided")
def nobody_decided(case: Case) -> bytes:
    case.change("made.json", lambda made: made.pop("decisions"))
    return case.resigned()


@TALKS("chunks", "manifest_differs")
def a_decision_on_a_talk_that_is_not_there(case: Case) -> bytes:
    case.change("made.json", lambda made: made["decisions"].append({"call": 2, "decision": "mute"}))
    return case.resigned()


@TALKS("chunks", "malformed")
def a_decision_of_another_kind(case: Case) -> bytes:
    case.change("made.json", lambda made: made["decisions"][0].update(decision="blur"))
    return case.resigned()


@TALKS("chunks", "manifest_differs")
def fewer_said_to_be_withheld(case: Case) -> bytes:
    case.change("manifest.json", lambda told: told["calls"][0].update(withheld=1))
    return case.resigned()


@TALKS("chunks", "manifest_differs")
def no_talk_said_to_be_there(case: Case) -> bytes:
    case.change("manifest.json", lambda told: told.pop("calls"))
    return case.resigned()


@TALKS("chunks", "table_differs")
def the_table_says_media(case: Case) -> bytes:
    rows = table(case)
    rows[8][1] = "media"
    put_table(case, rows)
    return case.resigned()
