"""Changes to what a package says that its node announced in the log. Insiders all."""

import base64
import json
from typing import Any

from tests.evidence.mutations.case import Case, b64, kind
from tests.evidence.mutations.of_log import flipped
from tests.evidence.scene import ORIGIN
from tocsin.crypto import canonical
from tocsin.crypto.keys import SigningKey
from tocsin.evidence.capture import UNKNOWN_THERE
from tocsin.evidence.receipt import ReceiptSigner

LATER_FIELDS = ("build_entry", "controlled_capture", "source_commit")
"""Of capture.json, those that came with log/announced.json."""


def an_announcement(case: Case) -> int:
    return case.random.randrange(len(case.json("log/announced.json")))


def change_announcement(case: Case, at: int, **fields: object) -> bytes:
    case.change("log/announced.json", lambda told: told[at].update(fields))
    retell(case)
    return case.resigned()


def retell(case: Case) -> None:
    """Let capture.json say of the build what log/announced.json does now."""
    start, announced = case.json("capture.json"), case.json("log/announced.json")
    build = {"client": start["build"]["value"]}
    at = next((one["index"] for one in announced if build.items() <= said_by(one).items()), UNKNOWN_THERE)
    case.change("capture.json", lambda told: told["build_entry"].update(value=at))


def said_by(one: dict[str, Any]) -> dict[str, Any]:
    """What an announced entry says, if it is a release."""
    line, _, said = base64.b64decode(one["entry"]).partition(b"\n")
    return dict(json.loads(said)) if one["kind"] == "release" and line.endswith(b"release") else {}


@kind("chunks", "capture_differs")
def a_build_called_known_to_the_log(case: Case) -> bytes:
    """The phone ran another client than the one that the log announces."""
    case = case.fresh(build=case.random.randbytes(32).hex())
    at = next(one["index"] for one in case.json("log/announced.json") if one["kind"] == "release")
    case.change("capture.json", lambda told: told["build_entry"].update(value=at))
    return case.resigned()


@kind("chunks", "capture_differs")
def a_source_that_nobody_stated(case: Case) -> bytes:
    commit = {"source": "stated by the node, which served the build that the phone stated", "value": "ab" * 20}
    case.change("capture.json", lambda told: told.update(source_commit=commit))
    return case.resigned()


@kind("chunks", "capture_differs")
def an_import_called_captured_here(case: Case) -> bytes:
    case = case.fresh(kind="import")
    case.change("capture.json", lambda told: told["controlled_capture"].update(value="yes"))
    return case.resigned()


def without_announcements(case: Case) -> None:
    """As packages were before log/announced.json: nothing false is left, and nothing said of it."""
    del case.files["log/announced.json"]
    case.change("capture.json", lambda told: [told.pop(name) for name in LATER_FIELDS])


@kind("chunks", "capture_differs")
def what_is_said_of_the_capture_cut_down_to_the_older_fields(case: Case) -> bytes:
    case.change("capture.json", lambda told: [told.pop(name) for name in LATER_FIELDS])
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
