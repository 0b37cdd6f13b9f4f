"""A timestamp counts for exactly the bytes it was asked for, under a root that was trusted before."""

import asyncio
import subprocess
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from rfc3161_client import decode_timestamp_response

from tests.tlog.conftest import MovableClock
from tests.tlog.town import Town
from tocsin.tlog import note, timestamp
from tocsin.tlog.publish import Published, parse_tokens, publish
from tocsin.tlog.sample_tsa import NotATrial, SampleTsa
from tocsin.tlog.timestamp import Authority, TimestampRefused, TimestampWrong

IMPRINT = sha256(b"a checkpoint").digest()
URL = "http://tsa.example/"


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> SampleTsa:
    return SampleTsa(tmp_path_factory.mktemp("tsa"), is_trial=True)


@pytest.fixture(scope="module")
def authority(tsa: SampleTsa) -> Authority:
    return Authority("sample", URL, timestamp.read_roots(tsa.root))


def fetch(transport: httpx.AsyncBaseTransport, authority: Authority, imprint: bytes = IMPRINT) -> bytes:
    async def ask() -> bytes:
        async with httpx.AsyncClient(transport=transport) as client:
            return await timestamp.fetch(client, authority, imprint, MovableClock())

    return asyncio.run(ask())


def test_a_fetched_timestamp_holds_for_its_bytes(tsa: SampleTsa, authority: Authority) -> None:
    response = fetch(httpx.ASGITransport(tsa), authority)
    assert timestamp.check(response, IMPRINT, authority.roots).tzinfo is not None
    with pytest.raises(TimestampWrong):
        timestamp.check(response, sha256(b"other").digest(), authority.roots)


def test_openssl_agrees_by_hand(tsa: SampleTsa, authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "token.tsr").write_bytes(fetch(httpx.ASGITransport(tsa), authority))
    words = f"openssl ts -verify -digest {IMPRINT.hex()} -in {tmp_path / 'token.tsr'} -CAfile {tsa.root}"
    assert "OK" in subprocess.run(words.split(), check=True, capture_output=True, text=True).stdout


def test_a_timestamp_under_another_root_is_refused(tsa: SampleTsa, authority: Authority, tmp_path: Path) -> None:
    other = timestamp.read_roots(SampleTsa(tmp_path / "other", is_trial=True).root)
    response = fetch(httpx.ASGITransport(tsa), Authority("unchecked", URL))
    with pytest.raises(TimestampWrong):
        timestamp.check(response, IMPRINT, other)
    with pytest.raises(TimestampWrong):
        fetch(httpx.ASGITransport(tsa), Authority("checked", URL, other))


def test_every_flipped_bit_region_is_noticed(tsa: SampleTsa, authority: Authority) -> None:
    response = fetch(httpx.ASGITransport(tsa), authority)
    for at in range(0, len(response), 7):
        changed = response[:at] + bytes([response[at] ^ 1]) + response[at + 1 :]
        try:
            seen = timestamp.check(changed, IMPRINT, authority.roots)
        except (TimestampWrong, TimestampRefused):
            continue
        # What is not signed (an unused attribute of the envelope) may change; what it says may not.
        assert seen == timestamp.check(response, IMPRINT, authority.roots)


def test_an_answer_to_an_older_question_is_refused(tsa: SampleTsa, authority: Authority) -> None:
    replayed = tsa.reply(timestamp.request_der(IMPRINT, 5))
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=replayed))
    with pytest.raises(TimestampWrong):
        fetch(transport, authority)


@pytest.mark.parametrize("nonce", [0, 1, 127, 128, 255, 256, 2**63, 2**64 - 1])
def test_every_nonce_is_spelt_so_that_openssl_reads_it(tsa: SampleTsa, authority: Authority, nonce: int) -> None:
    response = tsa.reply(timestamp.request_der(IMPRINT, nonce))
    assert decode_timestamp_response(response).tst_info.nonce == nonce
    timestamp.check(response, IMPRINT, authority.roots)


@pytest.mark.parametrize("answer", [httpx.Response(500), httpx.Response(200, content=b"\0" * 70_000)])
def test_an_authority_that_does_not_answer_is_not_waited_for(authority: Authority, answer: httpx.Response) -> None:
    with pytest.raises(TimestampRefused):
        fetch(httpx.MockTransport(lambda _: answer), authority)


@pytest.mark.parametrize("raw", [b"", b"\x30\x03\x02\x01\x00", b"not DER"])
def test_what_is_no_response_is_wrong(authority: Authority, raw: bytes) -> None:
    with pytest.raises(TimestampWrong):
        timestamp.check(raw, IMPRINT, authority.roots)


def test_the_sample_authority_starts_only_in_a_trial(tmp_path: Path) -> None:
    with pytest.raises(NotATrial):
        SampleTsa(tmp_path, is_trial=False)


def published(town: Town, tsa: SampleTsa, authorities: list[Authority]) -> Published:
    async def story() -> Published:
        async with town.client() as client, httpx.AsyncClient(transport=httpx.ASGITransport(tsa)) as to_tsa:
            return await publish(town.log, town.witnesses(client), authorities, to_tsa, town.clock)

    return asyncio.run(story())


def test_a_published_beat_has_its_witnesses_and_its_tokens(
    tmp_path: Path, tsa: SampleTsa, authority: Authority
) -> None:
    town = Town(tmp_path)
    town.beat()
    found = published(town, tsa, [authority])
    assert (found.cosigned_by, found.timestamped_by) == (("w1.example", "w2.example"), ("sample",))
    assert found.is_cosigned_outside
    assert not found.alarms
    assert town.log.published_note() == town.log.checkpoint_note()
    text = note.parse(town.log.checkpoint_note(found.size)).text
    token = parse_tokens(town.log.timestamps(found.size))["sample"]
    timestamp.check(token, sha256(text.encode()).digest(), authority.roots)


def test_a_beat_without_witnesses_or_timestamps_is_published_and_says_so(tmp_path: Path, tsa: SampleTsa) -> None:
    town = Town(tmp_path, witnesses=0)
    town.beat()
    wrong_root = timestamp.read_roots(SampleTsa(tmp_path / "other", is_trial=True).root)
    found = published(town, tsa, [Authority("wrong", URL, wrong_root)])
    assert (found.cosigned_by, found.timestamped_by, found.not_timestamped_by) == ((), (), ("wrong",))
    assert not found.is_cosigned_outside
    assert town.log.published_note() == town.log.checkpoint_note()
    assert parse_tokens(town.log.timestamps(found.size)) == {}
