"""The verifier says of every file in vectors/package what stands there. The one in TypeScript is held to the same files."""

import json
from base64 import b64decode
from pathlib import Path

import pytest

from tests.evidence.make_vectors import FOLDER, put_together, said
from tests.evidence.mutations import KINDS
from tests.evidence.mutations.of_talks import TALKS
from tocsin.evidence.verify import Trust, verify

VECTORS = sorted(path.stem for path in FOLDER.glob("*.json") if not path.stem.endswith("trust"))


def test_there_is_a_vector_for_every_kind_of_change() -> None:
    assert {*KINDS, *TALKS.found} <= set(VECTORS)


@pytest.mark.parametrize("name", VECTORS)
def test_a_vector_is_judged_as_it_says(name: str, tmp_path: Path) -> None:
    told = json.loads((FOLDER / f"{name}.json").read_text())
    made = put_together((FOLDER / told["of"]).read_bytes(), told["pieces"])
    (tmp_path / "x.zip").write_bytes(made)
    trust = Trust.read((FOLDER / told["trust"]).read_bytes()) if told["trust"] else None
    signer = b64decode(told["signer"]) if told["signer"] else None
    assert said(verify(tmp_path / "x.zip", trust, signer)) == {"exit": told["exit"], "steps": told["steps"]}
