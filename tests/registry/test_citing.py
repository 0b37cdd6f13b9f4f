"""A citation is in the language of the page it is taken from, and holds what finds the page again."""

import pytest

from tocsin.registry.citing import Cited, citations
from tocsin.web import i18n

LANGUAGES = i18n.load()
ONE = Cited("Order {of} drones", "https://node.example/x/at/1", "node.example", 20_000, "ab" * 32, "tf-f001")
WORDS = {
    "en": ("Tocsin registry, node.example.", "[online]. Version of 2024-10-04, SHA-256 abab", "Available at: https://node.example/x/at/1"),
    "fr": ("Registre Tocsin, node.example.", "[en ligne]. Version du 2024-10-04, SHA-256 abab", "Disponible à l’adresse\u202f: https://node.example/x/at/1"),
    "es": ("Registro Tocsin, node.example.", "[en línea]. Versión del 2024-10-04, SHA-256 abab", "Disponible en: https://node.example/x/at/1"),
}  # fmt: skip


@pytest.mark.parametrize("code", WORDS)
def test_a_page_is_cited_in_its_language(code: str) -> None:
    who, version, place = WORDS[code]
    said = citations(ONE, LANGUAGES[code].say)
    assert said["APA"].startswith(f"{who} (2024). Order {{of}} drones [")
    assert said["ISO 690"].startswith(who.upper())
    assert version in said["ISO 690"]
    assert said["ISO 690"].endswith(place)
    noted = f"note = {{{version.split('. ')[1].split(' SHA')[0]} SHA-256 {'ab' * 32}}}"
    assert noted in said["BibTeX"]


def test_bibtex_is_one_entry_whose_braces_close() -> None:
    said = citations(ONE, LANGUAGES["en"].say)["BibTeX"]
    assert said.startswith(
        "@misc{tf-f001, title = {Order of drones}, author = {{Tocsin registry, node.example}}, year = {2024}, note = {"
    )
    assert said.endswith("url = {https://node.example/x/at/1}}")
    assert said.count("{") == said.count("}")
