"""A load client in one thread that costs next to nothing: requests are made beforehand, answers are counted and not understood.

A `Lane` is one connection with its requests in order, one under way at a time. `closed` sends the next when the answer is
there, for throughput; `paced` sends each at its own moment, and counts from that moment even when the lane was late, for latency.
"""

import gc
import heapq
import re
import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

Parts = Sequence[bytes]
"""One request in pieces, sent without joining them."""

READ_BYTES = 65_536
DEADLINE_S = 60.0
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Refused(Exception):
    """The server answered something else than what was asked for: the measurement is void."""


class Loaded(NamedTuple):
    """What came of it. `client_share` is the part of one core that the client itself used."""

    answered: int
    seconds: float
    client_share: float
    latencies_s: list[float]


@dataclass
class Lane:
    """One connection. `status` is what every answer must be."""

    address: tuple[str, int]
    requests: Iterator[Parts]
    status: int
    answer: bytes = b""
    left: list[memoryview] = field(default_factory=list)
    began: float = 0.0
    sock: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self.sock = socket.create_connection(self.address)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        self.sock.setblocking(False)

    def begin(self) -> bool:
        """Send the next request, as much as goes at once. False when there is none."""
        parts = next(self.requests, None)
        if parts is None:
            return False
        self.answer = b""
        self.left = [memoryview(part) for part in parts]
        self.push()
        return True

    def push(self) -> None:
        """Go on sending."""
        while self.left:
            try:
                count = self.sock.sendmsg(self.left)
            except BlockingIOError:
                return
            while self.left and count >= len(self.left[0]):
                count -= len(self.left.pop(0))
            if count:
                self.left[0] = self.left[0][count:]

    def pull(self) -> bool:
        """Take what came; whether the answer is whole. Raises `Refused`."""
        more = self.sock.recv(READ_BYTES)
        self.answer += more
        head, end, body = self.answer.partition(b"\r\n\r\n")
        if not more or (end and int(head[9:12]) != self.status):
            raise Refused(self.answer[:300].decode(errors="replace"))
        length = _LENGTH.search(head) if end else None
        return bool(end) and len(body) >= (int(length[1]) if length else 0)


def ask(address: tuple[str, int], request: bytes, status: int) -> bytes:
    """One request, one answer, whole with its head."""
    lane = Lane(address, iter([[request]]), status)
    lane.sock.setblocking(True)
    try:
        lane.begin()
        while not lane.pull():
            pass
        return lane.answer
    finally:
        lane.sock.close()


def closed(lanes: Sequence[Lane]) -> Loaded:
    """Every lane as fast as it is answered, until all are through."""
    with _quiet(lanes) as selector:
        began, used = time.perf_counter(), time.process_time()
        latencies: list[float] = []
        running = 0
        for lane in lanes:
            lane.began = time.perf_counter()
            running += lane.begin()
            _listen(selector, lane)
        while running:
            for lane in _ready(selector):
                if lane.pull():
                    now = time.perf_counter()
                    latencies.append(now - lane.began)
                    lane.began = now
                    running -= not lane.begin()
                _listen(selector, lane)
        seconds = time.perf_counter() - began
        return Loaded(len(latencies), seconds, (time.process_time() - used) / seconds, latencies)


def paced(lanes: Sequence[Lane], every_s: float) -> Loaded:
    """Every lane once each `every_s`, their moments spread evenly, until all are through."""
    with _quiet(lanes) as selector:
        began, used = time.perf_counter(), time.process_time()
        due = [(began + every_s * number / len(lanes), number) for number in range(len(lanes))]
        latencies: list[float] = []
        waiting: set[int] = set()
        busy: set[int] = set()
        numbers = {id(lane): number for number, lane in enumerate(lanes)}
        moments = dict.fromkeys(range(len(lanes)), began)
        for lane in lanes:
            _listen(selector, lane)
        while due or busy:
            while due and due[0][0] <= time.perf_counter():
                moment, number = heapq.heappop(due)
                if (
                    number in busy
                ):  # late: it goes out as soon as the one before is answered, and counts from its moment
                    waiting.add(number)
                    moments[number] = moment
                    continue
                lanes[number].began = moment
                if lanes[number].begin():
                    busy.add(number)
                    heapq.heappush(due, (moment + every_s, number))
                    _listen(selector, lanes[number])
            pause = max(0.0, due[0][0] - time.perf_counter()) if due else 1.0
            for lane in _ready(selector, pause, idle=True):
                if lane.pull():
                    number = numbers[id(lane)]
                    latencies.append(time.perf_counter() - lane.began)
                    busy.discard(number)
                    if number in waiting:
                        waiting.discard(number)
                        heapq.heappush(due, (moments[number], number))
                _listen(selector, lane)
        seconds = time.perf_counter() - began
        return Loaded(len(latencies), seconds, (time.process_time() - used) / seconds, latencies)


class _quiet:  # noqa: N801  a with-block, read like a word
    """A selector over lanes, without the collector's pauses; closes the lanes afterwards."""

    def __init__(self, lanes: Sequence[Lane]) -> None:
        self._lanes = lanes
        self._selector = selectors.DefaultSelector()

    def __enter__(self) -> selectors.BaseSelector:
        gc.collect()
        gc.disable()
        return self._selector

    def __exit__(self, *why: object) -> None:
        gc.enable()
        self._selector.close()
        for lane in self._lanes:
            lane.sock.close()


def _listen(selector: selectors.BaseSelector, lane: Lane) -> None:
    wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if lane.left else 0)
    known = selector.get_map().get(lane.sock)
    if known is None:
        selector.register(lane.sock, wanted, lane)
    elif known.events != wanted:
        selector.modify(lane.sock, wanted, lane)


def _ready(selector: selectors.BaseSelector, seconds: float = DEADLINE_S, *, idle: bool = False) -> Iterator[Lane]:
    """Lanes with something to read, after pushing those that can be written. Raises `Refused` when nothing happens for long."""
    events = selector.select(seconds)
    if not events and not idle:
        raise Refused("no answer for a minute")
    for key, mask in events:
        lane: Lane = key.data
        if mask & selectors.EVENT_WRITE:
            lane.push()
        if mask & selectors.EVENT_READ:
            yield lane
        elif mask & selectors.EVENT_WRITE:
            _listen(selector, lane)
