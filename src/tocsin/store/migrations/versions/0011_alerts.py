"""Alerts: reports, matters, voices, what stands in public, and what brakes it."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    _desk()
    _public()
    _rest()


def _desk() -> None:
    op.create_table(
        "alerts_report",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("matter_id", sa.LargeBinary(16), nullable=False),
        sa.Column("origin", sa.LargeBinary(16), nullable=False),
        sa.Column("code", sa.LargeBinary(32), nullable=False),
        sa.Column("is_acknowledged", sa.Boolean, nullable=False),
        sa.Column("slot", sa.BigInteger, nullable=False),
        sa.Column("box", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alerts_report"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_alerts_report_code", "alerts_report", ["code"], unique=True)
    op.create_index("ix_alerts_report_matter_id", "alerts_report", ["matter_id"])
    op.create_table(
        "alerts_matter",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("owner", sa.LargeBinary, nullable=False),
        sa.Column("slot", sa.BigInteger, nullable=False),
        sa.Column("box", sa.LargeBinary, nullable=False),
        sa.Column("ends_s", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alerts_matter"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "alerts_voice",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("matter_id", sa.LargeBinary(16), nullable=False),
        sa.Column("who", sa.LargeBinary(32), nullable=False),
        sa.Column("cohort", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("at_s", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alerts_voice"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_alerts_voice_matter_id_who_version", "alerts_voice", ["matter_id", "who", "version"], unique=True
    )


def _public() -> None:
    op.create_table(
        "alerts_standing",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("matter_id", sa.LargeBinary(16), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("wire", sa.LargeBinary, nullable=False),
        sa.Column("is_cancelled", sa.Boolean, nullable=False),
        sa.Column("expires_s", sa.BigInteger, nullable=False),
        sa.Column("cancels", sa.LargeBinary, nullable=False),
        sa.Column("published_s", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alerts_standing"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "alerts_attribution",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("slot", sa.BigInteger, nullable=False),
        sa.Column("box", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alerts_attribution"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "alerts_warning",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alerts_warning"),
        sqlite_with_rowid=False,
    )


def _rest() -> None:
    op.create_table(
        "alerts_threat",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("slot", sa.BigInteger, nullable=False),
        sa.Column("box", sa.LargeBinary, nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("stewards", sa.LargeBinary, nullable=False),
        sa.Column("is_held", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alerts_threat"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "alerts_count",
        sa.Column("day", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("day", "what", name="pk_alerts_count"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "alerts_brake",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("last", sa.Text, nullable=False),
        sa.Column("recent_s", sa.Text, nullable=False),
        sa.Column("is_frozen", sa.Boolean, nullable=False),
        sa.Column("third_until_s", sa.BigInteger, nullable=False),
        sa.Column("lifting", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alerts_brake"),
    )


def downgrade() -> None:
    op.drop_table("alerts_brake")
    op.drop_table("alerts_count")
    op.drop_table("alerts_threat")
    op.drop_table("alerts_warning")
    op.drop_table("alerts_attribution")
    op.drop_table("alerts_standing")
    op.drop_table("alerts_voice")
    op.drop_table("alerts_matter")
    op.drop_table("alerts_report")
