"""A steward's statement is what was signed, by whom it says, here and now; or it is refused with a code and a sentence."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.crypto.counted_clock import CountedClock
from tocsin.crypto.keys import SigningKey
from tocsin.errors import TocsinError
from tocsin.people import statement as statements
from tocsin.people import steward_keys
from tocsin.people.statement import Act, Signature, Signed, Statement
from tocsin.people.steward_keys import Steward, StewardKeyUnreadable

CLOCK = CountedClock(b"statement")
FIRST, SECOND, STRANGER = (SigningKey.generate(CLOCK) for _ in range(3))
STEWARDS = {key.public: Steward(key.public, name, 0) for key, name in ((FIRST, "Wren"), (SECOND, "Kestrel"))}
TODAY, NODE = 20_000, "sample.example/log"


def said(day: int = TODAY, node: str = NODE) -> Statement:
    return Statement(
        act=Act.HOLD, day=day, node=node, salt=statements.salted(CLOCK), recording="A" * 22, reason="threat"
    )


def both(statement: Statement) -> Signed:
    return statements.confirm(statements.propose(statement, FIRST), SECOND)


def judge(signed: Signed, today: int = TODAY) -> tuple[Steward, ...]:
    return statements.check(statements.read(signed.raw), STEWARDS, NODE, today)


def test_two_stewards_are_told_apart_in_order() -> None:
    assert [one.name for one in judge(both(said()))] == ["Wren", "Kestrel"]


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: both(said(node="other.example/log")), "statement_elsewhere"),
        (lambda: both(said(TODAY - 8)), "statement_too_old"),
        (lambda: both(said(TODAY + 2)), "statement_too_old"),
        (lambda: statements.propose(said(), STRANGER), "steward_unknown"),
        (lambda: statements.confirm(statements.propose(said(), FIRST), STRANGER), "steward_unknown"),
        (lambda: Signed(said(), both(said()).signatures), "statement_changed"),
        (lambda: reversed_labels(said()), "statement_changed"),
        (lambda: Signed(said(), ()), "statement_malformed"),
        (lambda: Signed(said(), both(said()).signatures * 2), "statement_malformed"),
    ],
)
def test_what_is_not_two_stewards_word_for_this_node_today_is_refused(make: Callable[[], Signed], code: str) -> None:
    with pytest.raises(TocsinError) as refused:
        judge(make())
    assert refused.value.code == code
    assert refused.value.message.endswith(".")


@pytest.mark.parametrize(
    "more",
    [
        {"act": Act.RETENTION, "number": 2, "days": {"encounter": 1}, "recording": "encounter 365 days"},
        {"act": Act.RETENTION, "number": 2, "days": {"encounter": 1}, "reason": "encounter 365 days"},
        {"act": Act.RELEASE, "recording": "A" * 22, "reason": "threat"},
        {"act": Act.THAW, "recording": "A" * 22, "days": {"encounter": 1}},
        {"act": Act.HOLD, "recording": "A" * 22, "reason": "threat", "number": 1},
        {"act": Act.HOLD, "recording": "nothing\x1b[2K", "reason": "threat"},
        {"act": Act.RELEASE, "recording": ""},
    ],
)
def test_a_statement_says_what_its_act_takes_and_no_word_beside_it(more: dict[str, Any]) -> None:
    """A word beside it would be what the second steward is shown, in the place of what they sign."""
    made = Statement(day=TODAY, node=NODE, salt=statements.salted(CLOCK), **more)
    with pytest.raises(statements.StatementMalformed):
        statements.read(both(made).raw)


def reversed_labels(statement: Statement) -> Signed:
    """A confirmation handed in as a proposal."""
    return Signed(statement, (Signature.of(FIRST, statements.CONFIRM, statement.raw),))


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_byte_anywhere_is_refused(at: int, flip: int) -> None:
    raw = bytearray(both(said()).raw)
    raw[at % len(raw)] ^= flip
    with pytest.raises(TocsinError) as refused:
        statements.check(statements.read(bytes(raw)), STEWARDS, NODE, TODAY)
    assert refused.value.code in {
        "statement_malformed", "statement_changed", "steward_unknown", "statement_elsewhere", "statement_too_old",
    }  # fmt: skip


@given(st.binary(max_size=200))
def test_bytes_that_are_no_statement_are_refused_by_name(raw: bytes) -> None:
    with pytest.raises(statements.StatementMalformed):
        statements.read(raw)


def test_the_log_says_nothing_to_whoever_lacks_the_salt() -> None:
    one, other = both(said()), both(said())
    assert one.step != other.step
    assert one.statement.digest != other.statement.digest


def test_a_key_under_a_pass_phrase_opens_with_it_alone(tmp_path: Path) -> None:
    sealed, clear = tmp_path / "sealed", tmp_path / "clear"
    key = steward_keys.make_key(sealed, "three birds on a wire", CLOCK)
    assert steward_keys.is_sealed(sealed)
    assert key.seed not in sealed.read_bytes()
    assert sealed.stat().st_mode & 0o777 == 0o600
    assert steward_keys.read_key(sealed, "three birds on a wire").public == key.public
    for wrong in ("two birds", None):
        with pytest.raises(StewardKeyUnreadable):
            steward_keys.read_key(sealed, wrong)
    open_key = steward_keys.make_key(clear, None, CLOCK)
    assert not steward_keys.is_sealed(clear)
    assert steward_keys.read_key(clear, None).public == open_key.public
    with pytest.raises(FileExistsError):
        steward_keys.make_key(clear, None, CLOCK)
