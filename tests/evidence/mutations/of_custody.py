"""Changes to what the node noted. The chain of heads stands in the leaves, so the custodian cannot tell it otherwise."""

import json
from typing import Any

from tests.evidence.mutations.case import Case, kind
from tests.evidence.mutations.of_recording import put_table, table
from tocsin.crypto import canonical


def said(case: Case) -> list[dict[str, Any]]:
    return [json.loads(line) for line in case.lines("custody.jsonl")]


def put(case: Case, notes: list[dict[str, Any]]) -> None:
    case.put_lines("custody.jsonl", [canonical.dumps(note) + b"\n" for note in notes])


def covered(case: Case, kinds: str) -> int:
    """The number of a note of one of `kinds` before the last beat."""
    notes = said(case)
    last = max(number for number, note in enumerate(notes) if note["n"] == "beat")
    return case.random.choice([number for number in range(last) if notes[number]["n"] in kinds.split()])


@kind("custody", "head")
def a_receipt_moved_by_a_second_everywhere(case: Case) -> bytes:
    """In the note and in the table: only the head in the leaf still knows."""
    notes, number = said(case), covered(case, "chunk")
    notes[number]["t"] += 1000
    put(case, notes)
    rows = table(case)
    rows[notes[number]["q"] + 1][10] = str(notes[number]["t"])
    put_table(case, rows)
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


@kind("custody", "head")
def an_act_told_otherwise(case: Case) -> bytes:
    notes, number = said(case), covered(case, "act")
    notes[number]["actor"] = "owner"
    put(case, notes)
    return case.resigned()


@kind("custody", "head")
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


@kind("custody", "head")
def an_act_taken_out_and_the_rest_renumbered(case: Case) -> bytes:
    notes = said(case)
    del notes[covered(case, "act")]
    put(case, [{**note, "i": number} for number, note in enumerate(notes)])
    return case.resigned()


@kind("custody", "chunk_notes")
def a_chunks_note_taken_out_and_the_rest_renumbered(case: Case) -> bytes:
    """One that another chunk's note follows: else the head in the next leaf tells first."""
    notes = said(case)
    kinds = [note["n"] for note in notes]
    del notes[case.random.choice([at for at in range(len(notes) - 1) if kinds[at : at + 2] == ["chunk", "chunk"]])]
    put(case, [{**note, "i": number} for number, note in enumerate(notes)])
    return case.resigned()


@kind("custody", "head")
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


@kind("custody", "made")
def the_newest_note_told_otherwise(case: Case) -> bytes:
    """No leaf has seen it; made.json closes the chain."""
    notes = said(case)
    notes[-1]["actor"] = "nobody"
    put(case, notes)
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
