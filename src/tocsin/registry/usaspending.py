"""USAspending's CSV files of contracts as rows: transactions, award summaries, wide downloads and the narrow table of its search page.

A transaction is one step of what was obligated, negative where money was taken back. An award summary gives totals: obligated, and the
ceiling. Steps and totals of one contract are never added to each other (`value_sums`). Addresses, contacts and pay of officers, which
the wide files hold, are not read.
"""

import csv
from collections.abc import Callable, Iterator, Mapping
from decimal import InvalidOperation
from functools import partial
from pathlib import Path

from tocsin.registry.csv_lines import first_of, numbered, opened
from tocsin.registry.exact import exact
from tocsin.registry.importing import Bad, FileNotUnderstood
from tocsin.registry.model import Claim, Draft, Row, Source, ValueKind, slug

SOURCE = Source("https://www.usaspending.gov", "USAspending")

NAMES = {
    "award": ("contract_award_unique_key", "award_unique_key", "generated_internal_id", "award_id_piid", "award id"),
    "transaction": ("contract_transaction_unique_key", "transaction_unique_key"),
    "piid": ("award_id_piid", "award id", "piid"),
    "step": ("federal_action_obligation",),
    "total": ("total_dollars_obligated", "total_obligated_amount", "award amount"),
    "ceiling": ("potential_total_value_of_award", "base_and_all_options_value"),
    "date": ("action_date", "award_base_action_date", "base obligation date", "start date"),
    "end": ("period_of_performance_current_end_date", "end date"),
    "agency": ("awarding_sub_agency_name", "awarding sub agency", "awarding_agency_name", "awarding agency"),
    "uei": ("recipient_uei", "recipient uei"),
    "recipient": ("recipient_name", "recipient name"),
    "parent": ("recipient_parent_name",),
    "parent_uei": ("recipient_parent_uei",),
    "text": ("prime_award_base_transaction_description", "transaction_description", "award_description", "description"),
    "service": ("product_or_service_code_description",),
    "link": ("usaspending_permalink",),
    "within": ("parent_award_id_piid",),
    "offers": ("number_of_offers_received",),
    "sole": ("sole_proprietorship", "organizational_type", "type_of_business"),
}
"""What we read, and what the files of different years and pages call it."""
NEEDED = ("award", "agency", "recipient")
SELLER = ("uei", "recipient", "parent", "parent_uei", "sole")
Parties = dict[tuple[str, ...], list[Draft]]
"""Who bought and who sold, as a thousand lines say it: the same drafts again, which the store looks at once a batch."""
MOST_PARTIES = 5_000
YES = frozenset({"t", "true", "y", "yes", "1"})


def read(path: Path) -> Iterator[Row | Bad]:
    """Every row of a file. Raises `FileNotUnderstood` when the first line does not name the columns."""
    with opened(path) as file:
        lines = csv.reader(file)
        head = [one.strip().lower() for one in first_of(lines)]
        known: Parties = {}
        places = {ours: [head.index(name) for name in names if name in head] for ours, names in NAMES.items()}
        if any(not places[name] for name in NEEDED) or not (places["step"] or places["total"]):
            raise FileNotUnderstood
        told = partial(
            _told,
            {name: here[0] for name, here in places.items() if len(here) == 1},
            {name: here for name, here in places.items() if len(here) != 1},
        )
        for number, cells in numbered(lines):
            if cells is None:
                yield Bad(number, "line_malformed")
                continue
            yield row_of(number, told(cells), known) if len(cells) >= len(head) else Bad(number, "line_short")


def row_of(number: int, told: Mapping[str, str], known: Parties) -> Row | Bad:
    """One line as a contract, its buyer and seller, and its value events. `known`: parties of lines before."""
    if not (told["award"] and told["recipient"] and told["agency"]):
        return Bad(number, "award_missing")
    contract = f"us-{slug(told['award'])}"
    try:
        events = list(_events(contract, told))
    except InvalidOperation:
        return Bad(number, "amount_malformed")
    who = [_known(known, told, ("agency",), _buyer), _known(known, told, SELLER, _sellers)]
    buyer, seller = who[0][-1].id, who[1][-1].id
    kinds = [kind for kind, _ in events]
    parts = [_contract(contract, seller, buyer, told, kinds), *who[0], *who[1], *(draft for _, draft in events)]
    return Row(number, parts, SOURCE, as_of=told["date"])


def _told(single: Mapping[str, int], several: Mapping[str, list[int]], cells: list[str]) -> dict[str, str]:
    """The first cell that is not empty, for each thing we read: most stand in one column, or in none."""
    told = {name: cells[at].strip() for name, at in single.items()}
    for name, here in several.items():
        told[name] = next((cells[at].strip() for at in here if cells[at].strip()), "") if here else ""
    return told


def _contract(contract: str, seller: str, buyer: str, told: Mapping[str, str], kinds: list[ValueKind]) -> Draft:
    text = told["text"] or told["piid"] or told["award"]
    told_as = (("title", text), ("supplier", seller), ("authority", buyer), ("country", "us"))
    claims = [Claim(name, value, as_of="") for name, value in told_as]
    more = (
        ("procedureNumber", told["piid"]), ("classification", told["service"]), ("sourceUrl", told["link"]),
        ("offers", told["offers"]), ("intermediary", told["within"]),
    )  # fmt: skip
    claims += [Claim(name, value, as_of="") for name, value in more if value]
    facets = {
        "buyer": [told["agency"]], "vendor": [told["recipient"]], "place": ["US-federal"], "year": [told["date"][:4]],
        "kind": [str(kind) for kind in kinds],
    }  # fmt: skip
    return Draft(contract, "Contract", claims, facets)


def _known(
    known: Parties,
    told: Mapping[str, str],
    names: tuple[str, ...],
    made: Callable[[Mapping[str, str]], Iterator[Draft]],
) -> list[Draft]:
    """Parties as a line before told them, or as this one does."""
    who = tuple(told[name] for name in names)
    if who not in known:
        if len(known) > MOST_PARTIES:
            known.clear()
        known[who] = list(made(told))
    return known[who]


def _buyer(told: Mapping[str, str]) -> Iterator[Draft]:
    claims = [Claim("name", told["agency"], as_of=""), Claim("country", "us", as_of="")]
    yield Draft(f"us-agency-{slug(told['agency'])}", "PublicBody", claims)


def _sellers(told: Mapping[str, str]) -> Iterator[Draft]:
    sole = told["sole"].lower()
    is_sole = sole in YES or "sole" in sole or "individual" in sole
    claims = _named(told["recipient"], told["uei"])
    if told["parent"] and told["parent_uei"] not in ("", told["uei"]):
        parent = f"us-{slug(told['parent_uei'])}"
        claims.append(Claim("parent", parent, as_of=""))
        yield Draft(parent, "Company", _named(told["parent"], told["parent_uei"]))
    yield Draft(f"us-{slug(told['uei'] or told['recipient'])}", "Company", claims, is_sole_trader=is_sole)


def _named(name: str, uei: str) -> list[Claim]:
    """Who it is. Without a date: the row's date is that of a payment, and a name is said again in each of a thousand rows."""
    return [Claim("name", name, as_of=""), *([Claim("uniqueEntityId", uei, as_of="")] if uei else [])]


def _events(contract: str, told: Mapping[str, str]) -> Iterator[tuple[ValueKind, Draft]]:
    if told["transaction"] and told["step"]:
        yield (
            ValueKind.OBLIGATED,
            _event(
                f"us-{slug(told['transaction'])}",
                contract,
                ValueKind.OBLIGATED,
                told["step"],
                told["date"],
                is_step=True,
            ),
        )
        return
    for kind, amount in ((ValueKind.OBLIGATED, told["total"]), (ValueKind.CEILING, told["ceiling"])):
        if amount:
            yield kind, _event(f"{contract}-{kind}", contract, kind, amount, told["date"], is_step=False)


def _event(name: str, contract: str, kind: ValueKind, amount: str, date: str, *, is_step: bool) -> Draft:
    plain = exact(amount.replace(",", "").replace("$", ""))
    claims = [
        Claim("contract", contract),
        Claim("kind", str(kind)),
        Claim("amount", f"{plain:f}"),
        Claim("currency", "USD"),
    ]
    claims += [Claim("date", date)] if date else []
    return Draft(name, "ValueEvent", claims + ([Claim("step", "1")] if is_step else []))
