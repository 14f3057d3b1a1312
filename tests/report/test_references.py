"""References as people read them."""

from pathlib import Path

import pytest

from esmlearn.report.references import read_references

FOLDER = Path(__file__).parents[2] / "references"

ENTRY = r"""@article{kuensch1989,
    author = {K{\"u}nsch, Hans R. and {\L}ukasz Nov{\'a}k},
    title = {The {Jackknife} and the Bootstrap},
    journal = {Ann. Stat.},
    volume = {17},
    pages = {1217--1241},
    year = {1989},
    doi = {10.1214/aos/1176347265}
}
"""


def test_an_entry_reads_as_in_a_list():
    (found,) = read_references([ENTRY, ENTRY])
    assert found.text == (
        "Künsch, Hans R.; Novák, Łukasz (1989): The Jackknife and the Bootstrap. Ann. Stat., 17, 1217–1241."
    )
    assert found.doi == "10.1214/aos/1176347265"
    assert found.bibtex.strip() == ENTRY.strip()


def test_many_authors_are_cut_and_an_apostrophe_is_no_accent():
    entry = "@misc{a,\n author = {Anna d'Alba and B C and D E and F G and H I},\n title = {Why?}\n}\n"
    (found,) = read_references([entry])
    assert found.text == "d'Alba, Anna et al.: Why?"


def test_entries_of_one_file_are_sorted_by_author():
    found = read_references(["@misc{b,\n author = {Zoe Z}\n}\n\n@misc{a,\n author = {Abe A}\n}\n"])
    assert [reference.key for reference in found] == ["a", "b"]


def test_text_that_is_no_bibtex_gives_nothing():
    assert read_references(["", "citation information was not found"]) == []


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.bibtex")), ids=lambda file: file.stem)
def test_our_own_references_are_understood(file):
    (found,) = read_references([file.read_text(encoding="utf-8")])
    assert found.key == file.stem
    assert found.doi
    assert not set("{}\\") & set(found.text)
