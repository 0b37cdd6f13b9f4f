"""The transition table, against every order of acts that a desk can think of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.tree import ROOT
from tocsin.desk.model import TRANSITIONS, Event, ItemFrozen, ItemTaken, State
from tocsin.desk.room import following
from tocsin.errors import TocsinError

EVENTS = st.lists(st.sampled_from(list(Event)), max_size=40)


def walk(events: list[Event]) -> list[tuple[State, Event]]:
    """Each event that was allowed, with the state it found."""
    state, way = State.WAITING, []
    for event in events:
        try:
            after = following(state, event)
        except TocsinError:
            continue
        way.append((state, event))
        state = after
    return [*way, (state, Event.OPEN)]


@given(EVENTS)
def test_whatever_happens_somebody_took_it_before_anybody_opened_it(events: list[Event]) -> None:
    has_it, has_opened = False, False
    for state, event in walk(events)[:-1]:
        has_it = (has_it or event is Event.TAKE) and event is not Event.GIVE_BACK
        has_opened = (has_opened or event is Event.OPEN) and event not in {Event.GIVE_BACK, Event.HAND_OVER, Event.TAKE}
        assert has_it == (following(state, event) is not State.WAITING)
        if event in {Event.FINISH, Event.FREEZE, Event.REOPEN}:
            assert has_opened, "nobody puts away or freezes what they have not seen"


@given(EVENTS)
def test_what_is_frozen_moves_by_two_stewards_alone(events: list[Event]) -> None:
    for state, event in walk(events)[:-1]:
        assert (state is State.FROZEN) == (event is Event.THAW)


@pytest.mark.parametrize("state", [one for one in State if one is not State.WAITING])
@pytest.mark.parametrize("event", [Event.TAKE, Event.DECLINE])
def test_what_somebody_has_is_not_taken_or_declined(state: State, event: Event) -> None:
    with pytest.raises(ItemFrozen if state is State.FROZEN else ItemTaken):
        following(state, event)


def test_every_state_can_be_reached_and_left() -> None:
    assert set(TRANSITIONS.values()) == {state for state, _ in TRANSITIONS} == set(State)


def test_the_specification_says_the_same() -> None:
    lines = (ROOT / "docs" / "spec" / "desk.md").read_text().splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("| from |"))
    head = [cell.strip() for cell in lines[at].strip("|").split("|")][1:]
    written: dict[tuple[State, Event], State] = {}
    for line in lines[at + 2 : at + 2 + len(State)]:
        name, *cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        written |= {(State(name), Event(event)): State(to) for event, to in zip(head, cells, strict=True) if to}
    assert written == TRANSITIONS
