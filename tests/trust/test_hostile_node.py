"""What a node that was taken over tries with the legal desk, and who notices: the phone's own code, a witness, or an auditor.

What nobody notices stands in docs/attacks.md, and is shown here too where it can be.
"""

import dataclasses
from pathlib import Path

import pytest

from tests.encounters.stewards import Pair
from tests.evidence.scene import Scene
from tests.people.roll_scenes import lawyer
from tests.trust.hostile import DAY, Hostile, judged
from tocsin.crypto import canonical, envelope
from tocsin.errors import TocsinError
from tocsin.evidence.opened import Opened
from tocsin.evidence.sealed import Sealed
from tocsin.people.statement import Act
from tocsin.tlog.audit import Auditor
from tocsin.tlog.entry import DESK_KEY, SIGNED_DESK_KEY
from tocsin.tlog.source import LocalSource

OURS, THEIRS = lawyer("q"), lawyer("p")


@pytest.fixture
def node(tmp_path: Path) -> Hostile:
    """Two stewards, one lawyer whom both signed, and three days later."""
    made = Hostile(tmp_path)
    made.strike(made.founding())
    made.strike(made.said(Act.DESK_ADD, OURS))
    made.wait(3 * DAY)
    made.strike()
    return made


def audited(node: Hostile) -> list[str]:
    return Auditor(node.log.vkey).audit(LocalSource(node.log)).troubles


def test_a_lawyer_whom_two_stewards_signed_is_sealed_to_and_the_log_is_clean(node: Hostile) -> None:
    assert judged(node.case(node.answer())) == [([OURS.key], [])]
    assert audited(node) == []


def test_a_node_that_adds_a_lawyer_of_its_own_is_refused_however_it_tries(node: Hostile) -> None:
    own = Pair.fresh()
    older = {"act": "add", "age": THEIRS.key, "custodian": "", "desk": "legal", "name": "x", "not_before": 0}
    signed_once = dataclasses.replace(own, first=node.pair.first)
    node.strike(
        DESK_KEY + canonical.dumps(older),
        SIGNED_DESK_KEY + canonical.dumps(older),
        node.founding(own),
        node.said(Act.DESK_ADD, THEIRS, pair=own),
        node.said(Act.DESK_ADD, THEIRS, pair=signed_once),
        node.said(Act.DESK_ADD, THEIRS, by_one=True),
    )
    node.wait(2 * DAY)
    node.strike()
    ((keys, reasons),) = judged(node.case(node.answer()))
    assert keys == [OURS.key]
    assert reasons.count("not_signed_by_two") == 4
    assert any(
        entry.startswith(SIGNED_DESK_KEY) for _, entry in Auditor(node.log.vkey).audit(LocalSource(node.log)).public
    )


def test_an_old_list_shown_again_is_refused_by_who_saw_more_and_soon_by_everybody(node: Hostile) -> None:
    old = node.answer()
    node.strike(node.said(Act.DESK_REMOVE, OURS, by_one=True))
    new = node.answer()
    soon, later = node.now + 60, node.now + 4 * DAY
    fresh_s = 3 * DAY
    assert judged(
        node.case(new),
        node.case(old, before=new, now=soon),
        node.case(old, now=soon, life=fresh_s),
        node.case(old, now=later, life=fresh_s),
    ) == [
        ([], ["removed"]),
        ([], ["list_older"]),
        ([OURS.key], []),  # a phone that saw nothing yet: docs/attacks.md, bounded by the next
        ([], ["too_old"]),
    ]


def test_a_removal_left_out_for_one_phone_is_missed_and_for_everybody_is_found_by_an_auditor(node: Hostile) -> None:
    removal = node.said(Act.DESK_REMOVE, OURS, by_one=True)
    node.strike(removal)
    assert judged(node.case(node.answer(without=[removal]))) == [([], ["list_incomplete"])]
    assert audited(node) == []
    node.strike(hidden=[removal])
    assert judged(node.case(node.answer(without=[removal]))) == [([OURS.key], [])]  # docs/attacks.md
    assert len(audited(node)) == 1
    assert "says something else of the keys" in audited(node)[0]


def test_a_beat_that_says_nothing_of_the_roll_is_refused_and_found(node: Hostile) -> None:
    node.strike(is_silent=True)
    assert judged(node.case(node.answer())) == [([], ["list_incomplete"])]
    assert len(audited(node)) == 1
    assert "does not say which keys" in audited(node)[0]


def test_another_list_for_another_phone_finds_no_witness_and_is_proof_against_the_node(node: Hostile) -> None:
    other = node.town.open_log("other")
    fork = Hostile.__new__(Hostile)
    fork.__dict__ |= node.__dict__ | {"log": other, "standing": [], "beat": node.beat}
    own = Pair.fresh()
    fork.pair = own
    assert fork.strike(fork.founding(own)) == 0
    fork.strike(fork.said(Act.DESK_ADD, THEIRS, pair=own))
    fork.wait(2 * DAY)
    fork.strike()
    assert other.size == node.log.size
    ((keys, reasons),) = judged(node.case(fork.answer()))
    assert (keys, reasons) == ([], ["no_outside_witness"])
    accusation = Auditor(node.log.vkey).compare(LocalSource(node.log), other.checkpoint_note())
    assert accusation is not None
    assert accusation.kind == "split-view"


def test_a_swapped_wrap_opens_nothing_and_is_told_from_the_recordings_own(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    honest = scene.sealed().read_bytes()
    scene.wraps = envelope.seal_to([scene.recipient], bytes(32))
    with Sealed(scene.sealed()) as sealed, pytest.raises(TocsinError) as refused:
        Opened.begin(sealed, scene.identity)
    assert refused.value.code == "commitment_wrong"
    assert honest != scene.sealed().read_bytes()
