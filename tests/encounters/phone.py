"""A phone as the node sees it: makes recordings with the real writer and real envelopes, and keeps what a phone keeps."""

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from tocsin.clock import SystemClock
from tocsin.crypto import canonical, envelope
from tocsin.crypto.stream import EVENT, MEDIA, Writer
from tocsin.ids import RecordingId, b64

CLOCK = SystemClock()


@dataclass
class Phone:
    """One recording in the making. `recipients` may open it; `share` is the half of the return key that the node keeps."""

    share_recipient: str
    recipients: list[str] = field(default_factory=list)
    kind: str = "encounter"

    def __post_init__(self) -> None:
        self.rk = CLOCK.random_bytes(32)
        self.upload = CLOCK.random_bytes(32)
        self.share = CLOCK.random_bytes(32)
        self.writer = Writer(self.rk, CLOCK)
        self.identity, own = envelope.new_identity(CLOCK)
        self.wraps = envelope.seal_to([own, *self.recipients], self.rk)
        self.count = 0

    @property
    def id(self) -> RecordingId:
        return self.writer.header.recording_id

    def start(self) -> dict[str, Any]:
        """Body of `POST /encounters`."""
        return {
            "header": b64(self.writer.header.raw),
            "kind": self.kind,
            "upload": b64(sha256(self.upload).digest()),
            "owner": b64(self.writer.owner_digest),
            "custody_public": b64(self.writer.custody_public),
            "wraps": b64(self.wraps),
            "return_share": b64(envelope.seal_to([self.share_recipient], self.share)),
        }

    def start_json(self) -> bytes:
        return json.dumps(self.start()).encode()

    def second(self, body: bytes = b"sound and light", *, final: bool = False) -> bytes:
        """The next sealed second: a `start` event first, a `stop` event when `final`, media between."""
        said = {"event": "start", "kind": self.kind, "at": CLOCK.now_ms(), "mime": "video/webm"}
        if self.count == 0:
            kind, body = EVENT, canonical.dumps(said)
        elif final:
            kind, body = EVENT, canonical.dumps({"event": "stop", "reason": "person", "at": CLOCK.now_ms()})
        else:
            kind = MEDIA
        self.count += 1
        return self.writer.seal(kind, self.count * 1000, body, final=final)
