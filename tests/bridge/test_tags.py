"""The tags and papers that ESMValCore reads are well formed."""

from pathlib import Path

import pybtex.database
import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]


def test_every_author_has_what_esmvalcore_looks_up():
    tags = yaml.safe_load((REPOSITORY / "config-references.yml").read_text())
    for author in tags["authors"].values():
        assert {"name", "institute", "orcid"} <= set(author)


@pytest.mark.parametrize("file", sorted((REPOSITORY / "references").glob("*.bibtex")), ids=lambda file: file.stem)
def test_every_paper_is_one_entry_of_its_name(file):
    (key,) = pybtex.database.parse_file(str(file), bib_format="bibtex").entries
    assert key == file.stem
