"""Decline a recording for a conflict: nothing of it was handed out, and what is kept is a mark that only the decliner knows again."""

import msgspec

from tocsin.desk.model import Caller, CallerWrong, Event
from tocsin.desk.room import Desk
from tocsin.desk.take import digest_of, marks
from tocsin.ids import RecordingId

MOST = 64
"""Marks of one item. Beyond that the oldest in their order give way: who sees it again declines again."""


class Decline(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /desk/items/{recording}/decline`, base64url. `mark` is SHA-256 of a secret that the lawyer's identity gives for
    this recording (`docs/spec/desk.md`): the same from each of their devices, and unlike that for any other recording.
    """

    mark: str
    undo: bool = False


async def decline(desk: Desk, caller: Caller, recording_id: RecordingId, asked: Decline) -> None:
    """Leave the mark, or with `undo` take it back. No custody note: who was asked and would not is nobody's to know.

    Raises `CallerWrong`, `ItemUnknown`, `ItemTaken` for what somebody has taken.
    """
    if not caller.is_lawyer:
        raise CallerWrong
    mark = digest_of(asked.mark)
    await desk.kept(recording_id)
    seen = await desk.item(recording_id)
    wanted = sorted(({*marks(seen)} - {mark}) if asked.undo else {*marks(seen), mark})[:MOST]
    await desk.move(seen, Event.DECLINE, declined=b"".join(wanted))
