"""Burn a role: every token of it that is out there is worth nothing from now on, and the log says so.

Who may is for the composition root to say. The role's keys of this epoch and the next are dropped, which also forgets what was spent
under them, and `keep` makes new ones; a client takes a role's keys only three times an epoch (`docs/spec/passport.md`). So a burning
outlives the week's turn: whoever renews in the next week brings a training code too, and nobody has only to wait for it.
"""

from tocsin.passport import keep
from tocsin.passport.model import KeysUsedUp, Role
from tocsin.passport.room import Passport
from tocsin.tlog.token_keys import KEYS_MOST


async def burn(passport: Passport, role: Role) -> None:
    """Raises `KeysUsedUp` where the keys went, and no new ones come before the next epoch."""
    await keep.keep(passport)
    gone = [one.key for one in passport.awake.values() if one.key.role is role]
    entries = [keep.entered(passport, "remove", passport.awake[one.id].says, one.public) for one in gone]
    await keep.drop(passport, [one.id for one in gone], entries)
    await keep.keep(passport)
    now = [at.says for at in passport.logged.values() if at.says.role is role and at.says.epoch == passport.epoch]
    if any(now.count(says) >= KEYS_MOST for says in now) and not any(
        one.key.role is role and one.key.epoch == passport.epoch for one in passport.awake.values()
    ):
        raise KeysUsedUp
