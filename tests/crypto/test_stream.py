"""The recording stream opens in order and never otherwise."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.crypto.counted_clock import CountedClock
from tocsin.crypto.stream import (
    EVENT,
    MEDIA,
    Chunk,
    Header,
    LinkWrong,
    Reader,
    SignatureWrong,
    Writer,
    check_chunk,
    pack_inner,
    parse_chunk,
    parse_header,
    unpack_inner,
)
from tocsin.errors import TocsinError

VECTORS = sorted((Path(__file__).parents[2] / "vectors/recording").glob("*.json"))


def sealed(bodies: list[bytes]) -> tuple[bytes, Header, list[Chunk]]:
    clock = CountedClock(b"sealed")
    rk = clock.random_bytes(32)
    writer = Writer(rk, clock)
    chunks = [
        parse_chunk(writer.seal(MEDIA, place, body, final=place == len(bodies) - 1))
        for place, body in enumerate(bodies)
    ]
    return rk, writer.header, chunks


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_every_vector_is_opened_or_refused_as_it_says(path: Path) -> None:
    vector = json.loads(path.read_text())
    header = parse_header(bytes.fromhex(vector["header"]))
    opened = []
    refusal = "ok"
    try:
        reader = Reader(bytes.fromhex(vector["rk"]), header)
        for raw in vector["chunks"]:
            opened.append(reader.open(parse_chunk(bytes.fromhex(raw))))
    except TocsinError as error:
        refusal = error.code
    assert (refusal, len(opened)) == (vector["expect"], vector["at"])
    expected = [(i["type"], i["monotonic_ms"], bytes.fromhex(i["body"])) for i in vector["inners"]]
    assert opened == expected[: len(opened)]


def test_vectors_exist_for_each_defect() -> None:
    assert len(VECTORS) >= 14


@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_what_was_sealed_is_what_is_opened(bodies: list[bytes]) -> None:
    rk, header, chunks = sealed(bodies)
    reader = Reader(rk, header)
    assert [reader.open(chunk).body for chunk in chunks] == bodies
    assert [chunk.is_final for chunk in chunks] == [False] * (len(bodies) - 1) + [True]


@given(st.integers(0), st.integers(0, 7))
@settings(max_examples=200, deadline=None)
def test_no_flipped_bit_is_accepted(place: int, bit: int) -> None:
    _, header, chunks = sealed([b"start", b"a second of sound"])
    raw = bytearray(chunks[1].raw)
    raw[place % len(raw)] ^= 1 << bit
    with pytest.raises(TocsinError):
        check_chunk_at(header, bytes(raw), 1, chunks[0].link)


def check_chunk_at(header: Header, raw: bytes, seq: int, newest: bytes) -> None:
    chunk = parse_chunk(raw)
    if chunk.seq != seq:
        raise LinkWrong
    check_chunk(header, chunk, newest)


def test_a_writer_keeps_nothing_that_opens_what_it_sealed() -> None:
    clock = CountedClock(b"forget")
    rk = clock.random_bytes(32)
    writer = Writer(rk, clock)
    before = dict(vars(writer))
    chunk = parse_chunk(writer.seal(EVENT, 0, b"{}"))
    after = vars(writer)
    assert after["_chain_key"] != before["_chain_key"]
    assert rk not in [value for value in after.values() if isinstance(value, bytes)]
    assert chunk.link == after["_link"]


def test_a_chunk_of_another_key_is_refused() -> None:
    _, header, _ = sealed([b"one"])
    clock = CountedClock(b"other")
    other = parse_chunk(Writer(clock.random_bytes(32), clock).seal(MEDIA, 0, b"one"))
    with pytest.raises(SignatureWrong):
        check_chunk(header, other, other.previous_link)


def test_nothing_follows_the_final_second() -> None:
    clock = CountedClock(b"final")
    writer = Writer(clock.random_bytes(32), clock)
    writer.seal(EVENT, 0, b"{}", final=True)
    with pytest.raises(TocsinError):
        writer.seal(EVENT, 1, b"{}")


@given(st.integers(1, 6), st.integers(0, 2**63), st.binary(max_size=5000))
def test_inner_messages_round_trip_and_refuse_hidden_bytes(kind: int, ms: int, body: bytes) -> None:
    packed = pack_inner(kind, ms, body)
    assert unpack_inner(packed) == (kind, ms, body)
    if len(packed) > 13 + len(body):
        with pytest.raises(TocsinError):
            unpack_inner(packed[:-1] + b"\x01")
