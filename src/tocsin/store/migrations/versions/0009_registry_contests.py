"""Claims that somebody contests, and the answers; the full text is made anew with keys of names in it."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.execute(sa.text("DROP TABLE IF EXISTS registry_words"))
    op.create_table(
        "registry_contest",
        sa.Column("number", NUMBER, nullable=False),
        *(_text(one) for one in ("reference", "entity", "property", "value", "kind", "said", "link")),
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("due", sa.Integer, nullable=False),
        *(_text(one) for one in ("outcome", "answer")),
        sa.Column("answered", sa.Integer, nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_registry_contest"),
        sa.UniqueConstraint("reference", name="uq_registry_contest_reference"),
    )
    op.create_index("ix_registry_contest_entity", "registry_contest", ["entity"])


def _text(name: str) -> "sa.Column[str]":
    return sa.Column(name, sa.Text, nullable=False)


def downgrade() -> None:
    op.execute(sa.text("DROP TABLE IF EXISTS registry_words"))
    op.drop_table("registry_contest")
