"""Tricks with the container: what one reader would see and another would not."""

import struct
import zipfile
import zlib
from io import BytesIO

from tests.evidence.mutations.case import Case, kind, summed, zip_of
from tocsin.evidence.package import in_order
from tocsin.evidence.stored_zip import Archive, OnePass
from tocsin.evidence.verify import Member

CENTRAL = b"PK\x01\x02"


def central_at(raw: bytes, number: int = 1) -> int:
    """Where the directory record of a member begins."""
    at = int.from_bytes(raw[-6:-2], "little")
    for _ in range(number):
        name, extra = struct.unpack_from("<HH", raw, at + 28)
        at += 46 + name + extra
    return at


def local_at(raw: bytes, number: int = 1) -> int:
    return int.from_bytes(raw[central_at(raw, number) + 42 :][:4], "little")


def patched(raw: bytes, at: int, content: bytes) -> bytes:
    return raw[:at] + content + raw[at + len(content) :]


def any_member(case: Case) -> int:
    return case.random.randrange(1, len(case.files))


def empties(at: int, count: int) -> list[Member]:
    """Members of no bytes that would stand at `at`."""
    return [Member(f"derivatives/{number}", 0, 0, at + number) for number in range(count)]


def written_with(case: Case, **options: int) -> bytes:
    """The package as Python's own zip writer makes it."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in in_order(case.files):
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o100644 << 16
            for field, value in options.items():
                setattr(entry, field, value)
            made.writestr(entry, case.files[name])
    return out.getvalue()


@kind("zip", "layout")
def directory_names_another_file(case: Case) -> bytes:
    raw = case.as_is()
    return patched(raw, central_at(raw, any_member(case)) + 46, b"S")


@kind("zip", "layout")
def local_header_names_another_file(case: Case) -> bytes:
    raw = case.as_is()
    return patched(raw, local_at(raw, any_member(case)) + 30, b"S")


@kind("zip", "layout")
def directory_and_local_header_differ_in_size(case: Case) -> bytes:
    raw = case.as_is()
    at = local_at(raw, any_member(case)) + 18
    return patched(raw, at, struct.pack("<L", int.from_bytes(raw[at : at + 4], "little") + 1))


@kind("zip", "layout")
def directory_and_local_header_differ_in_sum(case: Case) -> bytes:
    raw = case.as_is()
    return patched(raw, local_at(raw, any_member(case)) + 14, case.random.randbytes(4))


@kind("zip", "layout")
def bytes_between_members(case: Case) -> bytes:
    raw = case.as_is()
    at, hidden = local_at(raw, any_member(case)), b"hidden"
    directory = central_at(raw, 0)
    out = bytearray(raw[:at] + hidden + raw[at:])
    for number in range(len(case.files)):
        record = central_at(raw, number)
        place = int.from_bytes(raw[record + 42 : record + 46], "little")
        if place >= at:
            struct.pack_into("<L", out, record + len(hidden) + 42, place + len(hidden))
    struct.pack_into("<L", out, len(out) - 6, directory + len(hidden))
    assert zipfile.ZipFile(BytesIO(bytes(out))).testzip() is None
    return bytes(out)


@kind("zip", "layout")
def bytes_after_the_end(case: Case) -> bytes:
    return case.as_is() + case.random.randbytes(1 + case.random.randrange(40))


@kind("zip", "layout")
def a_second_archive_after_the_end(case: Case) -> bytes:
    return case.as_is() + zip_of({"README.txt": b"another"})


@kind("zip", "layout")
def a_comment_on_the_archive(case: Case) -> bytes:
    raw = case.as_is()
    return raw[:-2] + b"\5\0hello"


@kind("zip", "layout")
def a_comment_on_a_member(case: Case) -> bytes:
    return written_with(case, comment=b"x")  # type: ignore[arg-type]


@kind("zip", "layout")
def a_member_compressed(case: Case) -> bytes:
    return written_with(case, compress_type=zipfile.ZIP_DEFLATED)


@kind("zip", "layout")
def a_member_dated_otherwise(case: Case) -> bytes:
    raw = case.as_is()
    number = any_member(case)
    raw = patched(raw, central_at(raw, number) + 14, b"\x21\x51")
    return patched(raw, local_at(raw, number) + 12, b"\x21\x51")


@kind("zip", "layout")
def a_member_is_a_symbolic_link(case: Case) -> bytes:
    raw = case.as_is()
    return patched(raw, central_at(raw, any_member(case)) + 38, struct.pack("<L", 0o120777 << 16))


@kind("zip", "layout")
def a_member_may_be_run(case: Case) -> bytes:
    raw = case.as_is()
    return patched(raw, central_at(raw, any_member(case)) + 38, struct.pack("<L", 0o104755 << 16))


@kind("zip", "layout")
def a_member_called_encrypted(case: Case) -> bytes:
    raw = case.as_is()
    number = any_member(case)
    return patched(patched(raw, central_at(raw, number) + 8, b"\1"), local_at(raw, number) + 6, b"\1")


@kind("zip", "layout")
def sums_behind_the_content(case: Case) -> bytes:
    writer = OnePass()
    return b"".join([*(writer.whole(name, case.files[name]) for name in in_order(case.files)), writer.end()])


@kind("zip", "layout")
def long_numbers_where_none_are_needed(case: Case) -> bytes:
    """A zip64 field that gives another size than the short one."""
    raw = case.as_is()
    at = central_at(raw, 0)
    name, extra = struct.unpack_from("<HH", raw, at + 28)
    wide = struct.pack("<HHQQ", 1, 16, 1, 1)
    head = bytearray(raw[at : at + 46 + name + extra] + wide)
    struct.pack_into("<LL", head, 20, 0xFFFFFFFF, 0xFFFFFFFF)
    struct.pack_into("<H", head, 30, len(wide))
    end = bytearray(raw[-22:])
    struct.pack_into("<L", end, 12, int.from_bytes(raw[-10:-6], "little") + len(wide))
    return raw[:at] + bytes(head) + raw[at + 46 + name + extra : -22] + bytes(end)


@kind("zip", "layout")
def a_member_hidden_from_the_directory(case: Case) -> bytes:
    archive = Archive()
    names = in_order(case.files)
    parts = [part for name in names for part in archive.member(name, *summed(case.files[name]))]
    archive._entries.pop(case.random.randrange(1, len(names)))
    return b"".join([*parts, archive.end()])


@kind("zip", "layout")
def the_directory_counts_wrong(case: Case) -> bytes:
    raw = case.as_is()
    return patched(raw, len(raw) - 14, struct.pack("<HH", len(case.files) - 1, len(case.files) - 1))


@kind("zip", "layout")
def the_file_is_cut(case: Case) -> bytes:
    raw = case.as_is()
    return raw[: case.random.randrange(100, len(raw))]


@kind("zip", "layout")
def a_size_wrong_on_both_sides(case: Case) -> bytes:
    raw = case.as_is()
    number = any_member(case)
    size = int.from_bytes(raw[central_at(raw, number) + 24 :][:4], "little") + case.random.choice((-1, 1))
    wrong = struct.pack("<LL", size, size)
    return patched(patched(raw, central_at(raw, number) + 20, wrong), local_at(raw, number) + 18, wrong)


@kind("zip", "layout")
def one_member_under_two_names(case: Case) -> bytes:
    """Two records of the directory lead to the same bytes."""
    raw, number = case.as_is(), any_member(case)
    at, end = central_at(raw, number), central_at(raw, number + 1)
    again = bytearray(raw[at:end])
    again[46:47] = b"z"
    count, size = len(case.files) + 1, int.from_bytes(raw[-10:-6], "little") + len(again)
    tail = patched(raw[-22:], 8, struct.pack("<HHL", count, count, size))
    return raw[:end] + bytes(again) + raw[end:-22] + tail


@kind("zip", "layout")
def the_directory_in_another_order_than_the_members(case: Case) -> bytes:
    raw, number = case.as_is(), case.random.randrange(1, len(case.files) - 1)
    first, second, end = (central_at(raw, number + one) for one in range(3))
    return raw[:first] + raw[second:end] + raw[first:second] + raw[end:]


@kind("zip", "layout")
def a_long_end_where_a_short_one_does(case: Case) -> bytes:
    """A zip64 end record whose numbers are right, and which some readers would believe in place of the short one."""
    raw = case.as_is()
    count = len(case.files)
    size, at = struct.unpack("<LL", raw[-10:-2])
    long = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 0x300 + 45, 45, 0, 0, count, count, size, at)
    return raw[:-22] + long + struct.pack("<4sLQL", b"PK\6\7", 0, at + size, 1) + raw[-22:]


@kind("zip", "layout")
def a_directory_without_end(case: Case) -> bytes:
    """Records that the end record does not count. Millions of them would fill the memory of who lists them all first."""
    raw = case.as_is()
    at = int.from_bytes(raw[-6:-2], "little")
    more = b"".join(empty.central for empty in empties(at, 60))
    end = patched(raw[-22:], 12, struct.pack("<LL", int.from_bytes(raw[-10:-6], "little") + len(more), at))
    return raw[:-22] + more + end


@kind("zip", "member_twice")
def a_member_twice(case: Case) -> bytes:
    """The second one would win with some readers, the first with others."""
    archive = Archive()
    twice = case.some("original/media")
    parts = []
    for name in in_order(case.files):
        parts += list(archive.member(name, *summed(case.files[name])))
        if name == twice:
            parts += list(archive.member(name, *summed(b"another")))
    return b"".join([*parts, archive.end()])


@kind("zip", "member_twice")
def a_member_twice_but_for_case(case: Case) -> bytes:
    case.files["original/MEDIA-001.webm"] = b"another"
    return case.resigned()


@kind("zip", "member_name")
def a_name_that_climbs_out(case: Case) -> bytes:
    case.files["original/../../climbed"] = b"x"
    return case.resigned()


@kind("zip", "member_name")
def a_name_from_the_root(case: Case) -> bytes:
    case.files["/etc/tocsin"] = b"x"
    return case.resigned()


@kind("zip", "member_name")
def a_name_with_a_backslash(case: Case) -> bytes:
    case.files["original\\media-009.webm"] = b"x"
    return case.resigned()


@kind("zip", "member_name")
def a_name_with_a_line_feed(case: Case) -> bytes:
    case.files["log/\x1b[2Jall good\n"] = b"x"
    return case.resigned()


@kind("zip", "member_name")
def a_name_that_is_a_folder(case: Case) -> bytes:
    case.files["original/"] = b""
    return case.resigned()


@kind("zip", "member_name")
def a_name_outside_ascii(case: Case) -> bytes:
    raw = case.as_is()
    number = 1 + case.random.randrange(8)
    raw = patched(raw, central_at(raw, number) + 46, b"\xc3")
    return patched(raw, local_at(raw, number) + 30, b"\xc3")


@kind("zip", "member_name")
def a_name_with_a_zero_in_it(case: Case) -> bytes:
    """A reader in C sees `original/media-009.webm`."""
    case.files["original/media-009.webm\0.exe"] = b"x"
    return case.resigned()


@kind("zip", "member_name")
def a_name_that_is_too_long(case: Case) -> bytes:
    case.files["derivatives/" + "a" * 120] = b"x"
    return case.resigned()


@kind("zip", "member_unknown")
def a_file_that_is_a_folder_too(case: Case) -> bytes:
    case.files["README.txt/more"] = b"x"
    return case.resigned()


@kind("zip", "member_unknown")
def a_name_that_some_systems_shorten(case: Case) -> bytes:
    """A full stop at the end is dropped by Windows."""
    case.files["manifest.json."] = b"{}"
    return case.resigned()


@kind("zip", "member_unknown")
def a_member_nobody_knows(case: Case) -> bytes:
    case.files["original/readme.exe"] = b"MZ"
    return case.resigned()


@kind("zip", "member_absent")
def a_member_taken_out(case: Case) -> bytes:
    wanted = ["README.txt", "README.fr.txt", "custody.jsonl", "made.json", "log/consistency.json", "retention.txt"]
    del case.files[case.random.choice(wanted)]
    return case.resigned()


@kind("zip", "order")
def members_in_another_order(case: Case) -> bytes:
    names = in_order(case.files)
    first = case.random.randrange(1, len(names) - 1)
    names[first], names[first + 1] = names[first + 1], names[first]
    archive = Archive()
    parts = [part for name in names for part in archive.member(name, *summed(case.files[name]))]
    return b"".join([*parts, archive.end()])


@kind("manifest", "hash_wrong")
def sums_of_the_zip_wrong_on_both_sides(case: Case) -> bytes:
    raw = case.as_is()
    number, wrong = any_member(case), case.random.randbytes(4)
    place = int.from_bytes(raw[central_at(raw, number) + 16 :][:4], "little")
    assert zlib.crc32(wrong) != place
    return patched(patched(raw, central_at(raw, number) + 16, wrong), local_at(raw, number) + 14, wrong)
