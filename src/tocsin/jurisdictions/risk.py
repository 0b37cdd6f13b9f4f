"""Whether a room of risk answers at all in this place."""

from tocsin.jurisdictions.model import Pack, Permission, RiskRoom


def permission(pack: Pack | None, room: RiskRoom) -> Permission:
    """What the pack grants. Without a pack, or without a review where the pack is no sample: `ABSENT`, whatever else it says."""
    if pack is None or not (pack.is_sample or pack.review.is_done):
        return Permission.ABSENT
    return pack.rooms.get(room, Permission.ABSENT)


def may_answer(pack: Pack | None, room: RiskRoom) -> bool:
    """False means 404 on every address of the room, so that its absence cannot be told from its never having been built."""
    return permission(pack, room) is not Permission.ABSENT
