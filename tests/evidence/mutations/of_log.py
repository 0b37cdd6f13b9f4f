"""Changes to what the log says: leaves, checkpoints, witnesses, consistency. Insiders all; the last ones run the node itself."""

import base64
from typing import Any

from tests.evidence.mutations.case import Case, b64, kind
from tests.evidence.mutations.of_recording import put_table, table
from tocsin.crypto import canonical
from tocsin.crypto.keys import SigningKey
from tocsin.evidence.capture import UNKNOWN_THERE
from tocsin.evidence.custody import beat_commitment
from tocsin.ids import RecordingId
from tocsin.tlog import checkpoint as checkpoints
from tocsin.tlog import note as notes
from tocsin.tlog.cosignature import Cosigner
from tocsin.tlog.note import Note


def a_leaf(case: Case) -> int:
    return case.random.randrange(len(case.json("log/leaves.json")))


def change_leaf(case: Case, at: int, **fields: object) -> None:
    case.change("log/leaves.json", lambda told: told[at].update(fields))


def flipped(case: Case, text: str) -> str:
    raw = bytearray(base64.b64decode(text))
    raw[case.random.randrange(len(raw))] ^= 1 << case.random.randrange(8)
    return b64(bytes(raw))


def entry_of(case: Case, leaf: dict[str, Any]) -> str:
    """The entry a leaf's fields would make."""
    raw = {name: base64.b64decode(leaf[name]) for name in ("salt", "link", "custody_head")}
    recording = RecordingId(case.scene.header.recording_id)
    hidden = beat_commitment(raw["salt"], recording, leaf["seq"], raw["link"], raw["custody_head"])
    return b64(b"tocsin.leaf/v1 beat\n" + hidden)


@kind("leaves", "leaf_wrong")
def another_salt(case: Case) -> bytes:
    at = a_leaf(case)
    change_leaf(case, at, salt=flipped(case, case.json("log/leaves.json")[at]["salt"]))
    return case.resigned()


@kind("leaves", "leaf_wrong")
def a_leaf_of_another_recording(case: Case) -> bytes:
    other, at = case.fresh().json("log/leaves.json"), a_leaf(case)
    change_leaf(case, at, **{name: other[at % len(other)][name] for name in ("entry", "salt", "custody_head")})
    return case.resigned()


@kind("leaves", "link_wrong")
def a_leaf_made_to_cover_other_content(case: Case) -> bytes:
    at = a_leaf(case)
    leaf = case.json("log/leaves.json")[at] | {"link": b64(case.random.randbytes(32))}
    change_leaf(case, at, link=leaf["link"], entry=entry_of(case, leaf))
    return case.resigned()


@kind("leaves", "inclusion")
def a_leaf_with_a_salt_of_its_own_making(case: Case) -> bytes:
    at = a_leaf(case)
    leaf = case.json("log/leaves.json")[at] | {"salt": b64(case.random.randbytes(32))}
    change_leaf(case, at, salt=leaf["salt"], entry=entry_of(case, leaf))
    return case.resigned()


@kind("leaves", "inclusion")
def a_bit_of_an_inclusion_proof(case: Case) -> bytes:
    at = a_leaf(case)
    proof = case.json("log/leaves.json")[at]["proof"]
    number = case.random.randrange(len(proof))
    proof[number] = flipped(case, proof[number])
    change_leaf(case, at, proof=proof)
    return case.resigned()


@kind("leaves", "inclusion")
def an_inclusion_proof_too_long(case: Case) -> bytes:
    at = a_leaf(case)
    change_leaf(case, at, proof=[*case.json("log/leaves.json")[at]["proof"], b64(bytes(32))])
    return case.resigned()


@kind("leaves", "inclusion")
def the_proof_of_another_leaf(case: Case) -> bytes:
    leaves = case.json("log/leaves.json")
    change_leaf(case, -1, proof=leaves[-1]["time_proof"])
    return case.resigned()


@kind("leaves", "inclusion")
def a_leaf_moved_to_another_place(case: Case) -> bytes:
    at = a_leaf(case)
    index = case.json("log/leaves.json")[at]["index"]
    change_leaf(case, at, index=index ^ 1 if index ^ 1 > case.json("log/leaves.json")[at]["first"] else index + 2)
    moved, rows = str(case.json("log/leaves.json")[at]["index"]), table(case)
    put_table(case, [[*row[:12], moved] if row[12] == str(index) else row for row in rows])
    return case.resigned()


@kind("leaves", "beat_wrong")
def a_beat_moved_by_a_minute(case: Case) -> bytes:
    at = 0 if case.random.random() < 0.5 else -1
    beat = case.json("log/leaves.json")[at]["beat"]
    change_leaf(case, at, beat=beat + (60 if at else -60))
    return case.resigned()


@kind("leaves", "inclusion")
def a_beat_moved_with_its_entry(case: Case) -> bytes:
    leaf = case.json("log/leaves.json")[0]
    said = canonical.dumps({"beat": leaf["beat"] - 60, "first": leaf["first"]})
    change_leaf(case, 0, beat=leaf["beat"] - 60, time_entry=b64(b"tocsin.leaf/v1 time\n" + said))
    return case.resigned()


@kind("leaves", "leaf_order")
def leaves_changed_places(case: Case) -> bytes:
    case.change("log/leaves.json", lambda told: told.reverse())
    return case.resigned()


@kind("leaves", "checkpoint_absent")
def a_checkpoint_left_out(case: Case) -> bytes:
    leaves = case.json("log/leaves.json")
    size = leaves[case.random.randrange(len(leaves) - 1)]["tree_size"]
    del case.files[f"log/checkpoints/{size}.txt"]
    return case.resigned()


@kind("custody", "leaf_notes")
def the_last_leaf_left_out(case: Case) -> bytes:
    """The notes still tell of it."""
    gone = case.json("log/leaves.json")[-1]
    case.change("log/leaves.json", lambda told: told.pop())
    put_table(case, [[*row[:12], "" if row[12] == str(gone["index"]) else row[12]] for row in table(case)])
    return case.resigned()


@kind("leaves", "no_leaf")
def the_log_taken_out(case: Case) -> bytes:
    """Nothing false is left, so nothing fails: but everything that spoke of time is missing, and is said to be."""
    for name in [name for name in case.files if name.startswith(("log/checkpoints", "log/timestamps"))]:
        del case.files[name]
    case.put("log/leaves.json", [])
    case.put("log/consistency.json", [])
    case.put("log/announced.json", [])
    case.change("capture.json", lambda told: told["build_entry"].update(value=UNKNOWN_THERE))
    case.put("log/custodian.json", None)
    case.change("log/keys.json", lambda told: told.update(log=None))
    case.files["log/timestamps/NONE.txt"] = b"none\n"
    case.change("manifest.json", lambda told: told["custodian"].update(log_index=None))
    put_table(case, [[*row[:12], "" if number else row[12]] for number, row in enumerate(table(case))])
    return case.resigned()


# checkpoints


def note_of(case: Case, name: str) -> Note:
    return notes.parse(case.files[name])


def put_note(case: Case, name: str, note: Note) -> None:
    case.files[name] = str(note).encode()


def replaced(note: Note, line: notes.Signature, raw: bytes) -> Note:
    """The note with other bytes in one of its lines."""
    other = notes.Signature(line.name, line.key_id, raw)
    return Note(note.text, tuple(other if one == line else one for one in note.signatures))


def sizes(case: Case) -> list[int]:
    """All tree sizes in order; the first is that before the recording."""
    return sorted(int(name.split("/")[2][:-4]) for name in case.files if name.startswith("log/checkpoints/"))


def checkpoint(case: Case, at: int) -> str:
    return f"log/checkpoints/{sizes(case)[at]}.txt"


@kind("checkpoints", "log_signature")
def a_checkpoint_signed_by_another_key(case: Case) -> bytes:
    name = checkpoint(case, case.random.randrange(len(sizes(case))))
    note = note_of(case, name)
    forged = checkpoints.sign(checkpoints.parse_text(note.text), SigningKey(case.random.randbytes(32)))
    put_note(case, name, Note(note.text, (*forged.signatures, *note.signatures[1:])))
    return case.resigned()


@kind("checkpoints", "log_signature")
def another_root_before_the_recording(case: Case) -> bytes:
    name = checkpoint(case, 0)
    note = note_of(case, name)
    root = flipped(case, note.text.split("\n")[2])
    put_note(case, name, Note("\n".join([*note.text.split("\n")[:2], root, ""]), note.signatures))
    case.put("log/custodian.json", None)
    case.change("manifest.json", lambda told: told["custodian"].update(log_index=None))
    return case.resigned()


@kind("checkpoints", "log_signature")
def the_logs_signature_taken_off(case: Case) -> bytes:
    name = checkpoint(case, case.random.randrange(len(sizes(case))))
    note = note_of(case, name)
    put_note(case, name, Note(note.text, note.signatures[1:]))
    return case.resigned()


@kind("checkpoints", "malformed")
def a_checkpoint_under_another_size(case: Case) -> bytes:
    name = checkpoint(case, 0)
    case.files["log/checkpoints/1.txt"] = case.files.pop(name)
    return case.resigned()


@kind("checkpoints", "cosignature")
def a_forged_witness(case: Case) -> bytes:
    name = checkpoint(case, -1)
    note = note_of(case, name)
    at = case.random.randrange(1, len(note.signatures))
    line = note.signatures[at]
    raw = bytearray(line.raw)
    raw[case.random.randrange(8, len(raw))] ^= 1
    put_note(case, name, replaced(note, line, bytes(raw)))
    return case.resigned()


@kind("checkpoints", "cosignature")
def a_witness_time_moved_by_a_second(case: Case) -> bytes:
    name = checkpoint(case, -1)
    note = note_of(case, name)
    line = note.signatures[case.random.randrange(1, len(note.signatures))]
    moved = (int.from_bytes(line.raw[:8]) + 1).to_bytes(8) + line.raw[8:]
    put_note(case, name, replaced(note, line, moved))
    return case.resigned()


@kind("checkpoints", "cosignature")
def a_cosignature_of_another_checkpoint(case: Case) -> bytes:
    """The right witness signed it, over another tree."""
    last, before = note_of(case, checkpoint(case, -1)), note_of(case, checkpoint(case, -2))
    at = case.random.randrange(1, len(last.signatures))
    put_note(case, checkpoint(case, -1), replaced(last, last.signatures[at], before.signatures[at].raw))
    return case.resigned()


@kind("checkpoints", "cosignature")
def a_cosignature_in_the_name_of_another_witness(case: Case) -> bytes:
    note = note_of(case, checkpoint(case, -1))
    length = case.random.choice([len(line.raw) for line in note.signatures[1:]])
    first, second = (line for line in note.signatures[1:] if len(line.raw) == length)
    put_note(case, checkpoint(case, -1), replaced(note, first, second.raw))
    return case.resigned()


@kind("checkpoints", "witnesses")
def all_witnesses_taken_off(case: Case) -> bytes:
    for at in range(len(sizes(case))):
        note = note_of(case, checkpoint(case, at))
        put_note(case, checkpoint(case, at), Note(note.text, note.signatures[:1]))
    return case.resigned()


@kind("checkpoints", "witnesses")
def one_of_two_witnesses_taken_off(case: Case) -> bytes:
    gone = case.random.choice(["w1.example", "w2.example"])
    note = note_of(case, checkpoint(case, -1))
    kept = tuple(line for line in note.signatures if line.name != gone)
    put_note(case, checkpoint(case, -1), Note(note.text, kept))
    return case.resigned()


@kind("checkpoints", "witnesses")
def one_witness_under_two_names(case: Case) -> bytes:
    """Its Ed25519 signature does not name it, so its line can be copied under another name; TRUST does not know that name."""
    other = case.fresh(witness_count=1)
    first = other.scene.witnesses[0]
    twin = Cosigner("w9.example", first.ed25519, first.ml_dsa_44)
    note = note_of(other, checkpoint(other, -1))
    put_note(other, checkpoint(other, -1), note.adding(twin.cosign(note.text, 1_800_000_200)))
    vkeys = [str(key) for one in (first, twin) for key in one.vkeys]
    other.change("log/keys.json", lambda told: told.update(witnesses=vkeys))
    return other.resigned()


@kind("checkpoints", "witnesses")
def witnesses_of_its_own(case: Case) -> bytes:
    """The right log, with witnesses that its node runs itself."""
    other = case.fresh(witness_count=0)
    mine = [Cosigner(f"w{number}.example", SigningKey(bytes([number]) * 32), first_key(other)) for number in (1, 2)]
    for at in range(len(sizes(other))):
        note = note_of(other, checkpoint(other, at))
        lines = [line for one in mine for line in one.cosign(note.text, 1_800_000_200)]
        put_note(other, checkpoint(other, at), note.adding(lines))
    vkeys = [str(key) for one in mine for key in one.vkeys]
    other.change("log/keys.json", lambda told: told.update(witnesses=vkeys))
    return other.resigned()


def first_key(case: Case) -> Any:
    return case.scene.witnesses[2].ml_dsa_44


@kind("checkpoints", "log_untrusted")
def everything_made_again_under_another_log(case: Case) -> bytes:
    """Another node, other witnesses, everything right in itself. Only keys from outside can tell."""
    return case.fresh(keys_seed=b"another town").as_is()


@kind("checkpoints", "before_beat")
def beats_that_lie_after_their_witnesses(case: Case) -> bytes:
    return case.fresh(witness_skew_s=-case.random.randrange(1000, 86_400)).as_is()


@kind("checkpoints", "clock_suspect")
def beats_a_little_after_their_witnesses(case: Case) -> bytes:
    return case.fresh(witness_skew_s=-case.random.randrange(120, 800)).as_is()


@kind("checkpoints", "witnessed_late")
def beats_that_lie_long_before_their_witnesses(case: Case) -> bytes:
    """Backdating: the log says one hour, every witness another, later one."""
    return case.fresh(witness_skew_s=case.random.randrange(1000, 86_400)).as_is()


# consistency


@kind("consistency", "consistency")
def a_bit_of_a_consistency_proof(case: Case) -> bytes:
    told = case.json("log/consistency.json")
    one = case.random.choice([one for one in told if one["proof"]])
    at = case.random.randrange(len(one["proof"]))
    one["proof"][at] = flipped(case, one["proof"][at])
    case.put("log/consistency.json", told)
    return case.resigned()


@kind("consistency", "pairs_differ")
def a_consistency_proof_left_out(case: Case) -> bytes:
    case.change("log/consistency.json", lambda told: told.pop(case.random.randrange(len(told))))
    return case.resigned()


@kind("consistency", "consistency")
def logs_spliced(case: Case) -> bytes:
    """The same log key signed two trees of one size and both witnesses fell for it: consistency still tells them apart."""
    other = case.fresh()
    name = checkpoint(case, 0)
    case.files[name] = other.files[name]
    case.put("log/custodian.json", None)
    case.change("manifest.json", lambda told: told["custodian"].update(log_index=None))
    case.files = {n: c for n, c in case.files.items() if not n.startswith(f"log/timestamps/{sizes(case)[0]}-")}
    return case.resigned()
