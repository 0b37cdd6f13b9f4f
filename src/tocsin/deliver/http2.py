"""HTTP/2 as far as a sender of small requests needs it (RFC 9113): many under way on one connection, many frames in one write.

It offers no dynamic table and takes none (RFC 7541 section 4.2), so a block of headers means the same wherever it comes. Whatever it
does not understand ends the connection, and its lane goes on with HTTP/1.1.
"""

import asyncio
from collections.abc import Callable
from typing import NamedTuple, Protocol

from hpack import Decoder, HPACKError

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
BODY, HEADERS, RESET, SETTINGS, PROMISE, PING, GOAWAY, WINDOW, CONTINUATION = 0, 1, 3, 4, 5, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY = 1, 1, 4, 8, 32
TABLE_SIZE, PUSH, MOST_STREAMS, FIRST_WINDOW = 1, 2, 3, 4
HEAD_BYTES = 9
STREAMS = 100
"""Under way at once, where the service allows as many."""
FRAME_MOST = 16_384
OPEN_WINDOW = 65_535
CREDIT_AFTER = 32_768
LAST_STREAM = 2**30
"""A new connection long before numbers end."""
KNOWN_MOST = 64
NO_TABLE, INDEXED = b"\x20", 0x80
"""A table that is made empty (RFC 7541 section 6.3), and what a field by its number begins with (6.1)."""


class Http2Wrong(Exception):
    """The other side does not speak it as this reads it."""


class Post(NamedTuple):
    """One message, for whichever HTTP its connection speaks."""

    host: str
    path: str
    authorization: str
    ttl_s: int
    body: bytes

    def plain(self) -> bytes:
        """As HTTP/1.1 has it."""
        head = (
            f"POST {self.path} HTTP/1.1\r\nHost: {self.host}\r\n"
            f"Authorization: {self.authorization}\r\nTTL: {self.ttl_s}\r\nUrgency: high\r\n"
            "Content-Encoding: aes128gcm\r\nContent-Type: application/octet-stream\r\n"
            f"Content-Length: {len(self.body)}\r\n\r\n"
        )
        return head.encode("ascii") + self.body


class Answered(Protocol):
    """Who is told: status and Retry-After in seconds; status 0 where no answer came."""

    def __call__(self, status: int, after_s: float) -> None: ...


class Stream(NamedTuple):
    answered: Answered
    since: float


class Session:
    """One connection's frames. `write` is called with bytes that are ready, at most once a turn of the loop."""

    def __init__(self, write: Callable[[bytes], None], loop: asyncio.AbstractEventLoop) -> None:
        self._write, self._loop = write, loop
        self._out: list[bytes] = []
        self._rest = b""
        self._next = 1
        self._most = STREAMS
        self._window = self._first_window = OPEN_WINDOW
        self._taken = 0
        self._block, self._ends = b"", False
        self._known: dict[bytes, int] = {}
        self._heads: dict[tuple[str, str, int], bytes] = {}
        self._got: dict[int, tuple[int, float]] = {}
        self.streams: dict[int, Stream] = {}
        self.is_going, self._is_told = False, False
        self._reads: dict[int, Callable[[int, int, bytes], None]] = {
            BODY: self._body, HEADERS: self._headers, RESET: self._reset, SETTINGS: self._settings, PROMISE: self._promise,
            PING: self._ping, GOAWAY: self._go_away, WINDOW: self._widen, CONTINUATION: self._more,
        }  # fmt: skip
        self._put(PREFACE + frame(SETTINGS, 0, 0, setting(TABLE_SIZE, 0) + setting(PUSH, 0)))

    @property
    def is_told(self) -> bool:
        """Whether the other side said how many it takes."""
        return self._is_told

    def has_room(self, body_bytes: int) -> bool:
        """Whether a request may be sent now: never before the other side told how many it takes."""
        free = len(self.streams) < self._most and self._window >= body_bytes and self._next < LAST_STREAM
        return free and self._is_told and not self.is_going

    def send(self, post: Post, answered: Answered) -> None:
        number, self._next = self._next, self._next + 2
        self.streams[number] = Stream(answered, self._loop.time())
        self._window -= len(post.body)
        raw = number.to_bytes(4)
        head = b"\x83\x87" + literal(4, post.path) + self._head(post)
        self._put(
            frame_head(HEADERS, END_HEADERS, raw, len(head))
            + head
            + frame_head(BODY, END_STREAM, raw, len(post.body))
            + post.body
        )

    def _head(self, post: Post) -> bytes:
        """What is the same for every message of a service; kept, because it is most of the block."""
        key = post.host, post.authorization, post.ttl_s
        found = self._heads.get(key)
        if found is None:
            if len(self._heads) > KNOWN_MOST:
                self._heads.clear()
            found = self._heads[key] = (
                literal(1, post.host) + b"\x1f\x08" + text(post.authorization)
                + b"\x00" + text("ttl") + text(str(post.ttl_s)) + b"\x00" + text("urgency") + text("high")
                + literal(26, "aes128gcm") + literal(31, "application/octet-stream") + literal(28, str(len(post.body)))
            )  # fmt: skip
        return found

    def take(self, came: bytes) -> None:
        """Read what came; whoever is answered is told. Raises `Http2Wrong`."""
        raw = self._rest + came if self._rest else came
        at, end = 0, len(raw)
        while end - at >= HEAD_BYTES:
            length = int.from_bytes(raw[at : at + 3])
            if length > FRAME_MOST:
                raise Http2Wrong
            if end - at < HEAD_BYTES + length:
                break
            body = raw[at + HEAD_BYTES : at + HEAD_BYTES + length]
            self._frame(raw[at + 3], raw[at + 4], int.from_bytes(raw[at + 5 : at + 9]) & 0x7FFFFFFF, body)
            at += HEAD_BYTES + length
        self._rest = raw[at:]

    def _frame(self, kind: int, flags: int, number: int, body: bytes) -> None:
        if self._block and kind != CONTINUATION:
            raise Http2Wrong
        does = self._reads.get(kind)
        if does is not None:  # a frame of a kind nobody knows is passed over (RFC 9113 section 5.5)
            does(flags, number, body)

    def _headers(self, flags: int, number: int, body: bytes) -> None:
        padding = body[0] if flags & PADDED else 0
        self._ends = bool(flags & END_STREAM)
        start = (1 if flags & PADDED else 0) + (5 if flags & PRIORITY else 0)
        self._more(flags, number, body[start : len(body) - padding])

    def _more(self, flags: int, number: int, body: bytes) -> None:
        self._block += body
        if len(self._block) > FRAME_MOST:
            raise Http2Wrong
        if not flags & END_HEADERS:
            return
        block, self._block = self._block, b""
        status, after_s = self._read(block)
        if status >= 200 and number in self.streams:
            self._got.setdefault(number, (status, after_s))
        if self._ends:
            self._done(number)

    def _read(self, block: bytes) -> tuple[int, float]:
        """Status and Retry-After of a block. The status comes first and stands by itself, because no table was taken. Of what is in
        order nothing else is read: a service gives each message an address of its own, and no two blocks are the same.
        """
        if block[:1] == NO_TABLE:
            block = block[1:]
        first = block[:1] if block[0] >= INDEXED else block[: 2 + (block[1] & 0x7F)]
        status = self._known.get(first)
        if status is None:
            if len(self._known) > KNOWN_MOST:
                self._known.clear()
            told = decoded(first).get(b":status", b"")
            status = self._known[first] = int(told) if told.isdigit() else 0
        if status < 300:
            return status, 0.0
        after = decoded(block).get(b"retry-after", b"")
        return status, float(after) if after.isdigit() and len(after) < 6 else 0.0

    def _body(self, flags: int, number: int, body: bytes) -> None:
        self._credit(len(body))
        if flags & END_STREAM:
            self._done(number)

    def _reset(self, _: int, number: int, __: bytes) -> None:
        self._end(number, 0, 0.0)

    def _ping(self, flags: int, _: int, body: bytes) -> None:
        self._put(b"" if flags & ACK else frame(PING, ACK, 0, body))

    def _widen(self, _: int, number: int, body: bytes) -> None:
        if number == 0:
            self._window += int.from_bytes(body) & 0x7FFFFFFF

    def _promise(self, _: int, __: int, ___: bytes) -> None:
        raise Http2Wrong

    def _settings(self, flags: int, _: int, body: bytes) -> None:
        if flags & ACK:
            return
        for at in range(0, len(body) - 5, 6):
            name, value = int.from_bytes(body[at : at + 2]), int.from_bytes(body[at + 2 : at + 6])
            if name == MOST_STREAMS:
                self._most = min(STREAMS, value)
            elif name == FIRST_WINDOW:
                self._first_window = value
        self._is_told = True
        self._put(frame(SETTINGS, ACK, 0, b""))

    def fits(self, body_bytes: int) -> bool:
        """Whether a body fits into a fresh stream's window; where it does not, HTTP/1.1 is simpler than waiting."""
        return self._first_window >= body_bytes

    def _go_away(self, _: int, __: int, body: bytes) -> None:
        """Nothing new on this connection; what came after the last it took was not looked at."""
        self.is_going = True
        last = int.from_bytes(body[:4]) & 0x7FFFFFFF
        for number in [one for one in self.streams if one > last]:
            self._end(number, 0, 0.0)

    def _credit(self, count: int) -> None:
        self._taken += count
        if self._taken > CREDIT_AFTER:
            self._put(frame(WINDOW, 0, 0, self._taken.to_bytes(4)))
            self._taken = 0

    def _done(self, number: int) -> None:
        self._end(number, *self._got.pop(number, (0, 0.0)))

    def _end(self, number: int, status: int, after_s: float) -> None:
        self._got.pop(number, None)
        found = self.streams.pop(number, None)
        if found is not None:
            found.answered(status, after_s)

    def _put(self, raw: bytes) -> None:
        if not raw:
            return
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(raw)

    def _flush(self) -> None:
        out, self._out = self._out, []
        self._write(b"".join(out))


def decoded(block: bytes) -> dict[bytes, bytes]:
    """Fields of a block that leans on no block before it. Raises `Http2Wrong`."""
    try:
        return dict(Decoder().decode(block, raw=True))
    except HPACKError as error:
        raise Http2Wrong from error


def frame(kind: int, flags: int, number: int, body: bytes) -> bytes:
    return frame_head(kind, flags, number.to_bytes(4), len(body)) + body


def frame_head(kind: int, flags: int, number: bytes, length: int) -> bytes:
    return length.to_bytes(3) + bytes((kind, flags)) + number


def setting(name: int, value: int) -> bytes:
    return name.to_bytes(2) + value.to_bytes(4)


def literal(name: int, value: str) -> bytes:
    """A field that is not indexed, its name by the static table (RFC 7541 section 6.2.2)."""
    return (bytes([name]) if name < 15 else bytes([15, name - 15])) + text(value)


def text(value: str) -> bytes:
    """A string without Huffman (RFC 7541 section 5.2)."""
    raw = value.encode("ascii")
    left = len(raw)
    if left < 127:
        return bytes([left]) + raw
    out, left = b"\x7f", left - 127
    while left >= 128:
        out, left = out + bytes([left % 128 + 128]), left // 128
    return out + bytes([left]) + raw
