"""The one table of what moves a matter: read as a graph, nothing public is reached but through two voices and a release."""

from tocsin.alerts.model import TOLD, TRANSITIONS, Event, State

PUBLIC = {State.PUBLISHED, State.CHECKED}


def test_only_publish_leads_to_anything_public_and_only_from_an_agreement() -> None:
    ways = {
        (before, event) for (before, event), after in TRANSITIONS.items() if after in PUBLIC and before not in PUBLIC
    }
    assert ways == {(State.CONFIRMED, Event.PUBLISH), (State.NOTHING_SEEN, Event.PUBLISH)}


def test_an_agreement_is_reached_by_voices_alone() -> None:
    for wanted, event in ((State.CONFIRMED, Event.AGREE_SEEN), (State.NOTHING_SEEN, Event.AGREE_NOTHING)):
        ways = {
            (before, how) for (before, how), after in TRANSITIONS.items() if after is wanted and before is not wanted
        }
        assert ways == {(State.TAKEN, event)}


def test_a_threat_is_never_public_again() -> None:
    assert not [before for before, _ in TRANSITIONS if before is State.THREAT]


def test_what_was_taken_back_stays_so() -> None:
    assert not [before for before, _ in TRANSITIONS if before in {State.TAKEN_BACK, State.CLOSED}]


def test_every_state_has_a_word_for_who_reported() -> None:
    assert set(TOLD) == set(State)
