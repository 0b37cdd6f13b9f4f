"""The verifier as a program: exit codes, output, hostile names, no network, no import of ours, little memory."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tests.evidence.mutations.case import case_of, zip_of
from tests.evidence.scene import Scene
from tocsin.evidence import verify as module
from tocsin.evidence.verify import Trust, Unreadable, shown, verify

PROGRAM = Path(module.__file__)


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(PROGRAM), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def trust_file(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trust") / "TRUST.json"
    path.write_text(json.dumps(scene.trust()))
    return path


def test_it_imports_the_standard_library_and_cryptography_only() -> None:
    tree = ast.parse(PROGRAM.read_text())
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names | {"cryptography"}
    assert not names & {"socket", "urllib", "http", "ssl"}


def test_as_a_program_of_its_own_it_exits_0_when_all_is_proven(made: Path, trust_file: Path) -> None:
    done = run(made, "--trust", trust_file)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("PASS") == 11


def test_without_outside_keys_it_exits_3_and_says_why(made: Path) -> None:
    done = run(made, "--json")
    told = json.loads(done.stdout)
    assert done.returncode == told["exit"] == 3
    assert [step["codes"] for step in told["steps"] if step["status"] != "PASS"] == [["no_outside_keys"]] * 2
    assert told["not_shown"]


def test_a_failed_package_exits_1(scene: Scene, made: Path, tmp_path: Path) -> None:
    raw = bytearray(made.read_bytes())
    raw[len(raw) // 2] ^= 1
    (tmp_path / "bad.zip").write_bytes(raw)
    assert run(tmp_path / "bad.zip").returncode == 1


@pytest.mark.parametrize("content", [b"", b"PK", b"hello", b"\x00" * 100])
def test_what_is_no_zip_exits_2(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(content)
    done = run(tmp_path / "x")
    assert (done.returncode, done.stdout.splitlines()[0]) == (2, "this is no zip file")


def test_a_sealed_export_exits_2_and_says_what_to_do(scene: Scene) -> None:
    done = run(scene.sealed())
    assert done.returncode == 2
    assert "sealed export" in done.stdout


def test_a_zip_of_something_else_exits_2(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(zip_of({"README.txt": b"hello"}))
    assert run(tmp_path / "x.zip").returncode == 2


def test_a_missing_file_or_wrong_usage_exits_2(tmp_path: Path, made: Path) -> None:
    assert run(tmp_path / "none.zip").returncode == 2
    assert run(made, "--what").returncode == 2
    assert run(made, "--signer", "AAAA").returncode == 2
    (tmp_path / "trust.json").write_text("{}")
    assert run(made, "--trust", tmp_path / "trust.json").returncode == 2


@pytest.mark.parametrize("edit", [{"quorum": 0}, {"witnesses": ["x"]}, {"log": 3}, {"timestamp_roots": ["x"]}])
def test_a_trust_file_that_says_nothing_is_refused(scene: Scene, edit: dict[str, object]) -> None:
    with pytest.raises(Unreadable):
        Trust.read(json.dumps(scene.trust() | edit).encode())


def test_the_right_signer_passes_and_another_fails(scene: Scene, made: Path, trust: Trust) -> None:
    assert verify(made, trust, scene.custodian.public).exit == 0
    assert verify(made, trust, b"\1" * 32).exit == 1


def test_an_unlogged_signer_is_enough_when_it_was_named_from_outside(tmp_path: Path) -> None:
    scene = Scene(tmp_path, is_logged_custodian=False)
    trust = Trust.read(json.dumps(scene.trust()).encode())
    assert verify(scene.package(), trust).exit == 3
    assert verify(scene.package(), trust, scene.custodian.public).exit == 0


def test_hostile_names_reach_no_terminal(scene: Scene, made: Path, trust: Trust, tmp_path: Path) -> None:
    case = case_of(scene, Random(1), trust, made)
    hostile = "\x1b]0;owned\x07\u202e"
    case.change("manifest.json", lambda told: told.update(package_id=hostile, recording=hostile, kind=hostile))
    (tmp_path / "x.zip").write_bytes(case.signed())
    report = verify(tmp_path / "x.zip", trust)
    assert all(" " <= c <= "~" or c == "\n" for c in report.as_text())
    assert report.exit == 1


def test_shown_escapes_and_cuts() -> None:
    assert shown("a\x1b[31m\n\u202e\\") == "a\\x1b[31m\\n\\u202e\\\\"
    assert len(shown("\x00" * 500)) <= 120


def test_a_huge_member_is_not_read_into_memory(scene: Scene, made: Path, trust: Trust, tmp_path: Path) -> None:
    """A certificate of 96 MiB is hashed as it passes."""
    case = case_of(scene, Random(1), trust, made)
    case.files["certificates/large.txt"] = bytes(96 << 20)
    path = tmp_path / "large.zip"
    path.write_bytes(case.resigned())
    code = (
        "import sys,resource; sys.path.insert(0, sys.argv[1]); import verify; print(verify.verify(sys.argv[2]).exit,"
        "[line.split()[1] for line in open('/proc/self/status') if 'VmHWM' in line][0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(PROGRAM.parent), str(path)], capture_output=True, text=True, check=True
    )
    exit_code, peak_kib = map(int, done.stdout.split())
    assert exit_code == 3
    assert peak_kib < 80 * 1024


def test_a_copy_travels_in_every_package(scene: Scene, made: Path, trust: Trust) -> None:
    assert case_of(scene, Random(1), trust, made).files["system/verify.py.txt"] == PROGRAM.read_bytes()


def test_no_changed_byte_anywhere_is_ever_accepted(made: Path, trust: Trust, tmp_path: Path) -> None:
    raw, random = made.read_bytes(), Random(20)
    for _ in range(120):
        at = random.randrange(len(raw))
        (tmp_path / "x.zip").write_bytes(raw[:at] + bytes([raw[at] ^ 1 << random.randrange(8)]) + raw[at + 1 :])
        assert verify(tmp_path / "x.zip", trust).exit in {1, 2}


def test_members_of_any_wrong_shape_are_judged_and_never_crash(
    scene: Scene, made: Path, trust: Trust, tmp_path: Path
) -> None:
    """Every member replaced by every kind of nonsense and signed again: a FAIL, or at least never a full PASS."""
    honest, random = case_of(scene, Random(1), trust, made), Random(4)
    shapes = [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"[null]",
        b'"x"',
        b"\xff\xfe",
        b"[" * 100_000,
        random.randbytes(200),
        b"\n\n\n",
    ]
    texts = ("README", "VERIFY", "certificates/", "retention", "system/", "log/timestamps/NONE")
    for name in honest.files:
        for shape in shapes if not name.startswith((*texts, "manifest")) else ():
            case = case_of(scene, random, trust, made)
            case.files[name] = shape
            (tmp_path / "x.zip").write_bytes(case.resigned())
            report = verify(tmp_path / "x.zip", trust)
            assert report.exit in {1, 3}, (name, shape[:20])
            assert report.as_json()["steps"]


@pytest.mark.parametrize("shape", [b"", b"{}", b"[]", b"null", b"[" * 100_000, b"\xff", b'{"files":[{}]}'])
def test_a_manifest_of_any_wrong_shape_fails(
    scene: Scene, made: Path, trust: Trust, tmp_path: Path, shape: bytes
) -> None:
    case = case_of(scene, Random(1), trust, made)
    case.files["manifest.json"] = shape
    (tmp_path / "x.zip").write_bytes(case.as_is())
    assert verify(tmp_path / "x.zip", trust).exit == 1


def test_the_specification_names_every_code_and_no_other() -> None:
    spec = (Path(__file__).parents[2] / "docs" / "spec" / "package.md").read_text()
    rows = [line for line in spec.splitlines() if re.match(r"\| \d+ `", line)]
    told = {code for row in rows for code in re.findall(r"`([a-z_]+)`", row.split("|")[3])}
    source = PROGRAM.read_text()
    raised = re.findall(r'Wrong\(\s*"([a-z_]+)"|"(?:FAIL|MISSING|NOT PROVEN)", "([a-z_]+)"', source)
    assert len(rows) == 10
    assert {one or other for one, other in raised} | {
        "leaf_notes",
        "chunk_notes",
        "signer_unlogged",
        "signer_by_operator",
        "signer_removed",
    } == told | {"not_reached"}


@pytest.mark.parametrize(("kind", "words"), [("import", "not captured here"), ("rehearsal", "practising")])
def test_what_is_no_recording_of_a_moment_is_said_with_the_first_fact(tmp_path: Path, kind: str, words: str) -> None:
    assert words in verify(Scene(tmp_path, kind=kind).package()).facts[0]


class Strange(Scene):
    """A phone that says of an event what it is in a list."""

    def say(self, kind: int, said: dict[str, object], *, final: bool = False) -> None:
        super().say(kind, said | {"event": [said["event"]]} if said.get("event") == "clock" else said, final=final)


def test_an_event_whose_name_is_no_text_is_another_one_and_stops_nobody(tmp_path: Path) -> None:
    report = verify(Strange(tmp_path, is_timestamped=False).package())
    assert report.steps[3].status == "PASS"
