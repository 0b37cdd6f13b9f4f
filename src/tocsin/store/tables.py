"""The registry of tables: rooms declare theirs against `metadata`, one place knows them all. Beside it the store's only own one.

Promise: every table of the node is registered here, so that the migrated schema, the column inventory and the contract
tests can be held against it. Constraint names follow one convention, because a migration can only drop what has a name.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

work = Table(
    "work",
    metadata,
    Column("id", LargeBinary(16), primary_key=True, comment="random; kept until done"),
    Column("kind", String(64), nullable=False, comment="which verb, from the program's own list; kept until done"),
    Column("due_ms", BigInteger, nullable=False, comment="not before, Unix ms; kept until done"),
    Column("leased_until_ms", BigInteger, nullable=False, comment="0, or until when a process has it; kept until done"),
    Column("tries", Integer, nullable=False, comment="times leased; kept until done"),
    Column("payload", LargeBinary, nullable=False, comment="identifiers the verb needs; kept until done"),
    Index(None, "due_ms"),
)
