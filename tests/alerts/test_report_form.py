"""The form of a report travels without a trace: what is not on a list is no answer, and no question is passed over without one."""

import pytest

from tocsin.alerts.model import TEXT_MOST
from tocsin.alerts.report_form import STEPS, Answers, is_unanswered, next_step, read

AREAS = {"corcoran", "phillips"}
DONE = {
    "kind": ["activity"],
    "how_many": ["few"],
    "wearing": ["plain"],
    "vehicles": ["no"],
    "when": ["now"],
    "area": ["phillips"],
}


def test_questions_come_in_order_and_the_last_one_sends() -> None:
    form: dict[str, list[str]] = {}
    asked = []
    for name in STEPS[:-1]:
        asked.append(next_step(form, read(form, AREAS)))
        form[name] = DONE[name]
    assert (*asked, next_step(form, read(form, AREAS))) == STEPS


def test_of_several_answers_the_button_that_was_pressed_counts() -> None:
    assert read({"kind": ["activity", "street-check"]}, AREAS).kind == "street-check"


@pytest.mark.parametrize("name", ["kind", "how_many", "vehicles", "when", "area", "wearing"])
def test_what_is_not_on_a_list_is_no_answer(name: str) -> None:
    assert not read({name: ["<script>"]}, AREAS)[name]


def test_a_report_that_nothing_was_seen_cannot_be_chosen() -> None:
    assert not read({"kind": ["nothing-seen"]}, AREAS).kind


def test_back_always_works_and_forward_not_past_an_open_question() -> None:
    answers = read({"kind": ["activity"], "how_many": ["few"]}, AREAS)
    assert next_step({"to": ["kind"]}, answers) == "kind"
    assert next_step({"to": ["more"]}, answers) == "wearing"


def test_going_on_without_saying_what_they_wear_says_that_one_does_not_know() -> None:
    assert read({"at": ["wearing"]}, AREAS).wearing == ("unknown",)


def test_going_on_without_an_area_is_said() -> None:
    form = {"at": ["area"], "to": ["more"]}
    assert is_unanswered(form, read(form, AREAS))
    back = {"at": ["area"], "to": ["when"]}
    assert not is_unanswered(back, read(back, AREAS))


def test_words_are_one_line_and_short() -> None:
    assert read({"text": ["a\n b" + "c" * 900]}, AREAS).text == ("a b" + "c" * 900)[:TEXT_MOST]
    assert Answers().open_step == "kind"
