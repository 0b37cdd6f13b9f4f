"""Invented people, as a phone and a browser give them away: each property is a canary of its own."""

import random
from dataclasses import dataclass

FIRST = "Amina Lucía Yusuf Chue Maria Fatuma José Hodan Pa Nhia Élodie Tou Rosa Abdi Inés Mai Diego".split()  # noqa: SIM905
LAST = "Vang Hernández Warsame Thao Lefèvre Okafor Moua Castañeda Abdullahi Xiong Delgado Farah".split()  # noqa: SIM905


@dataclass(frozen=True)
class Person:
    """Somebody. `address` is a loopback address of their own, from which they really connect."""

    number: int
    name: str
    phone: str
    mail: str
    address: str
    agent: str
    language: str
    plate: str
    place: str

    def truths(self) -> dict[str, str]:
        """What must not be found about them, by kind."""
        return {
            "name": self.name,
            "phone": self.phone,
            "e-mail": self.mail,
            "address": self.address,
            "agent": self.agent,
            "language": self.language.partition(",")[0],
            "plate": self.plate,
            "place": self.place,
        }


def people(count: int, source: random.Random) -> list[Person]:
    """`count` different people."""
    return [person(number, source) for number in range(count)]


def person(number: int, source: random.Random) -> Person:
    name = f"{source.choice(FIRST)} {source.choice(LAST)}-{letters(source, 5).title()}"
    return Person(
        number=number,
        name=name,
        phone=f"+1 612 55{source.randrange(10)} {number // 100:02}{source.randrange(10)}{number % 100:02}",
        mail=f"{letters(source, 9)}.{number}@mail.example",
        address=f"127.{source.randrange(60, 120)}.{100 + number // 150}.{100 + number % 150}",
        agent=f"Mozilla/5.0 (Canary-{letters(source, 10)}; rv:{number}) Gecko/20100101",
        language=f"x-{letters(source, 8)},es-419;q=0.{source.randrange(2, 9)}",
        plate=f"{letters(source, 3).upper()} {source.randrange(1000, 9999)}{number % 10}",
        place=f"44.{source.randrange(10**6, 10**7)},-93.{source.randrange(10**6, 10**7)}",
    )


def letters(source: random.Random, count: int) -> str:
    return "".join(source.choice("bcdfghjklmnpqrstvwxz") for _ in range(count))
