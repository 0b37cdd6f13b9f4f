"""The outside channels that the settings turn on."""

from importlib.util import find_spec

from tocsin.clock import Clock
from tocsin.deliver.channel import Channel
from tocsin.deliver.email import Email
from tocsin.deliver.matrix import Matrix
from tocsin.deliver.pointers import Budget
from tocsin.deliver.relay import relays
from tocsin.settings import Settings, SettingsWrong


def configured(settings: Settings, city: str, clock: Clock) -> list[Channel]:
    """Each with a budget of its own. Raises `SettingsWrong` where a target needs what is not installed."""
    found: list[Channel] = []
    if settings.mail.to:
        mail = settings.mail
        account = mail.account, mail.secret
        budget = Budget(clock, settings.outside_a_day)
        found.append(Email(city, mail.host, mail.port, mail.secure, *account, mail.sender, mail.to, clock, budget))
    if settings.matrix.room:
        if find_spec("nio") is None:
            raise SettingsWrong("matrix needs the extra `tocsin[channels]`")
        room, budget = settings.matrix, Budget(clock, settings.outside_a_day)
        found.append(Matrix(city, room.homeserver, room.account, room.secret, room.room, budget))
    if settings.relay_targets and find_spec("apprise") is None:
        raise SettingsWrong("relay_targets needs the extra `tocsin[channels]`")
    budgets = [Budget(clock, settings.outside_a_day) for _ in settings.relay_targets]
    return [*found, *relays(city, settings.relay_targets, budgets)]
