"""What a start keeps for the next one is believed only for the very files it was made of, and is never missed."""

from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment

from tocsin.web.kept_work import CompiledTemplates, Sentences, digest, keep_sentences, load_sentences


def drawn(folder: Path, source: str, *, escapes: bool = True) -> str:
    environment = Environment(loader=DictLoader({"one.html": source}), autoescape=escapes)
    environment.bytecode_cache = CompiledTemplates(environment, folder)
    return environment.get_template("one.html").render(name="<b>")


def test_a_kept_template_is_used_again_and_never_for_other_words(tmp_path: Path) -> None:
    assert drawn(tmp_path, "Hello {{ name }}") == "Hello &lt;b&gt;"
    kept = list(tmp_path.iterdir())
    assert len(kept) == 1
    before = kept[0].stat().st_mtime_ns
    assert drawn(tmp_path, "Hello {{ name }}") == "Hello &lt;b&gt;"
    assert kept[0].stat().st_mtime_ns == before
    assert drawn(tmp_path, "Goodbye {{ name }}") == "Goodbye &lt;b&gt;"


def test_a_template_compiled_without_escapes_is_never_taken_for_one_with_them(tmp_path: Path) -> None:
    assert drawn(tmp_path, "{{ name }}", escapes=False) == "<b>"
    assert drawn(tmp_path, "{{ name }}") == "&lt;b&gt;"


@pytest.mark.parametrize("cut", [0, 7, 40])
def test_a_kept_template_that_was_cut_short_is_compiled_anew(tmp_path: Path, cut: int) -> None:
    drawn(tmp_path, "{{ name }}")
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:cut])
    assert drawn(tmp_path, "{{ name }}") == "&lt;b&gt;"


def test_where_nothing_can_be_kept_pages_are_drawn_all_the_same(tmp_path: Path) -> None:
    nowhere = tmp_path / "file"
    nowhere.write_bytes(b"")
    assert drawn(nowhere, "{{ name }}") == "&lt;b&gt;"
    keep_sentences("en", Sentences("m", {}, {}), nowhere)
    assert load_sentences("en", "m", nowhere) is None


def test_kept_sentences_come_back_only_for_the_files_they_were_read_from(tmp_path: Path) -> None:
    kept = Sentences("first", {"a": "one"}, {"b": {"one": "{n} day", "other": "{n} days"}})
    keep_sentences("en", kept, tmp_path)
    assert load_sentences("en", "first", tmp_path) == kept
    assert load_sentences("en", "second", tmp_path) is None
    assert load_sentences("es", "first", tmp_path) is None
    assert [path.name for path in tmp_path.iterdir()] == ["sentences-en.json"]


def test_kept_sentences_that_were_cut_short_are_read_anew(tmp_path: Path) -> None:
    keep_sentences("en", Sentences("m", {"a": "one"}, {}), tmp_path)
    path = tmp_path / "sentences-en.json"
    path.write_bytes(path.read_bytes()[:-1])
    assert load_sentences("en", "m", tmp_path) is None


def test_another_word_name_or_order_is_another_digest(tmp_path: Path) -> None:
    first, second = tmp_path / "a.po", tmp_path / "b.po"
    first.write_text("ab")
    second.write_text("c")
    seen = {digest([first, second]), digest([second, first]), digest([first])}
    first.write_text("a")
    second.write_text("bc")
    assert len(seen | {digest([first, second])}) == 4
