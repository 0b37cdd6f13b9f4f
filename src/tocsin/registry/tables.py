"""The registry's columns. Who reads them and when they die: `docs/inventory.md`. All of it is public; none of it is about a person."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from tocsin.store.tables import metadata

Number = BigInteger().with_variant(Integer, "sqlite")
"""Counts up by itself on both databases."""

statement = Table(
    "registry_statement",
    metadata,
    Column("number", Number, primary_key=True),  # order in which claims came: never changed, never used again
    Column("digest", LargeBinary(16), nullable=False, unique=True),
    Column("entity", Text, nullable=False),
    Column("schema", Text, nullable=False),
    Column("property", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("original", Text, nullable=False),
    Column("dataset", Text, nullable=False),
    Column("source", BigInteger, nullable=False),  # registry_source.number
    Column("verb", Text, nullable=False),
    Column("confidence", Text, nullable=False),
    Column("as_of", Text, nullable=False),  # ISO date, whole or in part
    Column("first_seen", Integer, nullable=False),  # whole days since 1970
    Column("last_seen", Integer, nullable=False),  # the only column that changes: the source still says so
    Index(None, "entity"),
)

source = Table(
    "registry_source",
    metadata,
    Column("number", Number, primary_key=True),
    Column("digest", LargeBinary(16), nullable=False, unique=True),
    Column("url", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("lineage", Text, nullable=False),
)

entity = Table(
    "registry_entity",
    metadata,
    Column("number", Number, primary_key=True),
    Column("entity", Text, nullable=False, unique=True),
    Column("canonical", Text, nullable=False),
    Column("schema", Text, nullable=False),
    Column("caption", Text, nullable=False),
    Index(None, "canonical"),
)

edge = Table(
    "registry_edge",
    metadata,
    Column("target", Text, primary_key=True),
    Column("property", Text, primary_key=True),
    Column("entity", Text, primary_key=True),
    sqlite_with_rowid=False,
)

money = Table(
    "registry_money",
    metadata,
    Column("contract", Text, primary_key=True),  # what the amount is of: an act, or whom an aggregate is about
    Column("event", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # model.ValueKind
    Column("currency", Text, nullable=False),
    Column("amount", Text, nullable=False),  # as it was claimed
    Column("units", BigInteger, nullable=True),  # ten-thousandths, where that is exact
    Column("digits", Integer, nullable=False),
    Column("is_step", Integer, nullable=False),
    Column("is_low", Integer, nullable=False),
    Column("date", Text, nullable=False),
    Column("origin", Text, nullable=False),
    sqlite_with_rowid=False,
)

sheet = Table(
    "registry_sheet",
    metadata,
    Column("entity", Text, primary_key=True),  # registry_entity.canonical
    Column("due", Integer, nullable=False),  # how often it became due
    Column("told", LargeBinary, nullable=True),  # `sheet.Sheet`; nothing while it is due
)

choice = Table(
    "registry_choice",
    metadata,
    Column("number", Number, primary_key=True),
    Column("facet", Text, nullable=False),
    Column("value", Text, nullable=False),
    UniqueConstraint("facet", "value", name="uq_registry_choice_facet_value"),
)

chosen = Table(
    "registry_chosen",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # registry_entity.number
    Column("choices", LargeBinary, nullable=False),  # packed: `facets`
)

judgement = Table(
    "registry_judgement",
    metadata,
    Column("number", Number, primary_key=True),
    Column("left", Text, nullable=False),
    Column("right", Text, nullable=False),
    Column("verdict", Text, nullable=False),  # same, not_same, unsure
    Column("reason", Text, nullable=False),
    Column("day", Integer, nullable=False),
)

held = Table(
    "registry_held",
    metadata,
    Column("dataset", Text, primary_key=True),
    Column("row", BigInteger, primary_key=True, autoincrement=False),
    Column("reason", Text, nullable=False),
    Column("day", Integer, nullable=False),
    sqlite_with_rowid=False,
)

released = Table(
    "registry_released",
    metadata,
    Column("institution", Text, primary_key=True),  # folded
    Column("reason", Text, nullable=False),
    Column("day", Integer, nullable=False),
    sqlite_with_rowid=False,
)

progress = Table(
    "registry_progress",
    metadata,
    Column("dataset", Text, primary_key=True),
    Column("digest", LargeBinary(32), primary_key=True),  # of the file
    Column("position", BigInteger, nullable=False),  # rows that are dealt with
    Column("counts", Text, nullable=False),  # JSON: rows in, kept, merged, held, refused, by reason
    sqlite_with_rowid=False,
)

contest = Table(
    "registry_contest",
    metadata,
    Column("number", Number, primary_key=True),
    Column("reference", Text, nullable=False, unique=True),
    Column("entity", Text, nullable=False),
    Column("property", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("kind", Text, nullable=False),  # contest.Kind
    Column("said", Text, nullable=False),  # emptied with the answer
    Column("link", Text, nullable=False),
    Column("day", Integer, nullable=False),
    Column("due", Integer, nullable=False),  # the day by which an answer is promised
    Column("outcome", Text, nullable=False),  # contest.Outcome
    Column("answer", Text, nullable=False),
    Column("answered", Integer, nullable=True),
    Index(None, "entity"),
)

picture = Table(
    "registry_picture",
    metadata,
    Column("document", Text, primary_key=True),
    Column("page", Integer, primary_key=True, autoincrement=False),
    Column("picture", LargeBinary, nullable=False),  # PNG, with black over what was covered
)

outline = Table(
    "registry_outline",
    metadata,
    Column("code", Text, primary_key=True),
    Column("area", Text, nullable=False),
    Column("folded", Text, nullable=False),
    *(Column(side, Integer, nullable=False) for side in ("west", "south", "east", "north")),  # millionths of a degree
    Column("rings", LargeBinary, nullable=False),  # `outline`
    Index(None, "folded"),
)

BACKED_UP = (
    statement,
    source,
    entity,
    edge,
    money,
    choice,
    chosen,
    judgement,
    released,
    held,
    contest,
    picture,
    outline,
)
COUNTING = (statement, source, entity, choice, judgement, contest)
"""Whose numbers a restored PostgreSQL has to be told."""
