"""Each kind of change is found at the right step, and honest packages pass. The long form is `trial_mutations.py`."""

from pathlib import Path
from random import Random

import pytest

from tests.evidence.mutations import KINDS
from tests.evidence.mutations.case import Case, case_of
from tests.evidence.trial_mutations import honest, judge, scene_of
from tocsin.evidence.verify import verify

HONEST = 25


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return case_of(scene_of(tmp_path_factory.mktemp("case"), 7), Random(7))


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_is_found_where_it_was_made(kind: str, case: Case, tmp_path: Path) -> None:
    function, step, code = KINDS[kind]
    mutant = Case(case.scene, dict(case.files), Random(kind), case.trust)
    (tmp_path / "mutant.zip").write_bytes(function(mutant))
    report = verify(tmp_path / "mutant.zip", mutant.trust, mutant.signer)
    assert judge(report, step, code) == ""
    assert all(" " <= character <= "~" or character == "\n" for character in report.as_text())


def test_there_are_at_least_sixty_kinds_at_every_step() -> None:
    assert len(KINDS) >= 60
    assert len({step for _, step, _ in KINDS.values()}) == 10


@pytest.mark.parametrize("seed", range(HONEST))
def test_an_honest_package_passes(seed: int, tmp_path: Path) -> None:
    assert honest(tmp_path, seed).missed == ""
