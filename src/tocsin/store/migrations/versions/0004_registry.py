"""The registry: statements, their sources, what is derived from them, judgements, rows held back."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MADE = (
    "registry_progress", "registry_released", "registry_held", "registry_judgement", "registry_facet", "registry_edge",
    "registry_entity", "registry_source", "registry_statement",
)  # fmt: skip


def upgrade() -> None:
    _statements()
    _derived()
    _work()


def _statements() -> None:
    op.create_table(
        "registry_statement",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("digest", sa.LargeBinary(16), nullable=False),
        *(_text(one) for one in ("entity", "schema", "property", "value", "original", "dataset")),
        sa.Column("source", sa.BigInteger, nullable=False),
        *(_text(one) for one in ("verb", "confidence", "as_of")),
        sa.Column("first_seen", sa.Integer, nullable=False),
        sa.Column("last_seen", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_registry_statement"),
        sa.UniqueConstraint("digest", name="uq_registry_statement_digest"),
    )
    op.create_index("ix_registry_statement_entity", "registry_statement", ["entity"])
    op.create_table(
        "registry_source",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("digest", sa.LargeBinary(16), nullable=False),
        *(_text(one) for one in ("url", "kind", "lineage")),
        sa.PrimaryKeyConstraint("number", name="pk_registry_source"),
        sa.UniqueConstraint("digest", name="uq_registry_source_digest"),
    )


def _derived() -> None:
    op.create_table(
        "registry_entity",
        sa.Column("number", NUMBER, nullable=False),
        *(_text(one) for one in ("entity", "canonical", "schema", "caption")),
        sa.PrimaryKeyConstraint("number", name="pk_registry_entity"),
        sa.UniqueConstraint("entity", name="uq_registry_entity_entity"),
    )
    op.create_index("ix_registry_entity_canonical", "registry_entity", ["canonical"])
    op.create_table(
        "registry_edge",
        *(_text(one) for one in ("target", "property", "entity")),
        sa.PrimaryKeyConstraint("target", "property", "entity", name="pk_registry_edge"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "registry_facet",
        sa.Column("number", sa.BigInteger, nullable=False, autoincrement=False),
        *(_text(one) for one in ("facet", "value")),
        sa.PrimaryKeyConstraint("number", "facet", "value", name="pk_registry_facet"),
        sqlite_with_rowid=False,
    )


def _work() -> None:
    op.create_table(
        "registry_judgement",
        sa.Column("number", NUMBER, nullable=False),
        *(_text(one) for one in ("left", "right", "verdict", "reason")),
        sa.Column("day", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_registry_judgement"),
    )
    op.create_table(
        "registry_held",
        _text("dataset"),
        sa.Column("row", sa.BigInteger, nullable=False, autoincrement=False),
        _text("reason"),
        sa.Column("day", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("dataset", "row", name="pk_registry_held"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "registry_released",
        *(_text(one) for one in ("institution", "reason")),
        sa.Column("day", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("institution", name="pk_registry_released"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "registry_progress",
        _text("dataset"),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        _text("counts"),
        sa.PrimaryKeyConstraint("dataset", "digest", name="pk_registry_progress"),
        sqlite_with_rowid=False,
    )


def _text(name: str) -> "sa.Column[str]":
    return sa.Column(name, sa.Text, nullable=False)


def downgrade() -> None:
    for name in MADE:
        op.drop_table(name)
