"""The forms in which a secret may lie somewhere: everything a careless program does to a string of bytes."""

import base64
import gzip
import json
import re
import struct
import urllib.parse
import zlib
from collections.abc import Iterator

LEAST_BYTES = 7
"""Anything shorter is found by chance in a hundred megabytes of noise."""
CARVED_BYTES = 1 << 20


def forms(value: bytes) -> dict[bytes, str]:
    """Patterns to look for, each with the name of its form."""
    found = {value: "plain", value[::-1]: "reversed", value.hex().encode(): "hex", value.hex().upper().encode(): "HEX"}
    found |= dict.fromkeys(based(value), "base64")
    text = text_of(value)
    if text is not None:
        found |= {text.encode(codec): codec for codec in ("utf-16-le", "utf-16-be")}
        found[json.dumps(text)[1:-1].encode()] = "json"
        found[urllib.parse.quote(text, safe="").encode()] = "url"
        found[urllib.parse.quote_plus(text).encode()] = "form"
        found |= dict.fromkeys(numbered(text), "digits")
    return {pattern: name for pattern, name in found.items() if len(pattern) >= LEAST_BYTES and len(set(pattern)) > 2}


def text_of(value: bytes) -> str | None:
    """The text that these bytes are, if they are one that a person could read."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() else None


def based(value: bytes) -> Iterator[bytes]:
    """Base64 of the value as part of something longer: at each of three alignments, in both alphabets."""
    for before in range(3):
        whole = len(value) - (before + len(value)) % 3
        raw = base64.b64encode(bytes(before) + value[:whole])[-(-before * 4 // 3) :].rstrip(b"=")
        yield raw
        yield raw.translate(bytes.maketrans(b"+/", b"-_"))


def numbered(text: str) -> Iterator[bytes]:
    """A text that is a number to a reader, a telephone for example: its digits alone, and as an integer both ways round."""
    digits = re.sub(r"\D", "", text)
    if len(digits) >= LEAST_BYTES and re.fullmatch(r"[\d +().-]+", text) and len(digits) < 19:
        yield digits.encode()
        yield digits[::-1].encode()
        yield from integers(int(digits))


def integers(number: int) -> Iterator[bytes]:
    """Eight bytes, and a double, in both orders."""
    for order in "<>":
        yield struct.pack(f"{order}q", number)
        yield struct.pack(f"{order}d", number)


def moments(unix_ms: int) -> dict[bytes, str]:
    """The forms of an exact moment: milliseconds as digits and integer, seconds with their fraction."""
    found = {str(unix_ms).encode(): "digits", str(unix_ms).encode()[::-1]: "reversed"}
    found |= dict.fromkeys([*integers(unix_ms), unix_ms.to_bytes(6), unix_ms.to_bytes(6, "little")], "integer")
    found |= {f"{unix_ms / 1000:.3f}".encode(): "seconds"}
    found |= {struct.pack(f"{order}d", unix_ms / 1000): "seconds" for order in "<>"}
    return {pattern: name for pattern, name in found.items() if len(set(pattern)) > 3}


def carved(blob: bytes) -> Iterator[bytes]:
    """What opens as gzip or zlib anywhere in `blob`."""
    for match in re.finditer(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]", blob):
        kind = gzip if match[0][0] == 0x1F else zlib
        bits = 31 if kind is gzip else 15
        try:
            opened = zlib.decompressobj(bits).decompress(
                blob[match.start() : match.start() + CARVED_BYTES], CARVED_BYTES
            )
        except zlib.error:
            continue
        if len(opened) >= LEAST_BYTES:
            yield opened
