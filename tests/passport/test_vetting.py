"""How somebody becomes a member, and stays one: two vouchers, a training, the same tokens for all, no edge kept."""

import asyncio
import json
from collections.abc import Callable

import pytest
from sqlalchemy import select

from tests.passport.conftest import MovableClock, Post, Refused, beat
from tests.passport.member import CLOCK, Phone
from tocsin.ids import b64
from tocsin.node import Node
from tocsin.passport import burn, counts, hand_out, keep, tables
from tocsin.passport.model import SETS, CityFounded, CodesTooMany, CohortSmall, Pass, Role, TokenSpent
from tocsin.passport.redeem import redeem
from tocsin.passport.room import Passport
from tocsin.tlog.token_keys import EPOCH_S

pytestmark = pytest.mark.anyio

ONE, OTHER = b"steward one", b"steward two"
NewPhone = Callable[[], Phone]


@pytest.fixture
def database() -> str:
    """What happens when two processes meet is held by `test_redeem`, on both databases."""
    return ""


async def codes_of(passport: Passport, role: Role = Role.CONFIRMER, count: int = 1) -> list[tuple[str, str, str]]:
    """Two founding vouches and a training code, so often."""
    sides = [await hand_out.vouches(passport, one, count) for one in (ONE, OTHER)]
    return [*zip(*sides, await hand_out.trainings(passport, role, count), strict=True)]


async def joined(passport: Passport, new: NewPhone, role: Role = Role.CONFIRMER) -> Phone:
    [(one, other, training)] = await codes_of(passport, role)
    phone = new()
    await phone.join((one, other), training)
    return phone


async def next_week(passport: Passport, node: Node, clock: MovableClock) -> None:
    clock.ms += EPOCH_S * 1000
    await keep.keep(passport)
    await beat(node)
    await keep.keep(passport)


async def refusal(act: object) -> str:
    with pytest.raises(Refused) as refused:
        await act  # type: ignore[misc]
    return str(refused.value)


async def spent(passport: Passport, raw: bytes) -> Pass:
    return await redeem(passport, raw, passport.challenge, CLOCK.random_bytes(32), b"an act")


async def test_two_vouchers_and_a_training_make_a_member_with_tokens(passport: Passport, phone: NewPhone) -> None:
    member = await joined(passport, phone)
    assert (member.role, member.cohort in (1, 2)) == (Role.CONFIRMER, True)
    wanted = {role: count for role, count in SETS[Role.CONFIRMER].items() if role is not Role.VOUCHER}
    assert {role: len(found) for role, found in member.tokens.items()} == wanted
    says = await spent(passport, member.tokens[Role.CONFIRMER][7])
    assert says == Pass(Role.CONFIRMER, member.cohort, passport.epoch)
    assert (await spent(passport, member.tokens[Role.MEMBER][0])).role is Role.MEMBER


async def test_a_key_issues_as_soon_as_a_beat_has_taken_it(
    passport: Passport, node: Node, clock: MovableClock, phone: NewPhone
) -> None:
    """A phone sees the log before the node looks at it again."""
    member = await joined(passport, phone)
    await burn.burn(passport, Role.MEMBER)
    assert await refusal(member.fetch([Role.MEMBER])) == "asked_otherwise"
    await beat(node)
    await member.fetch([Role.MEMBER])
    assert (await spent(passport, member.tokens[Role.MEMBER][0])).role is Role.MEMBER


async def test_what_is_less_than_two_people_and_a_training_is_refused_and_uses_nothing_up(
    passport: Passport, phone: NewPhone
) -> None:
    [(one, other, training)] = await codes_of(passport)
    [same] = await hand_out.vouches(passport, ONE, 1)
    assert await refusal(phone().join((one, same), training)) == "vouchers_alike"
    assert await refusal(phone().join((one, one), training)) == "vouchers_alike"
    assert await refusal(phone().join((one, training), other)) == "code_wrong"
    assert await refusal(phone().join((one, other), "aaaaa-aaaaa")) == "code_wrong"
    assert await refusal(phone().join((one, "é"), training)) == "code_wrong"
    assert await refusal(phone().join((one,), training)) == "vouchers_missing"  # type: ignore[arg-type]
    assert await refusal(phone().join((one, other), training, adult=False)) == "adults_only"
    await phone().join((f" {one.upper()} ", other.replace("-", "")), training)
    assert await refusal(phone().join((one, other), training)) == "code_spent"


async def test_a_member_vouches_from_the_second_week_on_for_five_and_never_alone(
    passport: Passport, node: Node, clock: MovableClock, phone: NewPhone, post: Post
) -> None:
    """And two members of one cohort are not two: only two cohorts are two people for certain."""
    members = [await joined(passport, phone) for _ in range(8)]
    assert {member.cohort for member in members} == {1, 2}, "drawn: one in 128 draws falls on one side"
    await next_week(passport, node, clock)
    for member in members:
        await member.renew()
    first = [next(member for member in members if member.cohort == cohort) for cohort in (1, 2)]
    vouches = [[await code_from(post, raw) for raw in one.tokens[Role.VOUCHER]] for one in first]
    assert [len(one) for one in vouches] == [5, 5]
    trainings = await hand_out.trainings(passport, Role.MEMBER, 3)
    assert await refusal(phone().join((vouches[0][0], vouches[0][1]), trainings[0])) == "vouchers_alike"
    [founder] = await hand_out.vouches(passport, ONE, 1)
    assert await refusal(phone().join((vouches[0][0], founder), trainings[0])) == "vouchers_alike", "may be one person"
    newcomer = phone()
    await newcomer.join((vouches[0][0], vouches[1][0]), trainings[0])
    assert newcomer.role is Role.MEMBER
    assert Role.VOUCHER not in newcomer.tokens
    assert await refusal(newcomer.fetch([Role.VOUCHER])) == "asked_otherwise"


async def code_from(post: Post, raw: bytes) -> str:
    said = {"token": b64(raw), "secret": b64(CLOCK.random_bytes(32))}
    told = await post("/passport/vouch", said)
    assert await post("/passport/vouch", said) == told, "asking again gives the same code"
    return str(told["code"])


async def test_a_week_has_one_set_for_everybody_and_the_next_one_is_not_tied_to_it(
    passport: Passport, node: Node, clock: MovableClock, phone: NewPhone
) -> None:
    member = await joined(passport, phone)
    first = dict(member.tokens)
    assert await refusal(member.fetch([Role.MEMBER])) == "issued_already"
    assert await refusal(member.renew()) == "token_early"
    await next_week(passport, node, clock)
    await member.renew()
    assert {role: len(found) for role, found in member.tokens.items()} == SETS[Role.CONFIRMER]
    assert await refusal(member.fetch([Role.MEMBER])) == "issued_already"
    member.tokens[Role.RENEW_CONFIRMER] = first[Role.RENEW_CONFIRMER]
    assert await refusal(member.renew()) == "issued_already"
    await next_week(passport, node, clock)
    assert await refusal(member.renew()) in ("token_expired", "token_burnt"), "who stays away for a week comes anew"


async def test_the_same_request_is_answered_again(passport: Passport, post: Post, phone: NewPhone) -> None:
    """A phone that lost the network in the middle gets its tokens all the same."""
    answers = []

    async def twice(address: str, body: dict[str, object]) -> dict[str, object]:
        answers.append([await post(address, body) for _ in range(2)])
        return answers[-1][0]

    member = Phone(twice, passport)
    [(one, other, training)] = await codes_of(passport)
    await member.join((one, other), training)
    [(admitted, again), (issued, reissued)] = answers
    assert admitted == again
    elements = [[raw[:-86] for raw in each["answers"]] for each in (issued, reissued)]
    assert elements[0] == elements[1], "but for the proof, which is drawn anew"


async def test_no_role_is_told_by_the_length_of_what_is_issued(passport: Passport, post: Post) -> None:
    lengths = set()

    async def measured(address: str, body: dict[str, object]) -> dict[str, object]:
        told = await post(address, body)
        if address == "/passport/issue":
            lengths.add(len(json.dumps(told, separators=(",", ":"))))
        return told

    for role in (Role.MEMBER, Role.CONFIRMER, Role.HELPER):
        [(one, other, training)] = await codes_of(passport, role)
        await Phone(measured, passport).join((one, other), training)
    assert len(lengths) == 1


async def test_wrong_answers_renew_nothing(
    passport: Passport, node: Node, clock: MovableClock, phone: NewPhone, post: Post
) -> None:
    member = await joined(passport, phone)
    await next_week(passport, node, clock)

    async def careless(address: str, body: dict[str, object]) -> dict[str, object]:
        return await post(address, {**body, "answers": [1, 1, 1]})

    right, member.post = member.post, careless
    assert await refusal(member.renew()) == "training_wrong"
    member.post = right
    await member.renew()


async def test_a_lost_phone_is_replaced_by_words_and_only_one_of_both_goes_on(
    passport: Passport, node: Node, clock: MovableClock, phone: NewPhone
) -> None:
    """At once: the lost phone renews nothing any more, and the new one gets tokens next week. Nobody has two sets."""
    lost = await joined(passport, phone)
    new = phone()
    new.seed = lost.seed
    await passport.count()
    before = passport.people(Role.CONFIRMER, lost.cohort)
    await new.recover(passport.epoch)
    await passport.count()
    assert passport.people(Role.CONFIRMER, lost.cohort) == before, "the same person, counted once"
    assert new.tokens.keys() == {Role.RENEW_CONFIRMER}
    assert await refusal(new.recover(passport.epoch)) == "issue_refused"
    await next_week(passport, node, clock)
    assert await refusal(lost.renew()) == "issue_refused"
    await new.renew()
    assert (await spent(passport, new.tokens[Role.CONFIRMER][0])).role is Role.CONFIRMER


@pytest.mark.parametrize("is_owner_first", [True, False])
async def test_in_the_week_after_words_and_the_phone_itself_have_one_set_between_them(
    passport: Passport, node: Node, clock: MovableClock, phone: NewPhone, *, is_owner_first: bool
) -> None:
    lost = await joined(passport, phone)
    new = phone()
    new.seed = lost.seed
    given_in = passport.epoch
    await next_week(passport, node, clock)
    if is_owner_first:
        await new.recover(given_in)
        assert await refusal(lost.renew()) == "issued_already"
    else:
        await lost.renew()
        assert await refusal(new.recover(given_in)) == "issued_already"


async def test_words_of_nobody_recover_nothing(passport: Passport, phone: NewPhone) -> None:
    member = await joined(passport, phone)
    stranger = phone()
    assert stranger.seed != member.seed
    assert await refusal(stranger.recover(passport.epoch)) == "issue_refused"


async def test_after_a_burning_a_new_training_code_gives_new_tokens_and_the_old_ones_are_dead(
    passport: Passport, node: Node, phone: NewPhone
) -> None:
    founder, member = await joined(passport, phone), await joined(passport, phone)
    old = member.tokens[Role.CONFIRMER][0]
    await burn.burn(passport, Role.CONFIRMER)
    await beat(node)
    await keep.keep(passport)
    with pytest.raises(Exception, match="token_burnt"):
        await spent(passport, old)
    assert (await spent(passport, member.tokens[Role.MEMBER][0])).role is Role.MEMBER
    # In the first week the admission is what entitles; it was given by two vouchers this very week.
    await member.fetch([Role.CONFIRMER])
    assert (await spent(passport, member.tokens[Role.CONFIRMER][0])).role is Role.CONFIRMER
    assert await refusal(member.fetch([Role.CONFIRMER])) == "issued_already"
    assert founder.role is Role.CONFIRMER


async def test_who_renewed_before_a_burning_brings_a_training_code_made_after_it(
    passport: Passport, node: Node, clock: MovableClock, phone: NewPhone
) -> None:
    member = await joined(passport, phone)
    await next_week(passport, node, clock)
    await member.renew()
    [early] = await hand_out.trainings(passport, Role.CONFIRMER, 1)
    await burn.burn(passport, Role.CONFIRMER)
    await beat(node)
    await keep.keep(passport)
    assert await refusal(member.fetch([Role.CONFIRMER])) == "training_needed"
    assert await refusal(member.fetch([Role.CONFIRMER], training=early)) == "code_wrong"
    [late] = await hand_out.trainings(passport, Role.CONFIRMER, 1)
    await member.fetch([Role.CONFIRMER], training=late)
    assert (await spent(passport, member.tokens[Role.CONFIRMER][0])).role is Role.CONFIRMER
    await next_week(passport, node, clock)
    assert await refusal(member.renew()) == "training_needed", "nobody waits a burning out"
    [again] = await hand_out.trainings(passport, Role.CONFIRMER, 1)
    await member.fetch([*SETS[Role.CONFIRMER]], training=again)
    await next_week(passport, node, clock)
    await member.renew()
    assert (await spent(passport, member.tokens[Role.CONFIRMER][0])).role is Role.CONFIRMER


async def test_tokens_of_a_group_of_fewer_than_twenty_are_not_taken(passport: Passport, phone: NewPhone) -> None:
    passport.least = 3
    members = [await joined(passport, phone)]
    with pytest.raises(CohortSmall):
        await spent(passport, members[0].tokens[Role.CONFIRMER][0])
    while sum(member.cohort == members[0].cohort for member in members) < 3:
        members.append(await joined(passport, phone))
    says = await spent(passport, members[0].tokens[Role.CONFIRMER][0])
    assert says.role is Role.CONFIRMER, "it was not spent before"
    assert passport.people(Role.CONFIRMER, members[0].cohort) == 3


async def test_three_vouchers_make_seven_members_in_a_week_and_not_one_more(
    passport: Passport, node: Node, clock: MovableClock, phone: NewPhone, post: Post
) -> None:
    """Trial B1: whatever three bad vouchers do, of 15 vouches come at most seven people, who vouch for nobody that week."""
    members = [await joined(passport, phone) for _ in range(8)]
    await next_week(passport, node, clock)
    bad = [member for cohort in (1, 2) for member in [one for one in members if one.cohort == cohort][:2]][:3]
    for member in bad:
        await member.renew()
        assert await refusal(member.fetch([Role.VOUCHER])) == "issued_already"
    codes: dict[int, list[str]] = {cohort: [] for cohort in (1, 2)}
    for member in bad:
        codes[member.cohort] += [await code_from(post, raw) for raw in member.tokens[Role.VOUCHER]]
    trainings = iter(await hand_out.trainings(passport, Role.MEMBER, 20))
    made = []
    while codes[1] and codes[2]:
        made.append(phone())
        await made[-1].join((codes[1].pop(), codes[2].pop()), next(trainings))
    assert len(made) <= 7
    assert all(Role.VOUCHER not in one.tokens for one in made)


async def test_stewards_vouch_only_while_a_city_is_founded_and_for_so_many(passport: Passport) -> None:
    await hand_out.vouches(passport, ONE, 20)
    with pytest.raises(CodesTooMany):
        await hand_out.vouches(passport, ONE, 1)
    with pytest.raises(CodesTooMany):
        await hand_out.vouches(passport, OTHER, 21)
    await hand_out.vouches(passport, OTHER, 1)
    keys = [one.key.id for one in passport.awake.values() if one.says == Pass(Role.RENEW_MEMBER, 1, passport.epoch)]
    await passport.database.write(
        lambda c: [
            c.execute(tables.issued.insert().values(mark=CLOCK.random_bytes(32), key_id=keys[0])) for _ in range(40)
        ]
    )
    with pytest.raises(CityFounded):
        await hand_out.vouches(passport, OTHER, 1)


async def test_a_steward_sees_counts_alone_and_none_under_five(
    passport: Passport, node: Node, clock: MovableClock, phone: NewPhone
) -> None:
    """Four confirmers of a group are "under 5", five are five; and so they stand as last week's when a new one has begun."""
    passport.cohorts = 1
    for expected in (None, None, None, None, 5):
        await joined(passport, phone)
        assert {one.role: one.now for one in await counts.counts(passport)} == {
            Role.MEMBER: None,
            Role.CONFIRMER: expected,
            Role.HELPER: None,
        }
    await next_week(passport, node, clock)
    [confirmers] = [one for one in await counts.counts(passport) if one.role is Role.CONFIRMER]
    assert (confirmers.now, confirmers.before) == (None, 5)


async def test_a_credential_shared_by_a_hundred_is_worth_what_one_is(
    passport: Passport, node: Node, clock: MovableClock, phone: NewPhone
) -> None:
    """Trial B11: of a hundred phones with one member's renewal one gets a set, and of a hundred with one token one spends it."""
    member = await joined(passport, phone)
    [raw] = member.tokens[Role.CONFIRMER][:1]
    spending = await asyncio.gather(*(spent(passport, raw) for _ in range(100)), return_exceptions=True)
    assert [type(one) for one in spending if not isinstance(one, Pass)] == [TokenSpent] * 99
    await next_week(passport, node, clock)
    sharing = [phone() for _ in range(100)]
    for one in sharing:
        one.role, one.cohort = member.role, member.cohort
        one.right = ("renewal", member.tokens[Role.RENEW_CONFIRMER][0])
    fetching = await asyncio.gather(*(one.fetch([Role.RENEW_CONFIRMER]) for one in sharing), return_exceptions=True)
    assert sorted(str(one) for one in fetching if one is not None) == ["issued_already"] * 99
    assert sum(bool(one.tokens) for one in sharing) == 1


async def test_no_edge_is_kept_after_issue(passport: Passport, phone: NewPhone) -> None:
    """Everything on the disk, with every live seed: no value stands in two rows but what many rows have."""
    for _ in range(6):
        await joined(passport, phone)
    every = {}
    for table in (tables.spent, tables.issued, tables.code):
        found = await passport.database.read(lambda c, table=table: c.execute(select(table)).mappings().all())  # type: ignore[misc]
        every[table.name] = [dict(row) for row in found]
    values = [
        bytes(row[name]) for rows in every.values() for row in rows for name in ("mark", "again") if row.get(name)
    ]
    assert len(values) == len(set(values)), "two rows with one value would be an edge"
    sides = {row["side"] for row in every["passport_code"] if row["kind"] == "vouch"}
    assert len(sides) == 2, "a steward's side is shared by all the vouches of that steward in the week"
    assert all(row["again"] for row in every["passport_code"])
