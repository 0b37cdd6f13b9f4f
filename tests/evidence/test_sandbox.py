"""The sandbox: every wall stands, nothing is opened without it, what comes out is pixels of a strict form or a refusal."""

import io
import shutil
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.evidence.papers import letter, pdf, photo, workbook
from tocsin.evidence import pixels, sandbox
from tocsin.evidence.pixels import Box, Left, Page
from tocsin.evidence.sandbox import BoxFailed, Limits, SandboxMissing
from tocsin.evidence.syscall_filter import REFUSED, filter_program

SHORT = Limits(seconds=3, answer=1 << 20)


def sh(line: str) -> bytes:
    return sandbox.run(["/bin/sh", "-c", line], b"", SHORT)


def test_inside_there_is_nothing_of_ours_and_no_way_out(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of the node")
    sandbox.require()
    assert b"secret" not in sh(f"ls -R {tmp_path} 2>/dev/null; ls /; env; exit 0")
    system = {"bin", "dev", "lib", "lib32", "lib64", "libx32", "sbin", "tmp", "usr"}
    ours = {Path(one).parts[1] for one in (sys.prefix, sys.base_prefix, str(sandbox.BOXED))}
    assert set(sh("ls /; exit 0").decode().split()) <= system | ours
    tries = "import socket\ntry:\n socket.socket({})\n print('open')\nexcept OSError:\n print('shut')"
    for kind in ("socket.AF_INET", "socket.AF_UNIX", "socket.AF_NETLINK", "socket.AF_INET6"):
        said = sandbox.run(["/usr/bin/python3", "-I", "-c", tries.format(kind)], b"", SHORT)
        assert said == b"shut\n"


def test_a_checkout_under_tmp_is_seen_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The box's own empty /tmp must not lie over the programs, wherever the checkout is."""
    monkeypatch.setattr(sandbox, "BOXED", shutil.copytree(sandbox.BOXED, tmp_path / "boxed"))
    sandbox.require()


@pytest.mark.parametrize("root", ["/srv", "/etc", "/opt"])
def test_an_installation_anywhere_is_the_only_thing_seen_there(monkeypatch: pytest.MonkeyPatch, root: str) -> None:
    """The way to what was let in is no hole; whatever else stands beside it is."""
    here, seen, ours = f"{root}/tocsin/boxed", [*sandbox._seen()], sandbox._ours()
    let_in = ["--ro-bind", str(sandbox.BOXED), here]
    monkeypatch.setattr(sandbox, "_ours", lambda: [*ours, here])
    monkeypatch.setattr(sandbox, "_seen", lambda: iter([*seen, *let_in]))
    sandbox.require()
    for beside in (f"{root}/tocsin/node.db", f"{root}/other/secret"):
        monkeypatch.setattr(
            sandbox, "_seen", lambda beside=beside: iter([*seen, *let_in, "--ro-bind", __file__, beside])
        )
        with pytest.raises(SandboxMissing):
            sandbox.require()


@pytest.mark.parametrize(
    "line",
    ["exec sleep 60", "exec cat /dev/zero", "exec tail /dev/zero", "while :; do :; done", "exit 3", "kill -9 $$"],
)
def test_what_takes_too_much_or_falls_is_a_refusal(line: str) -> None:
    with pytest.raises(BoxFailed):
        sh(line)


@pytest.mark.parametrize("there", ["", "prlimit"])
def test_without_bubblewrap_nothing_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: str) -> None:
    if there:
        (tmp_path / there).symlink_to(f"/usr/bin/{there}")
    monkeypatch.setenv("PATH", str(tmp_path))
    for opens in (sandbox.require, lambda: list(pixels.flattened(b"words")), lambda: sh("echo opened")):
        with pytest.raises(SandboxMissing):
            opens()


def test_where_the_kernel_gives_no_walls_nothing_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `bwrap` that fails, and one that runs what it is given without any wall."""
    for script in ("#!/bin/sh\nexit 1\n", '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec "$@"\n'):
        (tmp_path / "bwrap").write_text(script)
        (tmp_path / "bwrap").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        with pytest.raises(SandboxMissing):
            sandbox.require()


def test_the_filter_is_written_for_both_machines_and_no_other() -> None:
    for name in REFUSED:
        program = filter_program(name)
        assert len(program) % 8 == 0
        assert len(program) // 8 < 256  # jumps are a byte
    with pytest.raises(KeyError):
        filter_program("pdp11")


MADE: dict[str, tuple[Callable[[], bytes], Left]] = {
    "pdf": (lambda: pdf(["Seen on the page"], title="Hidden Author", attached="hidden.txt", script="app.alert(1)"),
            Left.METADATA | Left.ATTACHMENTS | Left.SCRIPTS),
    "xlsx": (lambda: workbook([("Seen", "visible", ["Seen in a cell"]), ("Kept", "veryHidden", ["Not seen"])], comment="x"),
             Left.HIDDEN | Left.COMMENTS | Left.METADATA),
    "docx": (lambda: letter(["Seen in a letter"], deleted="Struck out"), Left.CHANGES | Left.METADATA),
    "jpeg": (lambda: photo("Seen in a photo", artist="Hidden Artist"), Left.METADATA),
    "text": (lambda: b"Seen in a text\n", Left(0)),
}  # fmt: skip


@pytest.mark.parametrize("kind", MADE)
def test_each_kind_of_file_becomes_grey_pages_and_says_what_stayed_behind(kind: str) -> None:
    make, left = MADE[kind]
    [(total, seen, page)] = list(pixels.flattened(make()))
    assert (total, seen) == (1, left)
    picture = Image.open(io.BytesIO(pixels.png(page)))
    assert picture.size == (page.width, page.height)
    assert not picture.info
    assert len(set(page.pixels())) > 1  # something is drawn
    assert max(page.pixels()) <= 15


def packed(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/workbook.xml", "<workbook><sheets><sheet name='a' id='r'/></sheets></workbook>")
        file.writestr("xl/_rels/workbook.xml.rels", "<r><Relationship Id='r' Target='s.xml'/></r>")
        file.writestr(name, content)
    return out.getvalue()


HARM: dict[str, Callable[[], bytes]] = {
    "zip bomb": lambda: packed("xl/s.xml", bytes(200 << 20)),
    "entities": lambda: packed("xl/s.xml", b"<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><x>&b;</x>"),
    "outside entity": lambda: packed("xl/s.xml", b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a SYSTEM '/usr/bin/env'>]><x>&a;</x>"),
    "picture bomb": lambda: b"\x89PNG\r\n\x1a\n" + pixels._chunk(b"IHDR", (b"\0\0\xff\xff") * 2 + b"\x08\0\0\0\0"),
    "torn pdf": lambda: b"%PDF-1.7\n1 0 obj <<",
    "svg with script": lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "page of code": lambda: b"<!doctype html><html><script src='https://evil.example'></script>",
    "program": lambda: b"\x7fELF" + bytes(100),
    "nothing": lambda: b"PK",
    "many pages": lambda: b"line\n" * 20_000,
}  # fmt: skip


@pytest.mark.parametrize("kind", HARM)
def test_what_is_made_to_do_harm_is_refused(kind: str) -> None:
    with pytest.raises(BoxFailed):
        list(pixels.flattened(HARM[kind]()))


@pytest.mark.parametrize(
    "said",
    [b"", b"PAGES", b"PAGES\0\0\0\x01\0\0\x02", b"PAGES\0\0\0\x01\0\0\x02\0\x02\x10", b"PAGES\0\0\0\x01\0\0\x03\0\x01\x10\x10\x10",
     b"PAGES\0\0\0\x01\0\xff\xff\xff\xff", b"PAGES\0\0\0\x01\xff"],
)  # fmt: skip
def test_an_answer_of_another_form_is_refused(said: bytes) -> None:
    with pytest.raises(BoxFailed):
        pixels.read_answer(said)


def test_what_is_covered_is_black_in_the_bytes() -> None:
    page = Page(20, 10, zlib.compress(bytes([15]) * 200))
    done = pixels.covered(page, [Box(4, 3, 6, 2)], edge=1).pixels()
    for at, step in enumerate(done):
        inside = 3 <= at % 20 < 11 and 2 <= at // 20 < 6
        assert step == (0 if inside else 15)
