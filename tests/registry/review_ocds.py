"""`python -m tests.registry.review_ocds FILE`: what the Open Contracting Partnership's own program finds in a file, as JSON.

It fetches the standard when it runs; here it is given the schema that lies beside, and lists of codes made of what the schema itself
allows. It runs in a process of its own because it warns of things that are not ours.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from zipfile import ZipFile

from libcoveocds.api import ocds_json_output  # type: ignore[import-untyped]
from libcoveocds.config import LibCoveOCDSConfig  # type: ignore[import-untyped]

STANDARD = Path(__file__).parent / "ocds"
TAG = "1__1__4"
AT = "standard/standard/schema"
NOTHING = '{"$schema": "http://json-schema.org/draft-04/schema#"}'
"""In place of the schema of versioned releases, which a package of releases has none of."""


def main() -> None:
    with NamedTemporaryFile(suffix=".zip") as packed:
        _pack(Path(packed.name))
        config = LibCoveOCDSConfig()
        version = {"1.1": ("1.1", "https://standard.open-contracting.org/1.1/en/", TAG)}
        config.config |= {"context": "api", "standard_zip": f"file://{packed.name}", "schema_version_choices": version}
        told = json.loads(Path(sys.argv[1]).read_text())
        print(json.dumps(ocds_json_output(json_data=told, lib_cove_ocds_config=config), default=str))


def _pack(path: Path) -> None:
    """The standard's repository as the program expects to fetch it."""
    schema = json.loads((STANDARD / "release-schema.json").read_text())
    with ZipFile(path, "w") as out:
        out.writestr("standard/", "")
        for one in STANDARD.glob("*.json"):
            out.write(one, f"{AT}/{one.name}")
        out.writestr(f"{AT}/versioned-release-validation-schema.json", NOTHING)
        for name, codes in dict(_codelists(schema)).items():
            out.writestr(f"{AT}/codelists/{name}", "\n".join(["Code", *codes, ""]))


def _codelists(node: Any) -> Iterator[tuple[str, list[str]]]:
    """Each list of codes that the schema names, with the codes it allows; none where the list is open."""
    if isinstance(node, dict):
        if "codelist" in node:
            yield node["codelist"], [code for code in node.get("enum") or node.get("items", {}).get("enum", []) if code]
        for one in node.values():
            yield from _codelists(one)


if __name__ == "__main__":
    main()
