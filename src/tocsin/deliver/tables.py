"""What the outbox and the subscriptions keep. Reasons, readers and death in `docs/inventory.md`."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table

from tocsin.store.tables import metadata

message = Table(
    "outbox_message",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("ends_ms", BigInteger, nullable=False),
    Column("zones", LargeBinary, nullable=False),  # MessagePack, a list of texts
    sqlite_with_rowid=False,
)

row = Table(
    "outbox_row",
    metadata,
    Column("message_id", LargeBinary(16), primary_key=True),
    Column("channel", String(32), primary_key=True),
    Column("rank", Integer, nullable=False),  # 0 before everything that waits
    Column("due_ms", BigInteger, nullable=False),
    Column("leased_until_ms", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("came_to", LargeBinary, nullable=False),
    Index(None, "channel", "rank", "due_ms"),
    sqlite_with_rowid=False,
)

subscription = Table(
    "push_subscription",
    metadata,
    Column("id", LargeBinary(32), primary_key=True),  # SHA-256 of what its phone shows to leave
    Column("box", LargeBinary, nullable=False),  # endpoint, keys and zone, sealed, one size
    Column("ends_week", Integer, nullable=False),
    sqlite_with_rowid=False,  # row order would say who came after whom
)

server = Table(
    "fediverse_server",
    metadata,
    Column("id", LargeBinary(32), primary_key=True),  # keyed digest of its shared inbox
    Column("box", LargeBinary, nullable=False),  # the shared inbox, sealed, one size
    Column("people", Integer, nullable=False),  # how many of it follow
    sqlite_with_rowid=False,
)

note = Table(
    "fediverse_note",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),  # keyed digest of a message's number
    Column("hour_s", BigInteger, nullable=False),
    Column("ends_s", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
