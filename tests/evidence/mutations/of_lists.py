"""Changes to what the manifest lists, to the manifest itself, and to its signature."""

from base64 import b64decode
from typing import Any

from tests.evidence.mutations.case import Case, b64, kind
from tocsin.crypto import canonical
from tocsin.crypto.keys import SigningKey
from tocsin.tlog.entry import SIGNED_DESK_KEY


@kind("manifest", "hash_wrong")
def a_bit_of_an_original(case: Case) -> bytes:
    case.flip(case.some("original/media"))
    return case.as_is()


@kind("manifest", "hash_wrong")
def a_bit_of_a_readme(case: Case) -> bytes:
    case.flip(case.some("README"))
    return case.as_is()


@kind("manifest", "hash_wrong")
def a_bit_of_a_certificate(case: Case) -> bytes:
    case.flip(case.some("certificates/"))
    return case.as_is()


@kind("manifest", "size_wrong")
def a_byte_added(case: Case) -> bytes:
    case.files[case.some("certificates/")] += b"x"
    return case.as_is()


@kind("manifest", "size_wrong")
def a_byte_taken(case: Case) -> bytes:
    name = case.some("original/media")
    case.files[name] = case.files[name][:-1]
    return case.as_is()


@kind("manifest", "files_differ")
def a_file_renamed(case: Case) -> bytes:
    case.files["original/media-009.webm"] = case.files.pop("original/media-001.webm")
    return case.as_is()


@kind("manifest", "files_differ")
def a_file_added_without_listing(case: Case) -> bytes:
    case.files["log/checkpoints/7.txt"] = case.files[case.some("log/checkpoints")]
    return case.as_is()


@kind("manifest", "not_canonical")
def a_key_twice_in_the_manifest(case: Case) -> bytes:
    """A reader that takes the last one and a reader that takes the first see different states."""
    case.files["manifest.json"] = case.files["manifest.json"].replace(b'"state":', b'"state":"cut","state":')
    return case.signed()


@kind("manifest", "not_canonical")
def white_space_in_the_manifest(case: Case) -> bytes:
    case.files["manifest.json"] = case.files["manifest.json"].replace(b",", b", ", 1)
    return case.signed()


@kind("manifest", "not_canonical")
def a_number_written_otherwise(case: Case) -> bytes:
    count = str(case.json("manifest.json")["chunk_count"]).encode()
    case.files["manifest.json"] = case.files["manifest.json"].replace(b":" + count + b",", b":" + count + b".0,", 1)
    return case.signed()


@kind("manifest", "malformed")
def a_manifest_that_is_no_json(case: Case) -> bytes:
    case.files["manifest.json"] = case.files["manifest.json"][:-1]
    return case.signed()


@kind("manifest", "malformed")
def a_manifest_of_another_format(case: Case) -> bytes:
    case.change("manifest.json", lambda told: told.update(format="tocsin.package/v2"))
    return case.signed()


@kind("manifest", "hash_wrong")
def the_long_sum_wrong(case: Case) -> bytes:
    def edit(told: dict[str, Any]) -> None:
        case.random.choice(told["files"])["sha512"] = "0" * 128

    case.change("manifest.json", edit)
    return case.signed()


@kind("manifest", "files_differ")
def a_file_listed_twice(case: Case) -> bytes:
    case.change("manifest.json", lambda told: told["files"].append(told["files"][-1]))
    return case.signed()


@kind("manifest", "files_differ")
def files_listed_in_another_order(case: Case) -> bytes:
    case.change("manifest.json", lambda told: told["files"].reverse())
    return case.signed()


@kind("manifest", "malformed")
def a_size_that_is_no_number(case: Case) -> bytes:
    case.change("manifest.json", lambda told: case.random.choice(told["files"]).update(size=True))
    return case.signed()


@kind("manifest", "role_wrong")
def an_original_called_derivative(case: Case) -> bytes:
    def edit(told: dict[str, Any]) -> None:
        next(one for one in told["files"] if one["role"] == "original")["role"] = "derivative"

    case.change("manifest.json", edit)
    return case.signed()


@kind("manifest", "role_wrong")
def a_text_called_original(case: Case) -> bytes:
    def edit(told: dict[str, Any]) -> None:
        next(one for one in told["files"] if one["role"] == "text")["role"] = "original"

    case.change("manifest.json", edit)
    return case.signed()


@kind("signature", "signature_wrong")
def a_readme_changed_and_listed_again(case: Case) -> bytes:
    case.files["README.txt"] += b"\nEverything above is certain.\n"
    return case.relisted()


@kind("signature", "signature_wrong")
def a_bit_of_the_signature(case: Case) -> bytes:
    case.flip("manifest.sig")
    return case.as_is()


@kind("signature", "signature_wrong")
def the_signature_taken_out(case: Case) -> bytes:
    del case.files["manifest.sig"]
    return case.as_is()


@kind("signature", "signature_wrong")
def signed_by_another_in_the_custodians_name(case: Case) -> bytes:
    return case.resigned(SigningKey(case.random.randbytes(32)))


@kind("signature", "custodian_proof")
def signed_by_another_under_the_custodians_proof(case: Case) -> bytes:
    other = SigningKey(case.random.randbytes(32))
    case.change("manifest.json", lambda told: told["custodian"].update(key=b64(other.public)))
    return case.resigned(other)


@kind("signature", "signer_differs")
def signed_by_another_when_the_signer_is_known(case: Case) -> bytes:
    other = SigningKey(case.random.randbytes(32))
    case.signer = case.scene.custodian.public
    case.change("manifest.json", lambda told: told.update(custodian={"key": b64(other.public), "log_index": None}))
    case.put("log/custodian.json", None)
    return case.resigned(other)


@kind("signature", "signer_unlogged")
def signed_by_another_whom_the_log_does_not_know(case: Case) -> bytes:
    other = SigningKey(case.random.randbytes(32))
    case.change("manifest.json", lambda told: told.update(custodian={"key": b64(other.public), "log_index": None}))
    case.put("log/custodian.json", None)
    return case.resigned(other)


@kind("signature", "unsigned")
def the_custodian_taken_out(case: Case) -> bytes:
    case.change("manifest.json", lambda told: told.update(custodian=None))
    case.put("log/custodian.json", None)
    case.change("made.json", lambda told: told.update(actor="reader"))
    del case.files["manifest.sig"]
    return case.relisted()


@kind("signature", "custodian_proof")
def the_custodians_place_in_the_log_moved(case: Case) -> bytes:
    index = case.json("log/custodian.json")["index"] ^ 1
    case.change("log/custodian.json", lambda told: told.update(index=index))
    case.change("manifest.json", lambda told: told["custodian"].update(log_index=index))
    return case.resigned()


@kind("signature", "custodian_proof")
def made_before_the_custodians_key_counts(case: Case) -> bytes:
    early = case.random.randrange(1_799_000_000)
    case.change("manifest.json", lambda told: told.update(made_at=early))
    case.change("made.json", lambda told: told.update(at=early))
    return case.resigned()


@kind("signature", "custodian_proof")
def another_custodian_forged_into_the_log(case: Case) -> bytes:
    other = SigningKey(case.random.randbytes(32))
    told = case.json("log/custodian.json")
    place = next(i for i, one in enumerate(told["roll"]) if one["index"] == told["index"])
    _, _, body = b64decode(told["roll"][place]["entry"]).partition(b"\n")
    said = canonical.loads(body)
    assert isinstance(said, dict)
    said["statement"]["keys"][0]["custodian"] = b64(other.public)  # type: ignore[index,call-overload]
    entry = b64(SIGNED_DESK_KEY + canonical.dumps(said))
    case.change("log/custodian.json", lambda told: told["roll"][place].update(entry=entry))
    case.change("manifest.json", lambda told: told["custodian"].update(key=b64(other.public)))
    return case.resigned(other)


@kind("signature", "custodian_proof")
def a_steward_left_out_of_the_roll(case: Case) -> bytes:
    index = case.json("log/custodian.json")["index"]
    case.change(
        "log/custodian.json", lambda told: told.update(roll=[one for one in told["roll"] if one["index"] == index])
    )
    return case.resigned()


@kind("signature", "custodian_proof")
def a_custodian_whom_one_steward_signed(case: Case) -> bytes:
    return case.fresh(signed_by=1).as_is()


@kind("signature", "signer_removed")
def signed_by_a_custodian_who_left(case: Case) -> bytes:
    return case.fresh(is_custodian_gone=True).as_is()


@kind("signature", "stewards_differ")
def founded_by_others_than_the_card_says(case: Case) -> bytes:
    return case.fresh(stewards_seed=b"others").as_is()


@kind("signature", "signer_by_operator")
def a_custodian_whom_an_operator_put_there_alone(case: Case) -> bytes:
    """A package of the rule before two stewards signed."""
    older = case.fresh(is_older_rule=True)
    log, (entry, index) = older.scene.log, older.scene.places[0]
    proof = [b64(part) for part in log.inclusion_proof(index, log.size)]
    older.put("log/custodian.json", {"entry": b64(entry), "index": index, "proof": proof, "tree_size": log.size})
    older.change("manifest.json", lambda told: told["custodian"].update(log_index=index))
    return older.resigned()
