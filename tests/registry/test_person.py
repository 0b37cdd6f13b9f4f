"""No record about a private person: what the rule finds and what it holds for nothing, on names labelled by hand."""

import csv
from pathlib import Path

import pytest

from tocsin.registry.model import Claim, Draft
from tocsin.registry.person import Doubt, doubt, doubt_of

LABELLED = Path(__file__).parent / "labelled_names.csv"
LEAST_RECALL = 0.97
MOST_FALSE_HOLDS = 0.15


def labelled() -> list[tuple[str, str]]:
    """Invented people and real institutions, written down before the rule was first run on them."""
    with LABELLED.open(encoding="utf-8", newline="") as file:
        return [(label, name) for label, name in csv.reader(file)]


def test_nearly_every_person_is_held_and_few_institutions_are(capsys: pytest.CaptureFixture[str]) -> None:
    names = labelled()
    people = [name for label, name in names if label == "person"]
    firms = [name for label, name in names if label == "institution"]
    missed = [name for name in people if doubt(name) is None]
    wrongly = [name for name in firms if doubt(name) is not None]
    recall, false = 1 - len(missed) / len(people), len(wrongly) / len(firms)
    with capsys.disabled():
        print(f"\nperson rule: recall {recall:.3f} of {len(people)}, missed {missed}")
        print(f"person rule: false holds {false:.3f} of {len(firms)}, held {wrongly}")
    assert recall >= LEAST_RECALL
    assert false <= MOST_FALSE_HOLDS


@pytest.mark.parametrize(
    ("claim", "why"),
    [
        (Claim("email", "desk@example.org"), Doubt.CONTACT),
        (Claim("notes", "questions to jane@example.org"), Doubt.CONTACT),
        (Claim("description", "Contracting officer: JANE DOE"), Doubt.CONTACT),
    ],
)
def test_contacts_and_signatories_hold_the_row(claim: Claim, why: Doubt) -> None:
    assert doubt_of(Draft("x", "Contract", [Claim("title", "Cameras"), claim])) is why


def test_what_the_source_itself_calls_a_sole_trader_is_held_whatever_its_name() -> None:
    assert (
        doubt_of(Draft("x", "Company", [Claim("name", "SPEEDY SYSTEMS LLC")], is_sole_trader=True)) is Doubt.SOLE_TRADER
    )


@pytest.mark.parametrize("schema", ["Person", "Directorship", "Employment", "Membership"])
def test_schemata_about_people_are_held(schema: str) -> None:
    assert doubt_of(Draft("x", schema, [Claim("name", "ACME LLC")])) is Doubt.SCHEMA
