"""The training: cards with a question each. Everybody goes through all of them; who renews answers three again, others each week.

The sentences are in the locales (`train.card_<name>`, `train.ask_<name>`, `train.<name>_1` to `_3`); here stands which answer is
right. The questions teach; they keep nobody out. That is what two vouchers and a trainer are for.
"""

from collections.abc import Sequence
from hashlib import sha256

from tocsin.errors import TocsinError

CARDS = {
    "danger": 2,
    "distance": 3,
    "seen": 1,
    "nothing": 2,
    "people": 3,
    "orders": 1,
    "adults": 2,
    "vouching": 3,
    "phone": 1,
}
"""By name, the number of the right answer."""
ANSWERS = 3
ASKED = 3


class AnswersWrong(TocsinError):
    code = "training_wrong"
    status = 409
    message = "Not every answer is right. Read the cards again and answer once more; nothing was used up."


def of_week(epoch: int) -> list[str]:
    """The cards that are asked again in a week: the same for everybody."""
    return sorted(CARDS, key=lambda name: sha256(f"{epoch} {name}".encode()).digest())[:ASKED]


def refuse_wrong(epoch: int, answers: Sequence[int]) -> None:
    """Raises `AnswersWrong` where these are not the week's right answers, in the order of `of_week`."""
    if [*answers] != [CARDS[name] for name in of_week(epoch)]:
        raise AnswersWrong
