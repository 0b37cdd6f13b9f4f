"""The room of encounters, as the trial lives it: recordings of every kind, everything that goes wrong, and what must stay secret."""

import contextlib
import http.client
import json
import random
import socket
import urllib.parse
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from tests.encounters.phone import Phone
from tests.seizure.acquire import BUSY, Seized
from tests.seizure.against_encounters import envelopes, frames, heads, journal
from tests.seizure.against_encounters.boxes import Boxes
from tests.seizure.against_encounters.visits import Leaf, Visit
from tests.seizure.chance import Measured
from tests.seizure.findings import Finding
from tests.seizure.http_client import Answer, Browser
from tests.seizure.people import Person
from tests.seizure.rooms import Form
from tests.seizure.stewards import Stewards
from tests.seizure.town import Town
from tests.seizure.truths import Truths
from tocsin.clock import SystemClock
from tocsin.crypto import envelope, words
from tocsin.crypto.custody import NoteReader
from tocsin.crypto.hkdf import ratchet
from tocsin.crypto.profiles import RECORDING_LABEL
from tocsin.crypto.stream import Reader, derive
from tocsin.evidence.receipt import read
from tocsin.evidence.sealed import Sealed
from tocsin.ids import b64

CLOCK = SystemClock()
REHEARSAL_DAYS = 1
GONE = (OSError, http.client.HTTPException)


VISITS_A_DAY = {Form.SHORT: 14, Form.FULL: 43, Form.PLANTED: 30}
REAL_WORDS = {Form.SHORT: 1, Form.FULL: 3, Form.PLANTED: 0}
"""Recordings whose recovery words are derived in earnest, a second of processor time each."""


class Encounters:
    """The room's workload. `lives` are all recordings in order of their start."""

    named = frozenset({"frame.segment", "frame.offset", "recording.day"})
    """The order inside segments, and the day of erasure."""

    words: Mapping[str, str] = {
        "capability": "upload and owner capability",
        "erased": "key of an erased recording, or anything it opens",
        "leaf": "which leaf of the log is whose",
        "locator": "what recovery words lead by",
        "receipt": "receipt of a finished recording",
        "recorded": "what a recording shows",
        "recording key": "recording key, or one second's key",
        "share": "the node's half of a finished recording's return key",
        "size": "lengths finer than padding allows",
        "words": "recovery words",
    }

    def __init__(
        self, town: Town, truths: Truths, persons: Sequence[Person], source: random.Random, form: Form
    ) -> None:
        self.town, self.truths, self.people, self.source, self.form = town, truths, persons, source, form
        self.lives: list[Visit] = []
        self.after_each_part: Callable[[], None] = lambda: None
        self.figures: dict[str, Measured] = {}
        self._boxes = Boxes()
        self._leaves: list[Leaf] = []
        self._to_hold: list[Visit] = []
        self._vkey = read_published_receipts(town)
        self._words_left = REAL_WORDS[form]

    def live(self, day: int) -> None:
        """Recordings of one day, and everything that goes wrong on it."""
        self._expire(day)
        if day == 0:
            self.stewards = Stewards(self.town, self.truths)
        count = VISITS_A_DAY[self.form]
        to_hold = self.source.sample(range(count), 2) if day == self.form.days - 1 else []
        for number in range(count):
            visit = self._fresh(day, 0, ending="kept") if number in to_hold else self._fresh(day, number)
            self._to_hold += [visit] if number in to_hold else []
            self.visit(visit)
            if number == count // 2:
                self.after_each_part()
        self.mishaps()
        if day == 0 and not self.town.leaks:
            self.killed_in_commit()
        self.after_each_part()

    def end(self) -> None:
        if not self.town.leaks:
            self.handed_out()
            self.held()
        self.town.wait_for_beat(2)
        self._leaves = self.leaves()

    def look(self, node: Path) -> None:
        self._boxes.look(node)

    def forget(self) -> None:
        for key in envelopes.erased_keys(self._boxes, self.lives):
            self.truths.add("erased", key)

    def attack(self, seized: Seized) -> Iterator[Finding]:
        yield from envelopes.attack(seized, self._boxes, self.lives)
        if seized.variant != BUSY:
            found = frames.Frames(seized, self.lives, self._leaves, self.source)
            yield from found.attack()
            self.figures |= found.figures
            yield from heads.attack(seized, self.lives)

    def residuals(self, seized: Seized, image: Path) -> Iterator[str]:
        yield from filter(None, [journal.dated(seized, image, self.lives)])

    def visit(self, visit: Visit) -> None:
        """A whole recording."""
        browser = Browser(self.town.port, visit.person)
        self.begin(browser, visit)
        for number in range(visit.seconds):
            self.second(browser, visit, final=number == visit.seconds - 1 and not visit.is_open)
        if not visit.is_open:
            self.finish(browser, visit)
        browser.close()

    def begin(self, browser: Browser, visit: Visit) -> None:
        visit.began = len(self.lives)
        self.lives.append(visit)
        self._know_keys(visit)
        expect(browser.ask("POST", "/encounters", body=visit.phone.start_json()), 201)

    def second(self, browser: Browser, visit: Visit, *, final: bool = False) -> None:
        marker = f"seen and heard {CLOCK.random_bytes(12).hex()}".encode()
        picture = b"\xff\xd8\xff\xe1\x00\x40Exif\0\0" + visit.person.place.encode() + visit.person.plate.encode()
        noise = CLOCK.random_bytes(self.source.randrange(400, 6000))
        visit.raws.append(visit.phone.second(marker + picture + noise, final=final))
        visit.size += len(visit.raws[-1])
        self.truths.add("recorded", marker)
        self.send(browser, visit, len(visit.raws) - 1)

    def send(self, browser: Browser, visit: Visit, number: int) -> None:
        answer = expect(
            browser.ask("PUT", f"{visit.path}/chunks/{number}", visit.phone.upload, visit.raws[number]), 200
        )
        receipt = read(answer.body, self._vkey)
        visit.last_ms = receipt.received_ms
        visit.times.append(receipt.received_ms)
        if not visit.is_open:
            self.truths.add_moment("moment", receipt.received_ms)
            self.truths.add("receipt", answer.body.rstrip(b"\n").rpartition(b" ")[2])

    def finish(self, browser: Browser, visit: Visit) -> None:
        """What comes after the stop."""
        if visit.ending == "kept":
            return
        said = expect(browser.ask("POST", f"{visit.path}/return-share", visit.phone.upload), 200).json
        assert said["share"] == b64(visit.phone.share)
        self.truths.add("share", visit.phone.share)
        self._words(browser, visit)
        if visit.ending == "rewrap":
            expect(browser.ask("PUT", f"{visit.path}/wraps", visit.owner, self._wraps(visit, [])), 200)
        if visit.ending == "erase":
            self.after_each_part()  # somebody copied the disk just before
            expect(browser.ask("POST", f"{visit.path}/erase", visit.owner), 202)
            visit.is_gone = True

    def _words(self, browser: Browser, visit: Visit) -> None:
        """Draw words, put the wraps, come back by the words and fetch the recording."""
        drawn = words.draw(CLOCK)
        recipients = []
        if self._words_left and visit.ending == "words":
            self._words_left -= 1
            derived = words.derive(drawn)
            visit.locator = derived.locator
            recipients = [envelope.recipient_of(derived.identity)]
            self.truths.add("identity", derived.identity)
        self.truths.add("words", drawn)
        self.truths.add("locator", visit.locator)
        expect(browser.ask("PUT", f"{visit.path}/wraps", visit.phone.upload, self._wraps(visit, recipients)), 200)
        found = expect(browser.ask("POST", "/recover", visit.locator), 200).json
        assert found["recording"] == b64(visit.id)
        expect(browser.ask("GET", f"{visit.path}/sealed", visit.owner), 200)

    def _wraps(self, visit: Visit, more: list[str]) -> bytes:
        sealed = envelope.seal_to([envelope.recipient_of(visit.phone.identity), *more], visit.phone.rk)
        return json.dumps({"wraps": b64(sealed), "locator": b64(sha256(visit.locator).digest())}).encode()

    def mishaps(self) -> None:
        """Bodies, addresses and names that should never have been sent, refused in every way there is."""
        for person in self.source.sample(self.people, min(8, len(self.people))):
            for wrong in (self._malformed, self._foolish, self._foreign, self._aborted):
                browser = Browser(self.town.port, person)
                wrong(browser)
                browser.close()

    def _malformed(self, browser: Browser) -> None:
        who = browser.person
        marker = self._content()
        told = {"name": who.name, "phone": who.phone, "place": who.place, "text": marker, "kind": "encounter"}
        expect(browser.ask("POST", "/encounters", body=json.dumps(told).encode()), 400)
        expect(browser.ask("POST", "/encounters", body=f'{{"header": "{marker} {who.plate}'.encode()), 400)
        form = f'--b\r\nContent-Disposition: form-data; name="f"; filename="{who.name} {who.plate}.mp4"\r\n\r\n{marker}\r\n--b--'
        browser.ask(
            "POST", "/encounters", body=form.encode(), headers={"Content-Type": "multipart/form-data; boundary=b"}
        )

    def _foolish(self, browser: Browser) -> None:
        """A page that went wrong puts words into a body and a name into an address."""
        who = browser.person
        typed = words.draw(CLOCK)
        self.truths.add("words", typed)
        browser.ask("POST", "/recover", body=json.dumps({"words": typed, "name": who.name}).encode())
        browser.ask("POST", "/recover", CLOCK.random_bytes(32))
        quoted = urllib.parse.urlencode({"phone": who.phone, "plate": who.plate})
        asked = f"canary-{CLOCK.random_bytes(8).hex()}"
        self.truths.add("asked", asked)
        browser.ask("GET", f"/en/?{quoted}&q={asked}")
        browser.ask("GET", f"/nowhere/{asked}?{quoted}")

    def _foreign(self, browser: Browser) -> None:
        """A stranger at somebody's recording, with bytes that are no chunk."""
        if not self.lives:
            return
        visit = self.source.choice(self.lives)
        marker = self._content().encode()
        expect(browser.ask("PUT", f"{visit.path}/chunks/0", CLOCK.random_bytes(32), marker * 40), 403)
        found = browser.ask("PUT", f"{visit.path}/chunks/0", visit.phone.upload, marker * 40)
        assert found.code in {"chunk_malformed", "capability_wrong"}, (
            found.body
        )  # the second when it expired and is forgotten
        expect(browser.ask("PUT", f"{visit.path}/chunks/0", body=marker), 401)

    def _aborted(self, browser: Browser) -> None:
        visit = self.source.choice(self.lives)
        marker = self._content()
        head = "".join(f"{name}: {value}\r\n" for name, value in browser.canaries().items())
        head += f"Authorization: Tocsin {b64(visit.phone.upload)}\r\nContent-Length: 90000\r\n"
        first = f"PUT {visit.path}/chunks/{len(visit.raws)} HTTP/1.1\r\nHost: localhost\r\n{head}\r\n"
        browser.broken_off(first.encode() + marker.encode() * 200)
        browser.broken_off(f"POST /encounters HTTP/1.1\r\nHost: localhost\r\n{head}\r\n{marker}".encode())
        browser.broken_off(f"NONSENSE {marker}\r\n\r\n".encode())

    def killed_in_commit(self) -> None:
        """kill -9 between a second's bytes and its index; the phone goes on where the node stands."""
        visit = self._fresh(0, 1, ending="words")
        self.town.arm(f"receive.after_append:{visit.seconds - 1}")
        browser = Browser(self.town.port, visit.person)
        self.begin(browser, visit)
        try:
            while True:
                self.second(browser, visit)
        except GONE:
            self.town.wait_for_death()
        self.town.start()
        known = expect(browser.ask("GET", f"{visit.path}/state", visit.phone.upload), 200).json["next"]
        for number in range(known, len(visit.raws)):
            self.send(browser, visit, number)
        self.second(browser, visit, final=True)
        self.finish(browser, visit)
        browser.close()

    def leaves(self) -> list[Leaf]:
        """Every leaf of every recording that its owner can still fetch."""
        found: list[Leaf] = []
        for visit in self.lives:
            browser = Browser(self.town.port, visit.person)
            answer = browser.ask("GET", f"{visit.path}/sealed", visit.owner)
            browser.close()
            if answer.status == 200:
                found += leaves_of(visit, answer.body, self.town.elsewhere / "fetched.tocsin")
        return found

    @contextlib.contextmanager
    def mid_traffic(self) -> Iterator[None]:
        """Recordings that go on, and one second that is half sent."""
        visits = [self._fresh(self.form.days - 1, 0, ending="open") for _ in range(3)]
        browsers = [Browser(self.town.port, visit.person) for visit in visits]
        for browser, visit in zip(browsers, visits, strict=True):
            self.begin(browser, visit)
            for _ in range(visit.seconds):
                self.second(browser, visit)
        visit, raw = visits[0], visits[0].phone.second(b"half a second" * 300)
        head = f"Host: localhost\r\nAuthorization: Tocsin {b64(visit.phone.upload)}\r\nContent-Length: {len(raw)}"
        with socket.create_connection(("127.0.0.1", self.town.port), 10, (visit.person.address, 0)) as half:
            half.sendall(
                f"PUT {visit.path}/chunks/{len(visit.raws)} HTTP/1.1\r\n{head}\r\n\r\n".encode() + raw[: len(raw) // 2]
            )
            yield
        for browser in browsers:
            browser.close()

    def handed_out(self) -> None:
        """A sealed export for a lawyer, by command."""
        visit = next(one for one in reversed(self.lives) if one.ending == "words" and one.kind == "encounter")
        self.town.command("sealed", "export", b64(visit.id), "-o", str(self.town.elsewhere / "handed-out.tocsin"))
        self.town.command("sealed", "list")

    def held(self) -> None:
        """Two recordings whose owners ask for erasure under a legal hold: one is released then, one is kept."""
        for visit in self._to_hold:
            self.stewards.hold(visit.id)
            self.after_each_part()
            self.stewards.see_it_erased(Browser(self.town.port, visit.person), visit.path, visit.owner)
        self.stewards.release(self._to_hold[0].id)
        self._to_hold[0].is_gone = True

    def _expire(self, today: int) -> None:
        """Rehearsals are kept for a day; the node's next sweep erases them."""
        for visit in self.lives:
            visit.is_gone |= visit.kind == "rehearsal" and visit.day + REHEARSAL_DAYS < today

    def _fresh(self, day: int, number: int, *, ending: str = "") -> Visit:
        """Somebody about to record. Recordings of every kind are of every length, or the trial itself would join length and order."""
        kind = ("encounter", "encounter", "encounter", "rehearsal", "import")[number % 5]
        by_chance = self.source.choice(["words", "words", "words", "erase", "rewrap", "kept", "open"])
        chosen = ending or ("erase" if number % 7 == 3 else by_chance)  # some are erased in every run
        phone = Phone(self.town.share_recipient, kind=kind)
        return Visit(self.source.choice(self.people), kind, phone, self.source.randrange(2, 6), chosen, day=day)

    def _content(self) -> str:
        marker = f"never meant to be sent {CLOCK.random_bytes(12).hex()}"
        self.truths.add("sent by mistake", marker)
        return marker

    def _know_keys(self, visit: Visit) -> None:
        header = visit.phone.writer.header
        secrets = derive(visit.phone.rk, header.salt, header.recording_id, header.public_key)
        self.truths.add("recording key", visit.phone.rk)
        self.truths.add("recording key", secrets.custody_seed)
        self.truths.add("identity", visit.phone.identity)
        self.truths.add("capability", visit.phone.upload)
        self.truths.add("capability", secrets.owner_secret)
        chain_key = secrets.chain_key
        for _ in range(visit.seconds + 1):
            self.truths.add("recording key", chain_key)
            key, chain_key = ratchet(chain_key, RECORDING_LABEL, b" chunk")
            self.truths.add("recording key", key)


def plug(town: Town, truths: Truths, persons: Sequence[Person], source: random.Random, form: Form) -> Encounters:
    """The room, for the trial."""
    return Encounters(town, truths, persons, source, form)


def leaves_of(visit: Visit, raw: bytes, path: Path) -> list[Leaf]:
    """The leaves in a sealed export: each `leaf` note follows the `beat` note of its beat."""
    path.write_bytes(raw)
    reader = NoteReader(visit.phone.id, Reader(visit.phone.rk, visit.phone.writer.header).custody_seed)
    found, begun = [], dict[int, int]()
    with Sealed(path) as sealed:
        for note in (json.loads(reader.open(one)) for one in sealed.notes()):
            if note["n"] == "beat":
                begun[note["beat"]] = note["i"]
            if note["n"] == "leaf":
                found.append(Leaf(visit.id, note["beat"], begun[note["beat"]], note["leaf"]))
    path.unlink()
    return found


def read_published_receipts(town: Town) -> str:
    """The key that receipts are checked with."""
    return str(json.loads((town.disk.place / "node" / "published.json").read_text())["receipts"])


def expect(answer: Answer, status: int) -> Answer:
    """The answer, if it is the one that the specification promises."""
    assert answer.status == status, (answer.status, answer.body[:300])
    return answer
