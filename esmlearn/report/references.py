"""List of references, from the BibTeX files that ESMValCore writes beside every product."""

import contextlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from pybtex.database import Entry, parse_string
from pybtex.exceptions import PybtexError
from pybtex.richtext import Text

MOST_AUTHORS = 4


@dataclass(frozen=True)
class Reference:
    """One reference: key, text, DOI, and BibTeX entry."""

    key: str
    text: str
    doi: str
    bibtex: str


def read_references(texts: Iterable[str]) -> list[Reference]:
    """Read the entries of BibTeX files from their texts, each once, sorted by author and year."""
    found: dict[str, Reference] = {}
    whole = re.compile(r"^@\w+\{.*?^\}", flags=re.DOTALL | re.MULTILINE)
    for bibtex in dict.fromkeys(entry for text in texts for entry in whole.findall(text)):
        # Some entries of ESMValTool lack the backslash of their umlauts. Entries that are no BibTeX are left out.
        with contextlib.suppress(PybtexError):
            mended = re.sub(r'(?<=\w)"(?=\{\w\})', r'\\"', bibtex)
            for key, entry in parse_string(mended, "bibtex").entries.items():
                found.setdefault(key, _reference(key, entry, bibtex))
    return sorted(found.values(), key=lambda reference: reference.text.casefold())


def _reference(key: str, entry: Entry, bibtex: str) -> Reference:
    """Write one entry as a line of a list."""
    fields = {name.lower(): str(Text.from_latex(value)) for name, value in entry.fields.items()}
    where = ", ".join(fields[name] for name in ("journal", "booktitle", "volume", "pages") if fields.get(name))
    year = f" ({fields['year']})" if "year" in fields else ""
    names = [str(Text.from_latex(str(person))) for person in entry.persons.get("author", [])] or [key]
    authors = "; ".join(names) if len(names) <= MOST_AUTHORS else f"{names[0]} et al."
    title = f"{authors}{year}: {fields.get('title', '')}".strip(" :")
    sentences = (part if part.endswith(("?", "!", ".")) else f"{part}." for part in (title, where) if part)
    return Reference(key, " ".join(sentences), fields.get("doi", ""), bibtex)
