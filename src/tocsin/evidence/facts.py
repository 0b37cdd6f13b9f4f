"""What one package can say of itself. The plain-language texts are made from these and from nothing else."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Original:
    """A file of media or import as the phone gave it."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Facts:
    """Times are Unix seconds unless named otherwise; `None` where there is none."""

    recording: str
    kind: str
    is_stopped: bool
    chunk_count: int
    length_ms: int
    continues: tuple[str, int] | None
    """The recording that this one continues and its newest chunk then, as the phone said."""

    started_ms: int | None
    """By the phone's clock, Unix ms."""

    first_received_ms: int | None
    last_received_ms: int | None
    receipt_count: int
    """Chunks of whose receipt the node kept its signature."""

    gaps: Sequence[tuple[str, int, int]]
    """Reason, from, until (ms since the start)."""

    originals: Sequence[Original]
    leaf_count: int
    covered_seq: int | None
    last_beat: int | None
    witnesses: Sequence[tuple[str, int]]
    """Name and time of each witness over the last leaf."""

    timestamps: Sequence[str]
    """Names of the authorities over the last leaf."""

    custodian: str | None
    """Public key, base64."""

    custodian_index: int | None
    made_at: int
    log_name: str
    tool: str
    calls: int
    """Talks with a lawyer or helper inside it, kept by decision."""

    muted: int
    """Talks whose picture and sound are withheld by decision."""

    withheld: int
    """Chunks that are withheld."""

    is_sample: bool

    @property
    def uncovered(self) -> int:
        """Seconds at the end that no leaf covers."""
        return self.chunk_count - 1 - (-1 if self.covered_seq is None else self.covered_seq)


def utc(unix_seconds: float | None) -> str:
    """`2026-01-31 12:00:05 UTC`, or a dash."""
    if unix_seconds is None:
        return "-"
    return dt.datetime.fromtimestamp(unix_seconds, dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def utc_ms(unix_ms: int | None) -> str:
    return utc(None if unix_ms is None else unix_ms // 1000)


def span(milliseconds: int) -> str:
    """`1:02:03`."""
    seconds = max(milliseconds, 0) // 1000
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
