"""Changes to what the node noted. Each note is signed and the chain of heads stands in the leaves: neither the custodian nor the node
can tell it otherwise afterwards.
"""

import json
from hashlib import sha256
from typing import Any

from tests.evidence.mutations.case import Case, kind
from tests.evidence.mutations.of_recording import put_table, table
from tests.evidence.scene import ORIGIN
from tocsin.crypto import canonical
from tocsin.crypto.keys import SigningKey
from tocsin.evidence.custody import EMPTY_HEAD, NOTE_LABEL
from tocsin.evidence.receipt import Receipt, ReceiptSigner
from tocsin.ids import b64


def said(case: Case) -> list[dict[str, Any]]:
    return [json.loads(line) for line in case.lines("custody.jsonl")]


def put(case: Case, notes: list[dict[str, Any]]) -> None:
    case.put_lines("custody.jsonl", [canonical.dumps(note) + b"\n" for note in notes])


def put_signed(case: Case, notes: list[dict[str, Any]], signer: ReceiptSigner | None = None) -> None:
    """As the node itself would lie: every note signed anew, receipts and the end of the chain with it."""
    signer, head, receipts = signer or case.scene.receipts, EMPTY_HEAD, b""
    recording = case.scene.header.recording_id
    links = [bytes.fromhex(row[9]) for row in table(case)[1:]]
    for number, note in enumerate(notes):
        del note["g"]
        note |= {"i": number, "k": signer.key_id.hex()}
        if note["n"] == "chunk":
            signed = signer.sign(Receipt(recording, note["q"], links[note["q"]], note["t"], note["b"]))
            receipts, note["g"] = receipts + signed.raw, b64(signed.signature)
        else:
            note["g"] = b64(signer.sign_bytes(NOTE_LABEL + recording + head + canonical.dumps(note)))
        head = sha256(head + canonical.dumps(note)).digest()
    put(case, notes)
    case.files["log/receipts.txt"] = receipts
    end_chain(case, head, len(notes))


def end_chain(case: Case, head: bytes, count: int) -> None:
    """As whoever makes the package can: it is their own word."""
    case.change("made.json", lambda told: told.update(custody_head=head.hex(), custody_count=count))


def head_of(notes: list[dict[str, Any]]) -> bytes:
    head = EMPTY_HEAD
    for note in notes:
        head = sha256(head + canonical.dumps(note)).digest()
    return head


def receipts(case: Case) -> list[list[bytes]]:
    """The lines of each."""
    lines = case.lines("log/receipts.txt")
    return [lines[at : at + 8] for at in range(0, len(lines), 8)]


def put_receipts(case: Case, told: list[list[bytes]]) -> None:
    case.put_lines("log/receipts.txt", [line for one in told for line in one])


def covered(case: Case, kinds: str) -> int:
    """The number of a note of one of `kinds` before the last beat."""
    notes = said(case)
    last = max(number for number, note in enumerate(notes) if note["n"] == "beat")
    return case.random.choice([number for number in range(last) if notes[number]["n"] in kinds.split()])


def move(case: Case) -> tuple[list[dict[str, Any]], int]:
    """Notes, with one of a chunk moved by a second, as in the table; and its number."""
    notes, number = said(case), covered(case, "chunk")
    notes[number]["t"] += 1000
    rows = table(case)
    rows[notes[number]["q"] + 1][10] = str(notes[number]["t"])
    put_table(case, rows)
    return notes, number


@kind("custody", "receipt_differs")
def a_receipt_moved_in_note_and_table(case: Case) -> bytes:
    put(case, move(case)[0])
    return case.resigned()


@kind("custody", "note_signature")
def a_receipt_moved_by_a_second_everywhere(case: Case) -> bytes:
    """In the note, in the table and in the receipt: the signature knows."""
    notes, number = move(case)
    put(case, notes)
    told = receipts(case)
    told[notes[number]["q"]][4] = b"%d\n" % notes[number]["t"]
    put_receipts(case, told)
    return case.resigned()


@kind("custody", "head")
def a_receipt_moved_by_the_node_itself(case: Case) -> bytes:
    """Signed anew: only the head in the leaf still knows."""
    put_signed(case, move(case)[0])
    return case.resigned()


@kind("custody", "receipt_differs")
def a_letter_of_a_receipt(case: Case) -> bytes:
    told = receipts(case)
    one = case.random.choice(told)
    line = case.random.choice([at for at in range(8) if at != 6])
    one[line] = bytes([one[line][0] ^ 1]) + one[line][1:]
    put_receipts(case, told)
    return case.resigned()


@kind("custody", "receipt_differs")
def a_receipt_taken_out(case: Case) -> bytes:
    told = receipts(case)
    del told[case.random.randrange(len(told))]
    put_receipts(case, told)
    return case.resigned()


@kind("custody", "receipt_differs")
def a_receipt_twice(case: Case) -> bytes:
    told = receipts(case)
    at = case.random.randrange(len(told))
    told.insert(at, told[at])
    put_receipts(case, told)
    return case.resigned()


@kind("custody", "receipt_differs")
def all_receipts_taken_out(case: Case) -> bytes:
    del case.files["log/receipts.txt"]
    return case.resigned()


@kind("custody", "head")
def all_signatures_taken_off(case: Case) -> bytes:
    """As if the node had been of before they were made: the leaves know."""
    notes = [{name: value for name, value in note.items() if name != "g"} for note in said(case)]
    put(case, notes)
    end_chain(case, head_of(notes), len(notes))
    del case.files["log/receipts.txt"]
    return case.resigned()


@kind("custody", "unsigned_notes")
def the_newest_notes_signature_taken_off(case: Case) -> bytes:
    """No leaf has seen it. It counts for nothing then, and is said to."""
    notes = said(case)
    del notes[-1]["g"]
    put(case, notes)
    end_chain(case, head_of(notes), len(notes))
    return case.resigned()


def sign_newest(case: Case) -> ReceiptSigner:
    """The newest note told otherwise by whoever made the package, who can seal notes as well as the node, under a key of their own."""
    notes, own = said(case), ReceiptSigner(ORIGIN, SigningKey(case.random.randbytes(32)))
    del notes[-1]["g"]
    notes[-1] |= {"k": own.key_id.hex(), "actor": "nobody"}
    message = NOTE_LABEL + case.scene.header.recording_id + head_of(notes[:-1]) + canonical.dumps(notes[-1])
    notes[-1]["g"] = b64(own.sign_bytes(message))
    put(case, notes)
    end_chain(case, head_of(notes), len(notes))
    return own


@kind("custody", "receipt_key")
def the_newest_note_signed_by_nobody_known(case: Case) -> bytes:
    sign_newest(case)
    return case.resigned()


@kind("custody", "receipt_key")
def the_newest_note_signed_by_a_key_put_beside_the_nodes(case: Case) -> bytes:
    """The log never announced it."""
    own = sign_newest(case)
    case.change("log/keys.json", lambda told: told["receipts"].append(own.vkey))
    return case.resigned()


@kind("custody", "note_signature")
def a_note_put_at_the_end_under_the_signature_of_another(case: Case) -> bytes:
    """An act under another's signature, by whoever made the package."""
    notes = said(case)
    notes.append({**notes[-1], "i": len(notes), "action": "opened"})
    put(case, notes)
    end_chain(case, head_of(notes), len(notes))
    return case.resigned()


@kind("custody", "receipt_time")
def a_receipt_moved_in_the_table(case: Case) -> bytes:
    rows = table(case)
    row = rows[case.random.randrange(1, len(rows))]
    row[10] = str(int(row[10]) + 1000)
    put_table(case, rows)
    return case.resigned()


@kind("custody", "receipt_time")
def another_promise_in_the_table(case: Case) -> bytes:
    rows = table(case)
    row = rows[case.random.randrange(1, len(rows))]
    row[11] = str(int(row[11]) + 60)
    put_table(case, rows)
    return case.resigned()


@kind("custody", "note_signature")
def an_act_told_otherwise(case: Case) -> bytes:
    notes, number = said(case), covered(case, "act")
    notes[number]["actor"] = "owner"
    put(case, notes)
    return case.resigned()


@kind("custody", "head")
def an_act_told_otherwise_by_the_node_itself(case: Case) -> bytes:
    notes, number = said(case), covered(case, "act")
    notes[number]["actor"] = "owner"
    put_signed(case, notes)
    return case.resigned()


@kind("custody", "note_signature")
def an_act_moved_by_a_second(case: Case) -> bytes:
    notes, number = said(case), covered(case, "act")
    notes[number]["at"] += 1000 if number == 0 else -1000
    put(case, notes)
    return case.resigned()


@kind("custody", "number")
def a_note_taken_out(case: Case) -> bytes:
    notes = said(case)
    del notes[case.random.randrange(len(notes) - 1)]
    put(case, notes)
    return case.resigned()


@kind("custody", "note_signature")
def an_act_taken_out_and_the_rest_renumbered(case: Case) -> bytes:
    notes = said(case)
    del notes[covered(case, "act")]
    put(case, [{**note, "i": number} for number, note in enumerate(notes)])
    return case.resigned()


@kind("custody", "head")
def an_act_taken_out_by_the_node_itself(case: Case) -> bytes:
    notes = said(case)
    del notes[covered(case, "act")]
    put_signed(case, notes)
    return case.resigned()


@kind("custody", "chunk_notes")
def a_chunks_note_taken_out_and_the_rest_renumbered(case: Case) -> bytes:
    """One that another chunk's note follows: else the head in the next leaf tells first."""
    notes = said(case)
    kinds = [note["n"] for note in notes]
    del notes[case.random.choice([at for at in range(len(notes) - 1) if kinds[at : at + 2] == ["chunk", "chunk"]])]
    put(case, [{**note, "i": number} for number, note in enumerate(notes)])
    return case.resigned()


@kind("custody", "note_signature")
def an_act_put_in(case: Case) -> bytes:
    notes, number = said(case), covered(case, "chunk")
    before = max((note["at"] for note in notes[:number] if note["n"] == "act"), default=0)
    extra = {"n": "act", "i": 0, "s": "x", "at": before, "actor": "node", "action": "held", "reason": ""}
    notes.insert(number, extra)
    put(case, [{**note, "i": at} for at, note in enumerate(notes)])
    return case.resigned()


@kind("custody", "number")
def two_notes_changed_places(case: Case) -> bytes:
    lines = case.lines("custody.jsonl")
    at = case.random.randrange(len(lines) - 1)
    lines[at], lines[at + 1] = lines[at + 1], lines[at]
    case.put_lines("custody.jsonl", lines)
    return case.resigned()


@kind("custody", "not_canonical")
def a_key_twice_in_a_note(case: Case) -> bytes:
    lines = case.lines("custody.jsonl")
    at = case.random.randrange(len(lines))
    lines[at] = lines[at].replace(b'"i":', b'"i":9999,"i":', 1)
    case.put_lines("custody.jsonl", lines)
    return case.resigned()


@kind("custody", "malformed")
def a_note_of_an_unknown_kind(case: Case) -> bytes:
    notes = said(case)
    notes[-1]["n"] = "remark"
    put(case, notes)
    return case.resigned()


@kind("custody", "note_signature")
def the_newest_note_told_otherwise(case: Case) -> bytes:
    """No leaf has seen it; the node signed it."""
    notes = said(case)
    notes[-1]["actor"] = "nobody"
    put(case, notes)
    end_chain(case, head_of(notes), len(notes))
    return case.resigned()


@kind("custody", "made")
def the_newest_note_taken_out(case: Case) -> bytes:
    put(case, said(case)[:-1])
    return case.resigned()


@kind("custody", "clock_suspect")
def made_before_the_last_note(case: Case) -> bytes:
    """By the custodian, everywhere alike: a day that only the notes contradict."""
    at = case.json("manifest.json")["made_at"]
    newest = max(note.get("at", note.get("t", 0)) for note in said(case)) // 1000
    earlier = newest - 61 - case.random.randrange(3_600)
    assert earlier < at
    case.change("manifest.json", lambda told: told.update(made_at=earlier))
    case.change("made.json", lambda told: told.update(at=earlier))
    return case.resigned()


@kind("custody", "made")
def another_time_of_making(case: Case) -> bytes:
    case.change("made.json", lambda told: told.update(at=told["at"] + 1))
    return case.resigned()


@kind("custody", "leaf_notes")
def a_leaf_note_that_names_another_leaf(case: Case) -> bytes:
    notes = said(case)
    last = max(number for number, note in enumerate(notes) if note["n"] == "leaf")
    notes[last]["leaf"] += 1
    put(case, notes)
    return case.resigned()
