"""Circles end with a day: some the day after, those that are kept with the last day of their week, as before."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
TABLES = ("circle_place", "circle_door")
WEEK_DAYS = 7


def upgrade() -> None:
    for name in TABLES:
        op.execute(f"ALTER TABLE {name} RENAME COLUMN ends_week TO ends_day")
        rows = sa.table(name, sa.column("ends_day", sa.Integer))
        op.execute(rows.update().values(ends_day=rows.c.ends_day * WEEK_DAYS + WEEK_DAYS - 1))
        op.create_index(f"ix_{name}_ends_day", name, ["ends_day"])


def downgrade() -> None:
    for name in TABLES:
        op.drop_index(f"ix_{name}_ends_day", name)
        rows = sa.table(name, sa.column("ends_day", sa.Integer))
        op.execute(rows.update().values(ends_day=(rows.c.ends_day - (WEEK_DAYS - 1)) // WEEK_DAYS))
        op.execute(f"ALTER TABLE {name} RENAME COLUMN ends_day TO ends_week")
