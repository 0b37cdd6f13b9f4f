"""Invitations, joining, signing in, ways in, leaving: on both databases, with a browser written from the specification."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import Connection

from tests.crypto.counted_clock import CountedClock
from tests.office.conftest import invited, joined
from tests.office.fake_browser import CLOCK, PLACE, Browser, seal, unseal
from tocsin.ids import b64
from tocsin.office import join as joining
from tocsin.office.add_door import add_door
from tocsin.office.model import Place
from tocsin.office.retire import retire
from tocsin.office.room import Office
from tocsin.office.sign_in import salt_of, sign_in
from tocsin.people import doors, invitation, staff
from tocsin.people.backoff import FREE, LONGEST_S, TooManyTries
from tocsin.people.challenge import ChallengeGone
from tocsin.people.doors import DoorLast, DoorMalformed, DoorUnknown, Kind
from tocsin.people.invitation import LIFE_DAYS, InvitationUnknown
from tocsin.people.session import NotSignedIn
from tocsin.people.staff import PseudonymTaken, PseudonymWrong, Role, StaffUnknown, State, StewardsTooFew
from tocsin.tlog import entry as entries
from tocsin.tlog import public

pytestmark = pytest.mark.anyio


async def waiting(office: Office) -> list[bytes]:
    return [entry for _, entry in await office.database.read(public.waiting)]


async def test_a_link_works_once_and_keeps_what_it_invited_to(office: Office) -> None:
    link, browser = await invited(office, "Wren", "lawyer"), Browser()
    found = await joining.opened(office, link)
    said = browser.join(link, found.staff_id, office.challenges.fresh())
    person, door = await joining.join(office, said, PLACE)
    assert (person.pseudonym, person.roles, person.recipient) == ("Wren", frozenset({Role.LAWYER}), browser.recipient)
    assert unseal(browser.secret, person.id, door.sealed) == browser.identity + browser.signing.seed
    with pytest.raises(InvitationUnknown):
        await joining.join(office, browser.join(link, person.id, office.challenges.fresh()), PLACE)
    assert [one.pseudonym for one in await office.database.read(staff.proposed)] == ["Wren"]


async def test_a_link_dies_by_its_day_and_when_it_is_taken_back(office: Office) -> None:
    old, taken = await invited(office, "Old", "editor"), await invited(office, "Taken", "editor")
    digest = (await joining.opened(office, taken)).digest
    await office.database.write(lambda c: invitation.use_up(c, digest))
    assert isinstance(office.clock, CountedClock)
    office.clock.ms += (LIFE_DAYS + 1) * 86_400_000
    for link in (old, taken, b64(bytes(32)), "no secret at all"):
        with pytest.raises(InvitationUnknown):
            await joining.opened(office, link)
    await office.tend()
    assert await office.database.read(invitation.waiting) == []


async def test_a_link_is_not_used_up_by_keys_that_prove_nothing(office: Office) -> None:
    link, browser = await invited(office, "Wren", "dispatcher"), Browser()
    staff_id = (await joining.opened(office, link)).staff_id
    good = browser.join(link, staff_id, office.challenges.fresh())
    for bent in (
        msgspec.structs.replace(good, keys_signature=b64(bytes(64))),
        msgspec.structs.replace(good, recipient=Browser().recipient),
        msgspec.structs.replace(good, recipient="age1nonsense"),
        msgspec.structs.replace(good, signing_key=b64(bytes(31))),
        msgspec.structs.replace(good, door=msgspec.structs.replace(good.door, sealed=b64(bytes(92)))),
    ):
        with pytest.raises(DoorMalformed):
            await joining.join(office, bent, PLACE)
    fresh = browser.join(link, staff_id, office.challenges.fresh())
    with pytest.raises(DoorMalformed):
        await joining.join(office, fresh, Place("https://elsewhere.example", "elsewhere.example"))
    await joining.join(office, browser.join(link, staff_id, office.challenges.fresh()), PLACE)


async def test_a_link_puts_no_key_on_any_list_and_everybodys_commitment_among_filler(office: Office) -> None:
    for name, role in (("Kestrel", "steward"), ("Heron", "steward"), ("Wren", "lawyer")):
        await joined(office, name, role, is_founding=role == "steward")
    lines = await waiting(office)
    assert len(lines) == 3
    assert all(line.startswith(entries.BEAT) and len(line) == len(entries.BEAT) + 32 for line in lines)


async def test_a_pseudonym_is_one_persons_and_no_form_of_a_name(office: Office) -> None:
    await joined(office, "Grey Heron", "editor")
    await invited(office, "Wren", "editor")
    for taken in ("grey-heron", "GREYHERON", "wren"):
        with pytest.raises(PseudonymTaken):
            await invited(office, taken, "editor")
    for wrong in ("", "x", "a@b.example", "-", "a" * 25, "+1 612 555 0100"):
        with pytest.raises(PseudonymWrong):
            await invited(office, wrong, "editor")


async def test_somebody_signs_in_with_what_they_have_and_nothing_else(office: Office) -> None:
    person, browser = await joined(office, "Wren", "lawyer")
    found, door = await sign_in(office, browser.sign_in(office.challenges.fresh(), "wren"), PLACE)
    assert (found, door.staff_id) == (person, person.id)
    assert office.sessions.staff_of(office.sessions.begin(found)) == person
    stranger = Browser()
    for said in (
        stranger.sign_in(office.challenges.fresh(), "Wren"),
        browser.sign_in(office.challenges.fresh(), "Kestrel"),
        browser.sign_in(office.challenges.fresh(), "Wren", Kind.SHEET),
    ):
        with pytest.raises(DoorUnknown):
            await sign_in(office, said, PLACE)


async def test_a_proof_is_for_one_challenge_one_time_and_one_node(office: Office) -> None:
    _, browser = await joined(office, "Wren", "lawyer")
    said = browser.sign_in(office.challenges.fresh(), "Wren")
    with pytest.raises(DoorUnknown):
        await sign_in(office, said, Place("https://evil.example", "evil.example"))
    with pytest.raises(ChallengeGone):
        await sign_in(office, said, PLACE)
    late = browser.sign_in(office.challenges.fresh(), "Wren")
    assert isinstance(office.clock, CountedClock)
    office.clock.ms += 300_001
    with pytest.raises(ChallengeGone):
        await sign_in(office, late, PLACE)


async def test_wrong_passphrases_wait_longer_and_never_for_long_and_sheets_do_not_wait(office: Office) -> None:
    person, browser = await joined(office, "Wren", "lawyer")
    words = CLOCK.random_bytes(32)
    said = browser.add_door(person.id, office.challenges.fresh(), words, Kind.SHEET)
    await add_door(office, person, said, PLACE)
    waits = []
    for _ in range(FREE + 12):
        with pytest.raises((DoorUnknown, TooManyTries)) as refused:
            await sign_in(office, Browser().sign_in(office.challenges.fresh(), "Wren"), PLACE)
        if refused.type is TooManyTries:
            waits.append(int(refused.value.fields["retry_after"]))
            assert isinstance(office.clock, CountedClock)
            office.clock.ms += waits[-1] * 1000
    assert waits == sorted(waits)
    assert 0 < max(waits) <= LONGEST_S + 1
    await sign_in(office, browser.sign_in(office.challenges.fresh(), kind=Kind.SHEET, secret=words), PLACE)
    assert isinstance(office.clock, CountedClock)
    office.clock.ms += int(LONGEST_S) * 1000
    await sign_in(office, browser.sign_in(office.challenges.fresh(), "Wren"), PLACE)


async def test_a_pseudonym_that_nobody_has_is_answered_like_one_that_somebody_has(office: Office) -> None:
    await joined(office, "Wren", "lawyer")
    answers = {name: await salt_of(office, name) for name in ("Wren", "wren", "Nobody", "nobody")}
    assert {len(salt) for salt in answers.values()} == {16}
    assert answers["Wren"] == answers["wren"] != answers["Nobody"] == answers["nobody"]


async def test_a_lost_device_is_replaced_from_the_sheet_and_opens_nothing_any_more(office: Office) -> None:
    person, browser = await joined(office, "Wren", "lawyer")
    cookie, words = office.sessions.begin(person), CLOCK.random_bytes(32)
    await add_door(office, person, browser.add_door(person.id, office.challenges.fresh(), words, Kind.SHEET), PLACE)
    lost = (await office.database.read(lambda c: doors.of_staff(c, person.id)))[0]

    elsewhere = Browser(secret=words)
    _, door = await sign_in(office, elsewhere.sign_in(office.challenges.fresh(), kind=Kind.SHEET), PLACE)
    assert unseal(words, person.id, door.sealed) == browser.identity + browser.signing.seed
    await office.database.write(lambda c: doors.drop(c, person.id, lost.id))
    office.sessions.end_all(person.id)
    with pytest.raises(NotSignedIn):
        office.sessions.staff_of(cookie)
    with pytest.raises(DoorUnknown):
        await sign_in(office, browser.sign_in(office.challenges.fresh(), "Wren"), PLACE)
    with pytest.raises(DoorLast):
        await office.database.write(lambda c: doors.drop(c, person.id, door.id))


async def test_a_stolen_session_without_the_keys_adds_no_way_in(office: Office) -> None:
    person, _ = await joined(office, "Wren", "lawyer")
    thief = Browser()
    with pytest.raises(DoorMalformed):
        said = thief.add_door(person.id, office.challenges.fresh(), thief.secret, Kind.SHEET)
        await add_door(office, person, said, PLACE)
    assert len(await office.database.read(lambda c: doors.of_staff(c, person.id))) == 1


async def test_who_leaves_opens_nothing_from_then_on(office: Office) -> None:
    leaver, browser = await joined(office, "Wren", "lawyer")
    cookie = office.sessions.begin(leaver)
    await retire(office, leaver.id)
    with pytest.raises(NotSignedIn):
        office.sessions.staff_of(cookie)
    with pytest.raises(DoorUnknown):
        await sign_in(office, browser.sign_in(office.challenges.fresh(), "Wren"), PLACE)
    found = await office.database.read(lambda c: staff.staff_of(c, leaver.id))
    assert found.state is State.RETIRED
    with pytest.raises(StaffUnknown):
        await retire(office, leaver.id)


async def test_who_is_let_go_while_they_sign_in_is_not_in(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """They were found in the tables a moment before they left them, and are told of it a moment after."""
    leaver, browser = await joined(office, "Wren", "lawyer")
    read = office.database.read

    async def slowly(question: Callable[[Connection], Any]) -> Any:
        found = await read(question)
        monkeypatch.undo()
        await retire(office, leaver.id)
        return found

    monkeypatch.setattr(office.database, "read", slowly)
    found, _ = await sign_in(office, browser.sign_in(office.challenges.fresh(), "Wren"), PLACE)
    with pytest.raises(NotSignedIn):
        office.sessions.begin(found)


async def test_two_stewards_remain(office: Office) -> None:
    first, _ = await joined(office, "Kestrel", "steward", is_founding=True)
    await joined(office, "Heron", "steward", is_founding=True)
    with pytest.raises(StewardsTooFew):
        await retire(office, first.id)


async def test_who_left_is_forgotten_after_a_month(office: Office) -> None:
    person, _ = await joined(office, "Wren", "editor")
    await retire(office, person.id)
    with pytest.raises(PseudonymTaken):
        await invited(office, "Wren", "editor")
    assert isinstance(office.clock, CountedClock)
    office.clock.ms += (staff.KEPT_DAYS + 1) * 86_400_000
    await office.tend()
    assert await office.database.read(staff.everybody) == []
    await invited(office, "Wren", "editor")


async def test_sealed_keys_are_one_persons_and_one_secrets() -> None:
    secret, keys, nonce = CLOCK.random_bytes(32), CLOCK.random_bytes(64), CLOCK.random_bytes(12)
    sealed = seal(secret, b"a" * 16, keys, nonce)
    for other, whose, bytes_of in (
        (CLOCK.random_bytes(32), b"a" * 16, sealed),
        (secret, b"b" * 16, sealed),
        (secret, b"a" * 16, sealed[:-1] + bytes([sealed[-1] ^ 1])),
    ):
        with pytest.raises(InvalidTag):
            unseal(other, whose, bytes_of)


async def test_founding_links_end_with_the_first_steward(office: Office) -> None:
    await joined(office, "Kestrel", "steward", is_founding=True)
    today = office.today
    with pytest.raises(invitation.StewardsThere):
        await office.database.write(lambda c: invitation.found(c, ["Wren", "Plover"], office.clock, today))
