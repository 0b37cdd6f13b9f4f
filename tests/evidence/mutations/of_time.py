"""Timestamps and derivatives."""

import hashlib
from typing import Any

from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.evidence.authority import Authority
from tests.evidence.mutations.case import Case, kind
from tests.evidence.mutations.of_log import note_of
from tocsin.crypto import canonical


def token(case: Case) -> str:
    return case.some("log/timestamps/", ".tsr")


def last_tokens(case: Case) -> tuple[str, str]:
    """Two different ones."""
    first, second = case.random.sample([name for name in case.files if name.endswith(".tsr")], 2)
    return first, second


@kind("timestamps", "signature_wrong")
def a_bit_of_a_timestamps_signature(case: Case) -> bytes:
    name = token(case)
    raw = case.files[name]
    case.flip(name, len(raw) - 1 - case.random.randrange(20))
    return case.resigned()


@kind("timestamps", "signature_wrong")
def a_timestamp_moved_by_a_second(case: Case) -> bytes:
    name = token(case)
    raw = case.files[name]
    at = raw.index(b"\x18\x0f2027") + 2 + 13
    case.files[name] = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
    return case.resigned()


@kind("timestamps", "imprint")
def timestamps_changed_places(case: Case) -> bytes:
    first, second = last_tokens(case)
    case.files[first], case.files[second] = case.files[second], case.files[first]
    return case.resigned()


@kind("timestamps", "imprint")
def a_timestamp_over_something_else(case: Case) -> bytes:
    case.files[token(case)] = case.scene.authority.answer(case.random.randbytes(32), 1_800_000_999)
    return case.resigned()


def stamped(case: Case, by: Authority) -> bytes:
    """A token taken anew, over the right bytes, by another than the sample's authority."""
    name = token(case)
    size = name.split("/")[2].split("-")[0]
    imprint = hashlib.sha256(note_of(case, f"log/checkpoints/{size}.txt").text.encode()).digest()
    case.files[name] = by.answer(imprint, 1_800_000_999)
    return case.resigned()


@kind("timestamps", "chain")
def a_timestamp_by_an_authority_nobody_trusts(case: Case) -> bytes:
    return stamped(case, Authority("Stranger"))


@kind("timestamps", "chain")
def a_timestamp_by_a_certificate_for_something_else(case: Case) -> bytes:
    """The trusted root signed it, for a web server."""
    return stamped(case, case.scene.authority.under_another_leaf(use=ExtendedKeyUsageOID.SERVER_AUTH))


@kind("timestamps", "chain")
def a_timestamp_by_a_certificate_that_had_ended(case: Case) -> bytes:
    return stamped(case, case.scene.authority.under_another_leaf(until=2021))


@kind("timestamps", "malformed")
def a_refusal_in_place_of_a_timestamp(case: Case) -> bytes:
    case.files[token(case)] = bytes.fromhex("30053003020102")
    return case.resigned()


@kind("timestamps", "before_beat")
def a_timestamp_older_than_the_beat(case: Case) -> bytes:
    leaves = case.json("log/leaves.json")
    name = f"log/timestamps/{leaves[-1]['tree_size']}-sample.tsr"
    imprint = hashlib.sha256(note_of(case, f"log/checkpoints/{leaves[-1]['tree_size']}.txt").text.encode()).digest()
    early = leaves[-1]["beat"] - case.random.randrange(1000, 9999)
    case.files[name] = case.scene.authority.answer(imprint, early)
    return case.resigned()


@kind("timestamps", "no_timestamp")
def every_timestamp_taken_out(case: Case) -> bytes:
    for name in [name for name in case.files if name.endswith(".tsr")]:
        del case.files[name]
    case.files["log/timestamps/NONE.txt"] = b"none\n"
    return case.resigned()


@kind("timestamps", "none_said")
def timestamps_taken_out_without_a_word(case: Case) -> bytes:
    for name in [name for name in case.files if name.endswith(".tsr")]:
        del case.files[name]
    return case.resigned()


@kind("timestamps", "tail_uncovered")
def the_last_timestamp_taken_out(case: Case) -> bytes:
    del case.files[f"log/timestamps/{case.json('log/leaves.json')[-1]['tree_size']}-sample.tsr"]
    return case.resigned()


@kind("timestamps", "malformed")
def a_timestamp_cut_short(case: Case) -> bytes:
    name = token(case)
    case.files[name] = case.files[name][: case.random.randrange(20, 60)]
    return case.resigned()


# derivatives


def derived(case: Case, **fields: Any) -> None:
    """A blurred copy with its lineage, and `fields` of that changed."""
    case.files["derivatives/blurred.webm"] = b"covered faces"
    parent = "original/media-001.webm"
    told = {
        "changes": "faces covered", "made_at": 1_800_009_000, "method": "by hand", "name": "derivatives/blurred.webm",
        "operator": "custodian", "parent": parent, "parent_sha256": hashlib.sha256(case.files[parent]).hexdigest(),
        "sha256": hashlib.sha256(b"covered faces").hexdigest(),
    }  # fmt: skip
    case.files["derivatives/lineage.json"] = canonical.dumps([told | fields])


@kind("derivatives", "lineage")
def a_derivative_without_lineage(case: Case) -> bytes:
    derived(case)
    del case.files["derivatives/lineage.json"]
    return case.resigned()


@kind("derivatives", "lineage")
def a_derivative_of_something_else(case: Case) -> bytes:
    derived(case, parent_sha256="0" * 64)
    return case.resigned()


@kind("derivatives", "lineage")
def a_derivative_changed_after_its_lineage(case: Case) -> bytes:
    derived(case)
    case.files["derivatives/blurred.webm"] += b"!"
    return case.resigned()


@kind("derivatives", "lineage")
def a_derivative_nobody_told_of(case: Case) -> bytes:
    derived(case)
    case.files["derivatives/another.webm"] = b"x"
    return case.resigned()
