"""What reads bytes that strangers send: each parser with where to begin, what it may raise, and what must hold of what it takes.

A target is called with any bytes. It returns; anything it raises is a finding. Refusals are `TocsinError` and what a function's own
docstring names; they are taken here, at the place where the caller of the product takes them.
"""

import contextlib
import io
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from tests.fuzz import registry
from tocsin.crypto import canonical, envelope
from tocsin.crypto.custody import NoteReader
from tocsin.crypto.stream import CommitmentWrong, Reader, check_chunk, parse_chunk, parse_header
from tocsin.encounters.create import Start
from tocsin.encounters.rewrap import Wraps
from tocsin.encounters.routes import capability_of, recording_of
from tocsin.errors import TocsinError
from tocsin.evidence import receipt
from tocsin.evidence.sealed import Sealed, write_sealed
from tocsin.evidence.verify import Trust, verify
from tocsin.ids import RecordingId, b64, unb64
from tocsin.people import retention, statement
from tocsin.people.steward_keys import Steward
from tocsin.registry import decp, ftm, mapped, ocds, osm, person, usaspending
from tocsin.registry import model as registry_model
from tocsin.registry.importing import Bad, Read
from tocsin.tlog import checkpoint, cosignature, note, promise, proof, public, publish, tile, timestamp, witness
from tocsin.tlog import entry as entries
from tocsin.web import headers, i18n

VECTORS = Path(__file__).parents[2] / "vectors"
HONEST = json.loads((VECTORS / "recording" / "honest.json").read_text())
CUSTODY = json.loads((VECTORS / "custody" / "honest.json").read_text())
SIGNED = json.loads((VECTORS / "tlog" / "signed_note.json").read_text())
MLDSA = json.loads((VECTORS / "tlog" / "mldsa_cosignature.json").read_text())
HEADER = parse_header(bytes.fromhex(HONEST["header"]))
TRUST = Trust.read((VECTORS / "package" / "trust.json").read_bytes())
IDENTITY = envelope.identity_of(bytes(range(32)))
LOG_KEY = note.parse_vkey(SIGNED["vkey"])
WITNESS_KEY = note.parse_vkey(MLDSA["vkey"])
RECEIPT_VKEY = "city.example/receipts+00000000+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
LANGUAGES = ("en", "es", "fr")
STEWARDS = [json.loads((VECTORS / "stewards" / f"{name}.json").read_text()) for name in ("hold", "retention")]
STEWARD_KEYS = {
    one.public: Steward(one.public, name, 0)
    for one, name in zip(statement.read(STEWARDS[0]["signed"].encode()).signatures, ("Wren", "Kestrel"), strict=True)
}


MAPPING = mapped.Mapped(
    entity={
        "firm": mapped.Entity("Company", ["a"], {"name": "a"}),
        "value": mapped.Entity("ValueEvent", ["a"], {"amount": "b"}),
    },
    source="https://x.example",
    delimiter=";",
    decimal_comma=True,
)
READERS: tuple[Callable[[Path], Read], ...] = (
    ftm.reader("", "fuzz"), ftm.read_statements, usaspending.read, ocds.reader(""), decp.reader(""), osm.reader(""),
    mapped.reader(MAPPING, "fuzz"),
)  # fmt: skip


class Target(NamedTuple):
    """`seeds` are inputs it takes, so that a fuzzer begins behind the first check."""

    name: str
    read: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]


def chunk(raw: bytes) -> None:
    with contextlib.suppress(TocsinError):
        one = parse_chunk(raw)
        assert len(one.link) == 32
        check_chunk(HEADER, one, HEADER.link)


def opened_chunk(raw: bytes) -> None:
    """As the reader of a recording does: what opens was sealed so."""
    with contextlib.suppress(TocsinError):
        Reader(bytes.fromhex(HONEST["rk"]), HEADER).open(parse_chunk(raw))


def header(raw: bytes) -> None:
    with contextlib.suppress(TocsinError):
        found = parse_header(raw)
        assert found.raw == raw
        with contextlib.suppress(CommitmentWrong):
            Reader(bytes(32), found)


def signed_note(raw: bytes) -> None:
    with contextlib.suppress(TocsinError):
        found = note.parse(raw)
        assert str(found).encode() == raw, "a note that is taken is the bytes that came"
        note.verify(found, LOG_KEY)


def head(raw: bytes) -> None:
    with contextlib.suppress(TocsinError, UnicodeDecodeError):
        text = raw.decode()
        found = checkpoint.parse_text(text)
        assert found.text == text
        checkpoint.open_checkpoint(raw, LOG_KEY)


def vkey(raw: bytes) -> None:
    with contextlib.suppress(TocsinError, UnicodeDecodeError):
        text = raw.decode()
        assert str(note.parse_vkey(text)) == text


def cosigned(raw: bytes) -> None:
    with contextlib.suppress(TocsinError):
        found = note.parse(raw)
        cosignature.verify(found, WITNESS_KEY)


def witness_request(raw: bytes) -> None:
    with contextlib.suppress(TocsinError):
        found = witness.parse_request(raw)
        assert str(found).encode() == raw


def a_receipt(raw: bytes) -> None:
    with contextlib.suppress(TocsinError):
        receipt.read(raw, RECEIPT_VKEY)
    with contextlib.suppress(TocsinError):
        promise.read_receipt(raw, LOG_KEY, LOG_KEY.name)


def age(raw: bytes) -> None:
    with contextlib.suppress(TocsinError):
        envelope.check_shape(raw)
        assert len(raw) <= envelope.SEALED_LIMIT
        envelope.open_wraps(IDENTITY, raw)


def age_text(raw: bytes) -> None:
    with contextlib.suppress(TocsinError, UnicodeDecodeError):
        text = raw.decode()
        with contextlib.suppress(TocsinError):
            envelope.seal_to([text], b"x")
        envelope.recipient_of(text)


def package(raw: bytes) -> None:
    """The verifier answers for any file and raises nothing; what is altered is never all proven."""
    file = os.memfd_create("package")
    try:
        os.write(file, raw)
        report = verify(f"/proc/self/fd/{file}", TRUST)
        assert report.exit in (0, 1, 2, 3)
        assert report.exit != 0 or raw == (VECTORS / "package" / "honest.zip").read_bytes()
        report.as_text()
        json.dumps(report.as_json())
    finally:
        os.close(file)


def sealed(raw: bytes) -> None:
    with contextlib.suppress(TocsinError), Sealed(io.BytesIO(raw)) as export:
        for name in ("header", "wraps", "node", "log"):
            with contextlib.suppress(TocsinError):
                getattr(export, name)
        for _ in export.chunks():
            pass
        for _ in export.notes():
            pass


def custody(raw: bytes) -> None:
    with contextlib.suppress(TocsinError):
        NoteReader(RecordingId(bytes.fromhex(CUSTODY["recording_id"])), bytes.fromhex(CUSTODY["custody_seed"])).open(
            raw
        )


def tile_path(raw: bytes) -> None:
    with contextlib.suppress(TocsinError, UnicodeDecodeError):
        text = raw.decode()
        assert tile.parse_path(text).path == text


def bundle(raw: bytes) -> None:
    width = raw[0] + 1 if raw else 1
    with contextlib.suppress(TocsinError):
        assert tile.join_bundle(tile.split_bundle(raw[1:], width)) == raw[1:]
    with contextlib.suppress(TocsinError):
        assert b"".join(tile.split_tile(raw[1:], width)) == raw[1:]


def canonical_json(raw: bytes) -> None:
    with contextlib.suppress(canonical.CanonicalError):
        assert canonical.dumps(canonical.loads(raw)) == raw


def start_body(raw: bytes) -> None:
    """What the node reads of a body before it knows who sends it."""
    for shape in (Start, Wraps):
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
            msgspec.json.decode(raw, type=shape)
    with contextlib.suppress(ValueError):
        publish.parse_tokens(raw)


def addresses(raw: bytes) -> None:
    """Header values and paths, as they come from a socket."""
    with contextlib.suppress(TocsinError):
        assert b"Tocsin " + b64(capability_of([(b"authorization", raw)])).encode() == raw
    text = raw.decode("latin-1")
    with contextlib.suppress(TocsinError):
        assert b64(recording_of(text)) == text
    with contextlib.suppress(ValueError):
        assert b64(unb64(text)) == text
    assert i18n.negotiate(text, LANGUAGES) in LANGUAGES
    assert not text.isascii() or headers.bare_host(text) == headers.bare_host(text.upper())
    headers.headers_for(headers.kind_of(f"/{text}"), headers.Site())


def timestamp_token(raw: bytes) -> None:
    with contextlib.suppress(TocsinError):
        timestamp.check(raw, bytes(32), ())


def log_proof(raw: bytes) -> None:
    with contextlib.suppress(TocsinError, UnicodeDecodeError):
        text = raw.decode()
        found = proof.parse(text)
        assert proof.parse(str(found)) == found
        proof.verify(found, b"entry", LOG_KEY, [WITNESS_KEY], 1)


def registry_file(raw: bytes) -> None:
    """Every reader of files for the registry, under each of its formats: rows that can be recorded, or words why not."""
    which, content = (raw[0] % len(READERS), raw[1:]) if raw else (0, b"")
    file = os.memfd_create("registry")
    try:
        os.write(file, content)
        with contextlib.suppress(TocsinError):
            for row in READERS[which](Path(f"/proc/self/fd/{file}")):
                if not isinstance(row, Bad):
                    doubts = [person.doubt_of(draft, is_foreign=row.is_foreign) for draft in row.drafts]
                    assert row.said or any(doubts) or registry_model.statements_of(row, "fuzz", 0)
    finally:
        os.close(file)


def registry_files() -> Iterator[bytes]:
    texts = (
        '{"id":"a","schema":"Company","properties":{"name":["Acme LLC"]}}\n{"id":"b","schema":"Payment","properties":{}}',
        "entity_id,prop,schema,value,dataset,source_url,verb,confidence,first_seen,last_seen\na,name,Company,'=,d,x,ruled,high,2024,2024",
        'award_id_piid,awarding_agency_name,recipient_name,award amount\nA,ICE,Acme LLC,"$1,2"',
        '{"releases":[{"ocid":"o","date":"2024","buyer":{"name":"Ville"},"awards":[{"id":"1","value":{"amount":1e3}}]}]}',
        '{"marches":[{"id":"1","acheteur":{"id":"2"},"objet":"x","titulaires":[{"id":"3","denominationSociale":"A SA"}]}]}',
        '{"features":[{"id":"node/1","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"man_made":"surveillance"}}]}',
        "a;b\nAcme LLC;1,5",
    )
    yield from (bytes([at]) + text.encode() for at, text in enumerate(texts))
    yield b"\x03<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"
    yield b"\x03\x1f\x8b\x08" + bytes(32)
    yield b"\x02\xff\xfea\x00,\x00"


def proofs() -> Iterator[bytes]:
    one = b64encode(bytes(32)).decode()
    yield f"{proof.FIRST_LINE}\nextra AAAA\nindex 7\n{one}\n{one}\n\n{SIGNED['note']}".encode()


def chunks() -> Iterator[bytes]:
    for path in sorted((VECTORS / "recording").glob("*.json")):
        yield from (bytes.fromhex(one) for one in json.loads(path.read_text())["chunks"])


def packages() -> Iterator[bytes]:
    yield (VECTORS / "package" / "honest.zip").read_bytes()


def exports() -> Iterator[bytes]:
    told = [bytes.fromhex(one) for one in HONEST["chunks"]]
    notes = [bytes.fromhex(one) for one in CUSTODY["notes"]]
    yield b"".join(write_sealed(HEADER.raw, next(ages()), told, notes, {"node.json": b"{}"}))


def ages() -> Iterator[bytes]:
    yield envelope.seal_to([envelope.recipient_of(IDENTITY)], bytes(32))


def age_texts() -> Iterator[bytes]:
    yield from (IDENTITY.encode(), envelope.recipient_of(IDENTITY).encode())


def notes() -> Iterator[bytes]:
    yield SIGNED["note"].encode()
    yield f"{MLDSA['text']}\n\u2014 example.com/mldsa-log b5df45c5AAAAAAAAAAAAAAA=\n".encode()


def requests() -> Iterator[bytes]:
    yield b"old 0\n\n" + next(notes())
    yield b"old 5\n" + b"A" * 43 + b"=\n\n" + next(notes())


def receipts() -> Iterator[bytes]:
    one = receipt.Receipt(RecordingId(bytes(16)), 3, bytes(32), 1_800_000_000_000, 1_800_000_060)
    yield f"{one.text()}\n\u2014 city.example/receipts AAAAAAAA\n".encode()


def jsons() -> Iterator[bytes]:
    for name in ("accepted", "refused"):
        for one in json.loads((VECTORS / "canonical" / f"{name}.json").read_text()):
            yield one.encode() if isinstance(one, str) else json.dumps(one).encode()


def starts() -> Iterator[bytes]:
    said = {"header": b64(HEADER.raw), "kind": "encounter", "upload": b64(bytes(32)), "owner": b64(bytes(32))}
    yield json.dumps({**said, "custody_public": b64(bytes(32)), "wraps": "", "return_share": ""}).encode()
    yield json.dumps({"wraps": "", "locator": ""}).encode()
    yield b'{"tokens":[{"tsa":"a","token":"AAAA"}]}'


def a_statement(raw: bytes) -> None:
    """What two stewards are taken to have said is byte for byte what they signed."""
    with contextlib.suppress(TocsinError):
        found = statement.read(raw)
        assert found.raw == raw
        statement.check(found, STEWARD_KEYS, "sample.example/log", 20_779)
        assert found.raw in {one["signed"].encode() for one in STEWARDS} or not found.is_confirmed


def retention_entry(raw: bytes) -> None:
    """A table that nobody signed is passed over, whatever it says."""
    standing = public.Standing(raw, 0, 1, None, 0)
    assert retention.read([standing], bytes(32), STEWARD_KEYS, "sample.example/log", ("encounter",)) == []


def tokens() -> Iterator[bytes]:
    """DER that a timestamp authority of our own signed: what stands in the honest package."""
    import zipfile

    with zipfile.ZipFile(VECTORS / "package" / "honest.zip") as whole:
        for name in whole.namelist():
            if "timestamp" in name:
                yield whole.read(name)
                with contextlib.suppress(ValueError, KeyError, TypeError):
                    yield from (b64decode(one["token"]) for one in json.loads(whole.read(name))["tokens"])


TARGETS = (
    Target("chunk", chunk, chunks),
    Target("opened-chunk", opened_chunk, chunks),
    Target("header", header, lambda: [HEADER.raw]),
    Target("note", signed_note, notes),
    Target("checkpoint", head, lambda: [SIGNED["note"].encode(), MLDSA["text"].encode()]),
    Target("vkey", vkey, lambda: [SIGNED["vkey"].encode(), MLDSA["vkey"].encode()]),
    Target("cosignature", cosigned, notes),
    Target("witness-request", witness_request, requests),
    Target("receipt", a_receipt, receipts),
    Target("age", age, ages),
    Target("age-text", age_text, age_texts),
    Target("package", package, packages),
    Target("sealed", sealed, exports),
    Target("custody-note", custody, lambda: [bytes.fromhex(one) for one in CUSTODY["notes"]]),
    Target("tile-path", tile_path, lambda: [b"0/x001/234.p/5", b"entries/000", b"63/x001/x002/003"]),
    Target("bundle", bundle, lambda: [b"\x01\x00\x01a\x00\x02bc", b"\x00" + bytes(32)]),
    Target("canonical", canonical_json, jsons),
    Target("body", start_body, starts),
    Target("address", addresses, lambda: [b"Tocsin " + b"A" * 43, b"es-MX;q=0.8, en", b"[::1]:80", b"A" * 22]),
    Target("timestamp", timestamp_token, tokens),
    Target("log-proof", log_proof, proofs),
    Target("registry-file", registry_file, registry_files),
    Target("registry-form", registry.form, registry.forms),
    Target("registry-areas", registry.areas, registry.files_of_areas),
    Target("boxed-answer", registry.answer, registry.answers),
    Target("boxed-words", registry.words, registry.tables),
    Target("statement", a_statement, lambda: [one["signed"].encode() for one in STEWARDS]),
    Target("retention-entry", retention_entry, lambda: [entries.RETENTION + STEWARDS[1]["entry"].encode()]),
)
