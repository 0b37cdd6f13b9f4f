"""How much a recording of each kind may hold, by the settings."""

from tocsin.crypto.profiles import CHUNK_LIMIT
from tocsin.encounters.model import Kind, Limits
from tocsin.settings import RecordingLimits

REHEARSAL_BYTES = 64 * 1024**2
CHUNKS_A_SECOND = 4
"""At most, over a whole recording: events are chunks too, and a late slice is split into several."""


def limits_of(recording: RecordingLimits) -> dict[Kind, Limits]:
    """Limits by kind."""
    sizes = {
        Kind.ENCOUNTER: recording.max_bytes,
        Kind.REHEARSAL: REHEARSAL_BYTES,
        Kind.IMPORT: recording.import_max_bytes,
    }
    return {
        kind: Limits(
            max_bytes=sizes[kind],
            max_seconds=recording.max_minutes * 60,
            max_chunks=recording.max_minutes * 60 * CHUNKS_A_SECOND,
            chunk_bytes=CHUNK_LIMIT,
            bytes_per_second=recording.bytes_per_second,
            burst_bytes=recording.burst_bytes,
        )
        for kind in Kind
    }
