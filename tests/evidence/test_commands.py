"""The commands, from a sealed export and a copy of a log to a verified package."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.evidence.scene import Scene
from tocsin.cli import main
from tocsin.evidence.custodian import make_key, read_key

AT = "2027-01-15T10:00:00+00:00"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Scene, Path]:
    """A scene, and a folder with its identity, sealed export, log copy and trust."""
    place = tmp_path_factory.mktemp("world")
    scene = Scene(place, b"commands")
    scene.sealed().rename(place / "a.tocsin")
    (place / "identity.txt").write_text(f"# a lawyer's\n{scene.identity}\n")
    (place / "TRUST.json").write_text(json.dumps(scene.trust()))
    copy_log(scene, place / "log")
    return scene, place


def copy_log(scene: Scene, folder: Path) -> None:
    blobs: Any = scene.log._blobs
    told = scene.keys()
    config = {"log": told.log, "witnesses": [{"vkey": one, "outside": True} for one in told.witnesses]}
    config["receipt_key"] = told.receipts[0]
    files = {name: raw for name, raw in blobs.held.items() if name.startswith("tile/")}
    files |= {f"beats/{size}": raw for size, raw in scene.checkpoints.items()}
    files |= {f"timestamps/{size}": scene.file(f"timestamps/{size}") or b"" for size in scene.tokens}
    files |= {"checkpoint": scene.file("checkpoint") or b"", "desk-keys": scene.desk_keys()}
    for name, raw in {**files, "client-config": json.dumps(config).encode()}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments], catch_exceptions=False)


def test_from_a_sealed_export_to_a_verified_package(world: tuple[Scene, Path], tmp_path: Path) -> None:
    scene, place = world
    key = ["--identity", place / "identity.txt"]
    made = run("complete", place / "a.tocsin", *key, "--log", place / "log", "-o", tmp_path / "whole.tocsin")
    assert made.exit_code == 0, made.output
    package = tmp_path / "p.zip"
    assert run("package", tmp_path / "whole.tocsin", *key, "--at", AT, "-o", package).exit_code == 0
    assert package.stat().st_mode & 0o777 == 0o600
    checked = run("verify", package, "--trust", place / "TRUST.json", "--json")
    assert checked.exit_code == 3
    assert [one["codes"] for one in json.loads(checked.output)["steps"] if one["codes"]] == [["unsigned"]]
    assert scene.chunks


def test_signed_and_logged_it_passes(world: tuple[Scene, Path], tmp_path: Path) -> None:
    scene, place = world
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    private = Ed25519PrivateKey.from_private_bytes(scene.custodian.seed)
    (tmp_path / "key.pem").write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    options = [
        "--identity",
        place / "identity.txt",
        "--log",
        place / "log",
        "--custodian",
        tmp_path / "key.pem",
        "--at",
        AT,
    ]
    for name in ("one.zip", "two.zip"):
        done = run("package", place / "a.tocsin", *options, "-o", tmp_path / name)
        assert done.exit_code == 0, done.output
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    assert run("verify", tmp_path / "one.zip", "--trust", place / "TRUST.json").exit_code == 0


def test_open_writes_what_was_recorded(world: tuple[Scene, Path], tmp_path: Path) -> None:
    scene, place = world
    done = run("open", place / "a.tocsin", "--identity", place / "identity.txt", "-o", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out" / "media-001.webm").read_bytes().startswith(scene.body(1))


def test_what_is_in_clear_is_its_owners_alone_also_in_a_folder_that_others_read(
    world: tuple[Scene, Path], tmp_path: Path
) -> None:
    _, place = world
    (tmp_path / "out").mkdir(mode=0o755)
    done = run("open", place / "a.tocsin", "--identity", place / "identity.txt", "-o", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "out").iterdir()} == {0o600}


def test_a_package_is_not_written_into_what_somebody_put_there(world: tuple[Scene, Path], tmp_path: Path) -> None:
    """A file of its unfinished name, or a link of that name to one, would give whoever made it the key inside."""
    _, place = world
    theirs = tmp_path / "theirs"
    theirs.write_text("")
    (tmp_path / "p.zip.part").symlink_to(theirs)
    key = ["--identity", place / "identity.txt"]
    done = run("package", place / "a.tocsin", *key, "--log", place / "log", "-o", tmp_path / "p.zip")
    assert done.exit_code == 0, done.output
    assert (theirs.read_bytes(), (tmp_path / "p.zip").is_symlink()) == (b"", False)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--identity", "identity.txt"], "holds no log yet"),
        (["--identity", "identity.txt", "--words", "--log", "log"], "either"),
        (["--identity", "TRUST.json", "--log", "log"], "AGE-SECRET-KEY-1"),
        (["--identity", "identity.txt", "--log", "log", "--at", "today"], "--at"),
        (["--identity", "identity.txt", "--log", "log", "--at", "2027-01-15T10:00:00"], "offset"),
    ],
)
def test_wrong_usage_says_what_to_do(world: tuple[Scene, Path], tmp_path: Path, options: list[str], said: str) -> None:
    _, place = world
    paths = [str(place / one) if (place / one).exists() else one for one in options]
    done = run("package", place / "a.tocsin", *paths, "-o", tmp_path / "p.zip")
    assert done.exit_code == 2
    assert said in done.output
    assert not (tmp_path / "p.zip").exists()


def test_what_cannot_be_read_is_said_and_nothing_is_said_of_the_package(tmp_path: Path) -> None:
    file, trust = tmp_path / "file.zip", tmp_path / "trust.json"
    file.write_bytes(b"no zip")
    trust.write_text("no JSON")
    for arguments, said in (
        ([str(file)], "this is no zip file"),
        ([str(file), "--trust", str(trust)], "the trust file or the signer's key cannot be read"),
    ):
        ran = CliRunner().invoke(main, ["verify", *arguments])
        assert (ran.exit_code, ran.output) == (2, f"{said}\nResult: NOTHING WAS CHECKED (exit 2)\n")


def test_the_wrong_identity_is_refused_and_nothing_is_written(world: tuple[Scene, Path], tmp_path: Path) -> None:
    _, place = world
    other = Scene(tmp_path, b"somebody else")
    (tmp_path / "id").write_text(other.identity)
    done = run(
        "package", place / "a.tocsin", "--identity", tmp_path / "id", "--log", place / "log", "-o", tmp_path / "p.zip"
    )
    assert done.exit_code == 1
    assert "envelope_not_for_us" in done.output
    assert not list(tmp_path.glob("p.zip*"))


def test_nothing_is_overwritten(world: tuple[Scene, Path], tmp_path: Path) -> None:
    _, place = world
    (tmp_path / "p.zip").write_text("mine")
    done = run(
        "package",
        place / "a.tocsin",
        "--identity",
        place / "identity.txt",
        "--log",
        place / "log",
        "-o",
        tmp_path / "p.zip",
    )
    assert done.exit_code == 2
    assert (tmp_path / "p.zip").read_text() == "mine"


def test_a_custodians_key_is_made_once_and_shown_again(tmp_path: Path) -> None:
    first, again = run("custodian", tmp_path / "key.pem"), run("custodian", tmp_path / "key.pem")
    assert first.output == again.output == b64encode(read_key(tmp_path / "key.pem").public).decode() + "\n"
    assert (tmp_path / "key.pem").stat().st_mode & 0o777 == 0o600
    assert make_key.__doc__
    (tmp_path / "none.pem").write_text("x")
    assert run("custodian", tmp_path / "none.pem").exit_code == 1
