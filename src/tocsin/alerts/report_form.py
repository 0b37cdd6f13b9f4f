"""The form of a report without script: its questions in order, what it carries, and which question comes next. Pure.

What was answered travels in the form itself. What is not on a list is as if it had not been answered.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from tocsin.alerts.model import TEXT_MOST, HowMany, Kind, Vehicles, Wearing, When

SINGLE = ("kind", "how_many", "vehicles", "when")
"""Questions of which one picture is the answer."""
STEPS = ("kind", "how_many", "wearing", "vehicles", "when", "area", "more")
"""All of them, in order; the last one sends."""
CHOICES: Mapping[str, tuple[str, ...]] = {
    "kind": tuple(kind for kind in Kind if kind is not Kind.NOTHING_SEEN),
    "how_many": tuple(HowMany),
    "wearing": tuple(Wearing),
    "vehicles": tuple(Vehicles),
    "when": tuple(When),
}
KEY_MOST, TICKET_MOST = 64, 128

Form = Mapping[str, Sequence[str]]


class Answers(msgspec.Struct, frozen=True):
    """What a form holds so far; empty where nothing is answered. `key`: what makes the same report the same when it comes again."""

    kind: str = ""
    how_many: str = ""
    wearing: tuple[str, ...] = ()
    vehicles: str = ""
    when: str = ""
    area: str = ""
    text: str = ""
    key: str = ""
    ticket: str = ""
    work: str = ""

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)

    @property
    def open_step(self) -> str:
        """The first question without an answer; the last step where there is none."""
        return next((name for name in STEPS[:-1] if not self[name]), STEPS[-1])


def read(form: Form, areas: Collection[str]) -> Answers:
    """The answers of a form. Of several of one name the last counts: that is the button that was pressed."""
    one = {name: _listed(_last(form, name), CHOICES[name]) for name in SINGLE}
    wearing = tuple(choice for choice in CHOICES["wearing"] if choice in form.get("wearing", ()))
    if not wearing and _last(form, "at") == "wearing":
        wearing = (str(Wearing.UNKNOWN),)  # to go on without an answer is one
    return Answers(
        **one,
        wearing=wearing,
        area=_listed(_last(form, "area"), areas),
        text=" ".join(_last(form, "text").split())[:TEXT_MOST],
        key=_last(form, "key")[:KEY_MOST],
        ticket=_last(form, "ticket")[:TICKET_MOST],
        work=_last(form, "work")[:TICKET_MOST],
    )


def next_step(form: Form, answers: Answers) -> str:
    """Which question to show: the one that was asked for, or the first without an answer."""
    wanted = _last(form, "to")
    if wanted not in STEPS:
        return answers.open_step
    return wanted if STEPS.index(wanted) <= STEPS.index(answers.open_step) else answers.open_step


def is_sent(form: Form) -> bool:
    """Whether the button that sends was pressed."""
    return bool(_last(form, "send"))


def is_unanswered(form: Form, answers: Answers) -> bool:
    """Whether somebody went on from a question without answering it."""
    at, wanted = _last(form, "at"), _last(form, "to")
    is_onward = wanted not in STEPS or (at in STEPS and STEPS.index(wanted) > STEPS.index(at))
    return at in STEPS[:-1] and is_onward and not answers[at]


def _last(form: Form, name: str) -> str:
    found = form.get(name, ())
    return found[-1] if found else ""


def _listed(value: str, choices: Collection[str]) -> str:
    return value if value in choices else ""
