"""Changes to what a package says that its node announced in the log. Insiders all."""

from tests.evidence.mutations.case import Case, b64, kind
from tests.evidence.mutations.of_log import flipped
from tests.evidence.scene import ORIGIN
from tocsin.crypto import canonical
from tocsin.crypto.keys import SigningKey
from tocsin.evidence.receipt import ReceiptSigner


def an_announcement(case: Case) -> int:
    return case.random.randrange(len(case.json("log/announced.json")))


def change_announcement(case: Case, at: int, **fields: object) -> bytes:
    case.change("log/announced.json", lambda told: told[at].update(fields))
    return case.resigned()


@kind("leaves", "inclusion")
def a_release_that_the_log_never_announced(case: Case) -> bytes:
    """So that the package says that the phone ran it."""
    at = next(at for at, one in enumerate(case.json("log/announced.json")) if one["kind"] == "release")
    said = canonical.dumps({"client": case.random.randbytes(32).hex(), "trust": "1" * 64, "version": "0.1.0"})
    return change_announcement(case, at, entry=b64(b"tocsin.leaf/v1 release\n" + said))


@kind("leaves", "inclusion")
def another_receipt_key_announced(case: Case) -> bytes:
    at = next(at for at, one in enumerate(case.json("log/announced.json")) if one["kind"] == "receipt-key")
    said = canonical.dumps({"act": "add", "key": ReceiptSigner(ORIGIN, SigningKey(case.random.randbytes(32))).vkey})
    return change_announcement(case, at, entry=b64(b"tocsin.leaf/v1 receipt-key\n" + said))


@kind("leaves", "inclusion")
def a_bit_of_the_proof_of_an_announcement(case: Case) -> bytes:
    at = an_announcement(case)
    proof = case.json("log/announced.json")[at]["proof"]
    number = case.random.randrange(len(proof))
    proof[number] = flipped(case, proof[number])
    return change_announcement(case, at, proof=proof)


@kind("leaves", "inclusion")
def an_announcement_moved_to_another_place(case: Case) -> bytes:
    return change_announcement(case, -1, index=case.json("log/announced.json")[-1]["index"] + 1)


@kind("leaves", "checkpoint_absent")
def announcements_in_a_tree_that_is_not_there(case: Case) -> bytes:
    at = an_announcement(case)
    return change_announcement(case, at, tree_size=case.json("log/announced.json")[at]["tree_size"] + 64)


@kind("leaves", "malformed")
def an_announcement_called_what_it_is_not(case: Case) -> bytes:
    at = an_announcement(case)
    called = {"release": "receipt-key", "receipt-key": "release"}
    return change_announcement(case, at, kind=called[case.json("log/announced.json")[at]["kind"]])


@kind("leaves", "malformed")
def an_announcement_told_twice(case: Case) -> bytes:
    at = an_announcement(case)
    case.change("log/announced.json", lambda told: told.insert(at, told[at]))
    return case.resigned()
