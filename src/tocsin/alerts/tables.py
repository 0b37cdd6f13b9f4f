"""What the room keeps. Every column's reason, readers and death are in `docs/inventory.md`. None has a reporter, or a place finer.

Rows live hours: a matter's until it ends, two hours and a half after its first report at most; an alert's until it expires.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text

from tocsin.store.tables import metadata

report = Table(
    "alerts_report",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),  # made of a key the reporter's page drew
    Column("matter_id", LargeBinary(16), nullable=False),
    Column("origin", LargeBinary(16), nullable=False),
    Column("code", LargeBinary(32), nullable=False),  # SHA-256 of the return code
    Column("is_acknowledged", Boolean, nullable=False),
    Column("slot", BigInteger, nullable=False),  # of erase.keys: its own; -1 once it is decided
    Column("box", LargeBinary, nullable=False),  # `Said`, under the slot's key
    Index(None, "code", unique=True),
    Index(None, "matter_id"),
    sqlite_with_rowid=False,  # row order would say who came before whom
)

matter = Table(
    "alerts_matter",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("state", Text, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("owner", LargeBinary, nullable=False),  # keyed mark; the key is in memory only
    Column("slot", BigInteger, nullable=False),
    Column("box", LargeBinary, nullable=False),  # `Held`, under the slot's key
    Column("ends_s", BigInteger, nullable=False),  # steps of fifteen minutes
    sqlite_with_rowid=False,
)

voice = Table(
    "alerts_voice",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("matter_id", LargeBinary(16), nullable=False),
    Column("who", LargeBinary(32), nullable=False),  # SHA-256 of a capability, or a keyed mark
    Column("cohort", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("answer", Text, nullable=False),
    Column("at_s", BigInteger, nullable=False),  # steps of a minute
    Index(None, "matter_id", "who", "version", unique=True),
    sqlite_with_rowid=False,
)

standing = Table(
    "alerts_standing",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("matter_id", LargeBinary(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("wire", LargeBinary, nullable=False),  # public by nature
    Column("is_cancelled", Boolean, nullable=False),
    Column("expires_s", BigInteger, nullable=False),
    Column("cancels", LargeBinary, nullable=False),  # signed in advance, one a reason
    Column("published_s", BigInteger, nullable=False),  # `sent` of its first version: steps of five minutes
    sqlite_with_rowid=False,
)

attribution = Table(
    "alerts_attribution",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),  # of the alert
    Column("epoch", Integer, nullable=False),
    Column("slot", BigInteger, nullable=False),  # overwritten when the epoch ends
    Column("box", LargeBinary, nullable=False),  # under the slot's key: a secret in two stewards' halves
    sqlite_with_rowid=False,
)

warning = Table(
    "alerts_warning",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),  # of the alert; 16 zero bytes for none in particular
    Column("about", Text, nullable=False),  # from a closed list
    Column("state", Text, nullable=False),
    sqlite_with_rowid=False,
)

threat = Table(
    "alerts_threat",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("slot", BigInteger, nullable=False),
    Column("box", LargeBinary, nullable=False),  # sealed to stewards, under the slot's key
    Column("day", Integer, nullable=False),
    Column("stewards", LargeBinary, nullable=False),  # marks of those who saw it, sorted
    Column("is_held", Boolean, nullable=False),
    sqlite_with_rowid=False,
)

count = Table(
    "alerts_count",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("what", Text, primary_key=True),  # from a closed list, of the whole city
    Column("count", Integer, nullable=False),
    sqlite_with_rowid=False,
)

timer = Table(
    "alerts_timer",
    metadata,
    Column("id", LargeBinary(16), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("due_ms", BigInteger, nullable=False),
    Column("leased_until_ms", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Index(None, "due_ms"),
    sqlite_with_rowid=False,
)
"""As `store.tables.work`, apart from it: on a page of that table these times would lie beside numbers of recordings."""

brake = Table(
    "alerts_brake",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1
    Column("last", Text, nullable=False),  # the last twenty: kept or cancelled, one letter each
    Column("recent_s", Text, nullable=False),  # publishings of this hour, in steps of five minutes
    Column("is_frozen", Boolean, nullable=False),
    Column("third_until_s", BigInteger, nullable=False),  # until then a third voice is needed
    Column("lifting", LargeBinary, nullable=False),  # mark of the steward who would lift it
)
