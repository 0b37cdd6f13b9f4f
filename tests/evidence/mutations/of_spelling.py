"""Changes to how keys are spelled that one language reads and another does not: both verifiers must judge alike."""

from tests.evidence.mutations.case import Case, kind
from tests.evidence.mutations.of_custody import end_chain, head_of, put, said
from tocsin.ids import b64


def change_key_id(case: Case, name: str) -> bytes:
    """A note that no leaf has seen, with another name of the key that signed it."""
    notes = said(case)
    notes.append({**notes[-1], "i": len(notes), "k": name, "g": b64(bytes(64))})
    put(case, notes)
    end_chain(case, head_of(notes), len(notes))
    return case.resigned()


@kind("custody", "malformed")
def a_key_id_with_white_space(case: Case) -> bytes:
    """That one reader of hex lets pass and another does not."""
    key_id = case.scene.receipts.key_id.hex()
    return change_key_id(case, f"{key_id[:4]} {key_id[4:]}")


@kind("custody", "malformed")
def a_key_id_as_long_as_a_book(case: Case) -> bytes:
    """Ids are kept to the end: of such, a package could fill the memory of whoever checks it."""
    return change_key_id(case, "0" * 5_000)


@kind("custody", "malformed")
def receipt_keys_each_in_a_list(case: Case) -> bytes:
    """Which a language that writes a list of one as its one would take for keys."""
    case.change("log/keys.json", lambda told: told.update(receipts=[[key] for key in told["receipts"]]))
    return case.resigned()


@kind("checkpoints", "malformed")
def witness_keys_each_in_a_list(case: Case) -> bytes:
    case.change("log/keys.json", lambda told: told.update(witnesses=[[key] for key in told["witnesses"]]))
    return case.resigned()


@kind("checkpoints", "malformed")
def the_logs_key_in_a_list(case: Case) -> bytes:
    case.change("log/keys.json", lambda told: told.update(log=[told["log"]]))
    return case.resigned()


@kind("chunks", "malformed")
def the_opening_key_in_a_list(case: Case) -> bytes:
    case.change("keys.json", lambda told: told.update(opening_key=[told["opening_key"]]))
    return case.resigned()


@kind("chunks", "malformed")
def the_opening_key_with_white_space(case: Case) -> bytes:
    case.change("keys.json", lambda told: told.update(opening_key=" " + told["opening_key"]))
    return case.resigned()
