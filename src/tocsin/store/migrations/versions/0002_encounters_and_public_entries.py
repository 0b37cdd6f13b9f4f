"""Encounters, and the public entries of the log."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "recording",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("header", sa.LargeBinary, nullable=False),
        sa.Column("upload_digest", sa.LargeBinary(32), nullable=False),
        sa.Column("owner_digest", sa.LargeBinary(32), nullable=False),
        sa.Column("custody_public", sa.LargeBinary(32), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("share_state", sa.Text, nullable=False),
        sa.Column("slot", sa.BigInteger, nullable=False),
        sa.Column("box", sa.LargeBinary, nullable=False),
        sa.Column("locator_digest", sa.LargeBinary(32), nullable=True),
        sa.Column("expires_day", sa.Integer, nullable=False),
        sa.Column("covered_seq", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_recording"),
        sa.UniqueConstraint("locator_digest", name="uq_recording_locator_digest"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "frame",
        sa.Column("recording_id", sa.LargeBinary(16), nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("segment", sa.Integer, nullable=False),
        sa.Column("offset", sa.BigInteger, nullable=False),
        sa.Column("length", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("recording_id", "number", name="pk_frame"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "indexed_to",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("segment", sa.Integer, nullable=False),
        sa.Column("offset", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_indexed_to"),
    )
    op.create_table(
        "public_entry",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("entry", sa.LargeBinary, nullable=False),
        sa.Column("leaf", sa.BigInteger, nullable=True),
        sa.Column("tree_size", sa.BigInteger, nullable=True),
        sa.Column("cosigned_size", sa.BigInteger, nullable=True),
        sa.Column("nth", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_public_entry"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for name in ("public_entry", "indexed_to", "frame", "recording"):
        op.drop_table(name)
