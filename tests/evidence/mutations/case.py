"""One package about to be changed, and the ways an attacker has to put it together again."""

import hashlib
import json
import zipfile
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests.evidence.scene import Scene
from tocsin.crypto import canonical
from tocsin.crypto.keys import SigningKey
from tocsin.evidence.package import SIGNED_PREFIX, in_order
from tocsin.evidence.stored_zip import Archive
from tocsin.evidence.verify import Trust

Files = dict[str, bytes]


@dataclass
class Case:
    """`files` may be changed at will. The three ways of `zip` are three attackers: careless, keyless, and the custodian."""

    scene: Scene
    files: Files
    random: Random
    trust: Trust
    signer: bytes | None = None
    is_bare: bool = False
    """Without the copy of the verifier, which would be most of a vector."""

    def fresh(self, **changes: object) -> "Case":
        """The case of another scene in the same town, with changes."""
        seed = self.random.randbytes(8)
        scene = Scene(self.scene.place, seed, **changes)  # type: ignore[arg-type]
        return case_of(scene, self.random, self.trust, is_bare=self.is_bare)

    def json(self, name: str) -> Any:
        return json.loads(self.files[name])

    def put(self, name: str, value: object) -> None:
        self.files[name] = canonical.dumps(value)

    def change(self, name: str, edit: Callable[[Any], object]) -> None:
        """Edit the value of a JSON member in place."""
        value = self.json(name)
        edit(value)
        self.put(name, value)

    def lines(self, name: str) -> list[bytes]:
        return self.files[name].splitlines(keepends=True)

    def put_lines(self, name: str, lines: Iterable[bytes]) -> None:
        self.files[name] = b"".join(lines)

    def flip(self, name: str, at: int | None = None) -> None:
        """Flip one bit of a member, at a random place or at `at`."""
        raw = bytearray(self.files[name])
        raw[self.random.randrange(len(raw)) if at is None else at] ^= 1 << self.random.randrange(8)
        self.files[name] = bytes(raw)

    def some(self, start: str, end: str = "") -> str:
        """A member, at random, by how its name begins and ends."""
        return self.random.choice(
            [name for name in in_order(self.files) if name.startswith(start) and name.endswith(end)]
        )

    def chunks(self) -> list[bytes]:
        raw, found = self.files["original/chunks.bin"], []
        while raw:
            length = int.from_bytes(raw[:4])
            found.append(raw[4 : 4 + length])
            raw = raw[4 + length :]
        return found

    def put_chunks(self, chunks: Iterable[bytes]) -> None:
        self.files["original/chunks.bin"] = b"".join(len(raw).to_bytes(4) + raw for raw in chunks)

    # three attackers

    def as_is(self) -> bytes:
        """A zip of the files as they are; the manifest tells of what was before."""
        return zip_of(self.files)

    def relisted(self) -> bytes:
        """With a manifest that tells the truth, signed by nobody."""
        self.list_anew()
        return zip_of(self.files)

    def resigned(self, key: SigningKey | None = None) -> bytes:
        """With a manifest that tells the truth, signed by the custodian (or `key`)."""
        self.list_anew()
        return self.signed(key)

    def signed(self, key: SigningKey | None = None) -> bytes:
        """The manifest as it is, signed."""
        self.files["manifest.sig"] = (key or self.scene.custodian).sign(SIGNED_PREFIX + self.files["manifest.json"])
        return zip_of(self.files)

    def list_anew(self) -> None:
        manifest = self.json("manifest.json")
        known = {one["name"]: one for one in manifest["files"]}
        names = [name for name in in_order(self.files) if name not in {"manifest.json", "manifest.sig"}]
        manifest["files"] = [listed(name, self.files[name], known.get(name)) for name in names]
        sums = {one["name"]: one["sha256"] for one in manifest["files"]}
        manifest["media"] = [{**one, "sha256": sums.get(one["name"], one["sha256"])} for one in manifest["media"]]
        self.put("manifest.json", manifest)


@dataclass
class Kinds:
    """The register of mutations, each a function with the step, status and code that must find it."""

    found: dict[str, tuple[Callable[[Case], bytes], str, str]] = field(default_factory=dict)

    def __call__(self, step: str, code: str) -> Callable[[Callable[[Case], bytes]], Callable[[Case], bytes]]:
        def register(function: Callable[[Case], bytes]) -> Callable[[Case], bytes]:
            assert function.__name__ not in self.found
            self.found[function.__name__] = (function, step, code)
            return function

        return register


kind = Kinds()


def listed(name: str, content: bytes, known: dict[str, Any] | None) -> dict[str, Any]:
    role = "derivative" if name.startswith("derivatives/") else "log" if name.startswith("log/") else "text"
    sums = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "sha512": hashlib.sha512(content).hexdigest(),
        "size": len(content),
    }
    return {"mime": "application/octet-stream", "name": name, "role": role} | (known or {}) | sums


def zip_of(files: Files) -> bytes:
    archive = Archive()
    parts = [part for name in in_order(files) for part in archive.member(name, *summed(files[name]))]
    return b"".join([*parts, archive.end()])


def summed(content: bytes) -> tuple[int, int, list[bytes]]:
    return len(content), zlib.crc32(content), [content]


def case_of(
    scene: Scene, random: Random, trust: Trust | None = None, made: Path | None = None, *, is_bare: bool = False
) -> Case:
    """The honest package of `scene`, ready to be changed."""
    with zipfile.ZipFile(made or scene.package()) as opened:
        files = {name: opened.read(name) for name in opened.namelist()}
    case = Case(scene, files, random, trust or Trust.read(json.dumps(scene.trust()).encode()), is_bare=is_bare)
    if is_bare:
        del case.files["system/verify.py.txt"]
        case.resigned()
    return case


def b64(raw: bytes) -> str:
    return b64encode(raw).decode()
