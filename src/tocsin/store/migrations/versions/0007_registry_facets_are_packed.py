"""What an entity can be filtered by, packed into one cell; the full text is made anew with the filters in it."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
FACETS = ("technology", "buyer", "vendor", "place", "year", "kind")
SOME = 10_000


def upgrade() -> None:
    op.execute(sa.text("DROP TABLE IF EXISTS registry_words"))
    op.create_table(
        "registry_choice",
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("facet", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_registry_choice"),
        sa.UniqueConstraint("facet", "value", name="uq_registry_choice_facet_value"),
    )
    op.create_table(
        "registry_chosen",
        sa.Column("number", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("choices", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_registry_chosen"),
    )
    op.execute(
        sa.text(
            "INSERT INTO registry_choice (facet, value) SELECT DISTINCT facet, value FROM registry_facet ORDER BY 1, 2"
        )
    )
    _pack(op.get_bind())
    op.drop_table("registry_facet")


def _pack(connection: sa.Connection) -> None:
    """Rows of one entity become one cell, some entities at a time."""
    put = sa.text("INSERT INTO registry_chosen (number, choices) VALUES (:number, :choices)")
    ask = sa.text(
        "SELECT f.number, c.facet, c.number AS choice FROM registry_facet f JOIN registry_choice c ON c.facet = f.facet AND "
        "c.value = f.value WHERE f.number > :after AND f.number <= :until ORDER BY f.number"
    )
    last = connection.execute(sa.text("SELECT max(number) FROM registry_facet")).scalar() or 0
    for after in range(0, last, SOME):
        cells: dict[int, list[int]] = {}
        for row in connection.execute(ask, {"after": after, "until": after + SOME}):
            cells.setdefault(row.number, []).append(FACETS.index(row.facet) << 28 | row.choice)
        rows = [{"number": number, "choices": _cell(codes)} for number, codes in cells.items()]
        if rows:
            connection.execute(put, rows)


def _cell(codes: list[int]) -> bytes:
    return b"".join(code.to_bytes(4, "little") for code in sorted(codes))


def downgrade() -> None:
    op.execute(sa.text("DROP TABLE IF EXISTS registry_words"))
    op.drop_table("registry_chosen")
    op.drop_table("registry_choice")
    op.create_table(
        "registry_facet",
        sa.Column("number", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("facet", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", "facet", "value", name="pk_registry_facet"),
        sqlite_with_rowid=False,
    )
