"""What pages show of calls: the sentences, cards and numbers that a phone loads when it rings."""

from typing import Any

from tocsin.jurisdictions.model import Calls, RiskRoom
from tocsin.jurisdictions.risk import may_answer
from tocsin.web.i18n import NAMES, Language
from tocsin.web.render import PageConfig


def words(config: PageConfig, language: Language) -> dict[str, Any]:
    """The body of `GET /calls/words/{language}`: the same for everybody. Cards and consent only where the pack may give advice."""
    said = config.pack.calls
    assert said is not None
    is_advised = may_answer(config.pack, RiskRoom.RECORDING_ADVICE)
    return {
        "strings": language.strings(("call.",)),
        "cards": said.cards[language.code] if is_advised else (),
        "consent": said.consent[language.code] if is_advised else "",
        "hotline": config.hotline,
        "languages": {code: NAMES[code] for code in config.pack.languages},
        "places": places(said, language),
        "areas": [area.name for area in config.pack.areas],
    }


def places(said: Calls, language: Language) -> dict[str, str]:
    return {place.id: place.name[language.code] for place in said.places}
