"""The roll: whose keys are those of stewards, the legal desk and the alert desk, read from the log (`docs/spec/stewards.md`).

`read` is a pure function of log entries, and the rule by which phones and verifiers read them too (`vectors/roll`). An entry that is
not what the rule asks for is void: it changes nothing, and stays where everybody can see it. Removing is for good.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple

from tocsin.people import statement as statements
from tocsin.people.statement import OF_DESK, OF_ONE, Act, KeyStatement, Named, Signature, Signed
from tocsin.people.steward_keys import LONGEST_NAME, key_id, spelled
from tocsin.tlog.entry import SIGNED_DESK_KEY, SIGNED_STEWARD_KEY

RECIPIENT = re.compile(r"age1[02-9ac-hj-np-z]{58}")
FEWEST = 2
"""Stewards that stay: with one, nothing could ever be changed again."""


class Entered(NamedTuple):
    """An entry of the log. `since`: Unix seconds from which its wait runs; None while nothing makes it run."""

    entry: bytes
    leaf: int
    since: int | None


class Void(StrEnum):
    """Why an entry changes nothing."""

    MALFORMED = "malformed"
    ELSEWHERE = "elsewhere"
    UNSIGNED = "unsigned"
    KNOWN = "known"
    REMOVED = "removed"
    FEW = "few"


@dataclass(frozen=True)
class OnRoll:
    """A key under its pseudonym. `counts_from`: Unix seconds, 0 for a founder, None for not yet known when."""

    key: str
    name: str
    custodian: str
    index: int
    counts_from: int | None
    is_removed: bool = False

    def counts(self, now_s: int) -> bool:
        return not self.is_removed and self.counts_from is not None and self.counts_from <= now_s


@dataclass
class Roll:
    """Stewards, lawyers and dispatchers by key (base64, age recipients), who was removed too; and the void entries by index."""

    stewards: dict[str, OnRoll] = field(default_factory=dict)
    lawyers: dict[str, OnRoll] = field(default_factory=dict)
    dispatchers: dict[str, OnRoll] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    void: dict[int, Void] = field(default_factory=dict)

    @property
    def standing(self) -> list[OnRoll]:
        """Stewards who were not removed."""
        return [one for one in self.stewards.values() if not one.is_removed]

    def recipients(self, now_s: int) -> list[str]:
        """To whom phones seal now, in order of the log."""
        return [one.key for one in self.lawyers.values() if one.counts(now_s)]


def entry_of(signed: Signed) -> bytes:
    """The log entry of a statement about a key."""
    return (SIGNED_DESK_KEY if signed.statement.act in OF_DESK else SIGNED_STEWARD_KEY) + signed.raw


def read(entered: Iterable[Entered], node: str, wait_s: int) -> Roll:
    """Who is on the roll of `node` by these entries. A repeated entry counts where it stands first."""
    roll, seen = Roll(), set[bytes]()
    ordered = sorted(entered, key=lambda one: one.leaf)
    founding = _founding(ordered, node)
    if founding is not None:
        for one in founding[1].keys:
            roll.stewards[one.key] = OnRoll(one.key, one.name, "", founding[0], 0)
    for entry in ordered:
        if entry.entry in seen:
            continue
        seen.add(entry.entry)
        if founding is not None and entry.leaf == founding[0]:
            continue
        reason = _take(roll, entry, node, wait_s)
        if reason is not None:
            roll.void[entry.leaf] = reason
    return roll


def is_well_formed(said: KeyStatement) -> bool:
    """Whether a statement names the keys its act takes, in the shapes they have."""
    of_desk = said.act in OF_DESK
    wanted = 2 if said.act is Act.STEWARD_FOUND else 1
    return len(said.keys) == wanted and all(_is_named(one, of_desk=of_desk) for one in said.keys)


def _is_named(one: Named, *, of_desk: bool) -> bool:
    if not 0 < len(one.name) <= LONGEST_NAME:
        return False
    if not of_desk:
        return _is_public(one.key) and not one.custodian
    return RECIPIENT.fullmatch(one.key) is not None and (not one.custodian or _is_public(one.custodian))


def _is_public(text: str) -> bool:
    return len(Signature(text, "").public) == 32


def _founding(ordered: Iterable[Entered], node: str) -> tuple[int, KeyStatement] | None:
    """The first entry in which two stewards name themselves. What they sign may stand before it in a shuffled beat."""
    for one in ordered:
        signed = _parse(one.entry)
        if signed is None or signed.statement.act is not Act.STEWARD_FOUND or _misfit(signed, node):
            continue
        said = _keys_of(signed)
        named = {key.key: key.name for key in said.keys}
        signers = [signature.key for signature in signed.signatures]
        if len(signers) == 2 and set(signers) == set(named) and len(set(named.values())) == 2:
            return one.leaf, said
    return None


def _take(roll: Roll, entered: Entered, node: str, wait_s: int) -> Void | None:
    """Let one entry change the roll, or say why it does not."""
    signed = _parse(entered.entry)
    if signed is None:
        return Void.MALFORMED
    if (misfit := _misfit(signed, node)) is not None:
        return misfit
    said = _keys_of(signed)
    if said.act is Act.STEWARD_FOUND:
        return Void.KNOWN
    signers = [roll.stewards.get(one.key) for one in signed.signatures]
    known = [one for one in signers if one is not None and not one.is_removed]
    wanted = 1 if said.act in OF_ONE else 2
    if (
        len(known) != len(signers)
        or len({one.key for one in known}) < wanted
        or len({one.name for one in known}) < wanted
    ):
        return Void.UNSIGNED
    if said.act is Act.STEWARD_REMOVE or said.act in OF_ONE:
        return _remove(roll, said)
    return _add(roll, said, entered, _counts_from(entered, known, wait_s))


def _counts_from(entered: Entered, signers: list[OnRoll], wait_s: int) -> int | None:
    """A key waits after it was seen, and after those who signed it count."""
    times = [entered.since, *(one.counts_from for one in signers)]
    return None if None in times else max(time for time in times if time is not None) + wait_s


def _add(roll: Roll, said: KeyStatement, entered: Entered, counts_from: int | None) -> Void | None:
    (one,) = said.keys
    among = {Act.DESK_ADD: roll.lawyers, Act.ALERT_DESK_ADD: roll.dispatchers}.get(said.act, roll.stewards)
    if one.key in roll.gone:
        return Void.REMOVED
    if one.key in among:
        return Void.KNOWN
    among[one.key] = OnRoll(one.key, one.name, one.custodian, entered.leaf, counts_from)
    return None


def _remove(roll: Roll, said: KeyStatement) -> Void | None:
    """A key that leaves one desk leaves the other too: it is the same device that was stolen, or the same person who left."""
    (one,) = said.keys
    if one.key in roll.gone:
        return Void.REMOVED
    if said.act is Act.STEWARD_REMOVE:
        if one.key not in roll.stewards:
            return Void.KNOWN
        if len(roll.standing) <= FEWEST:
            return Void.FEW
    roll.gone.add(one.key)
    for among in (roll.lawyers, roll.dispatchers) if said.act in OF_DESK else (roll.stewards,):
        if one.key in among:
            among[one.key] = replace(among[one.key], is_removed=True)
    return None


def _parse(entry: bytes) -> Signed | None:
    """The statement in an entry; None unless it stands under the type line of its act."""
    try:
        signed = statements.read(entry.partition(b"\n")[2])
    except statements.StatementMalformed:
        return None
    if not isinstance(signed.statement, KeyStatement) or entry_of(signed) != entry:
        return None
    return signed if is_well_formed(signed.statement) else None


def _misfit(signed: Signed, node: str) -> Void | None:
    """Why signatures say nothing here, whoever they are of."""
    if signed.statement.node != node:
        return Void.ELSEWHERE
    labels = (statements.PROPOSE, statements.CONFIRM)
    pairs = zip(labels, signed.signatures, strict=False)
    good = all(signature.is_over(label, signed.statement.raw) for label, signature in pairs)
    return None if good else Void.UNSIGNED


def _keys_of(signed: Signed) -> KeyStatement:
    assert isinstance(signed.statement, KeyStatement)
    return signed.statement


def id_of(one: OnRoll) -> str:
    """A steward's 16 hex digits."""
    return key_id(Signature(one.key, "").public)


def public_of(one: OnRoll) -> bytes:
    """A steward's key as bytes."""
    public = Signature(one.key, "").public
    assert spelled(public) == one.key
    return public
