"""Papers to cite: what ESMValCore collected as BibTeX beside every product, as a list that people read."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

# BibTeX's accents, as combining characters.
ACCENTS = {'"': "\u0308", "'": "\u0301", "`": "\u0300", "^": "\u0302", "~": "\u0303", "c": "\u0327", "v": "\u030c"}
# An accent stands behind a backslash; a quotation mark before a brace is one, too, in entries that lost theirs.
ACCENT = re.compile(r"""(?:\\(?=["'`^~]|[cv]\s*\{)|(?="\{))(?P<accent>["'`^~cv])\s*\{?\\?(?P<letter>[a-zA-Z])""")
LETTERS = {r"\L": "Ł", r"\l": "ł", r"\o": "ø", r"\O": "Ø", r"\ss": "ß", r"\aa": "å", r"\AA": "Å"}
MOST_AUTHORS = 4


@dataclass(frozen=True)
class Reference:
    """One entry: its key, how it reads, its DOI, and the entry itself."""

    key: str
    text: str
    doi: str
    bibtex: str


def read_references(texts: Iterable[str]) -> list[Reference]:
    """Read the entries of some BibTeX files, each once, by author and year.

    Parameters
    ----------
    texts
        Contents of the files.
    """
    found = {}
    for text in texts:
        for entry in re.findall(r"^@\w+\{.*?^\}", text, flags=re.DOTALL | re.MULTILINE):
            key = re.match(r"@\w+\{\s*([^,\s]*)", entry)
            if key and key[1] not in found:
                found[key[1]] = _reference(key[1], entry)
    return sorted(found.values(), key=lambda reference: reference.text.casefold())


def _reference(key: str, entry: str) -> Reference:
    """Write one entry as a line of a list."""
    fields = dict(re.findall(r"^\s*(\w+)\s*=\s*[{\"]?(.*?)[}\"]?,?\s*$", entry, flags=re.MULTILINE))
    fields = {name.lower(): _plain(value) for name, value in fields.items()}
    where = ", ".join(fields[name] for name in ("journal", "booktitle", "volume", "pages") if fields.get(name))
    year = f" ({fields['year']})" if "year" in fields else ""
    title = f"{_authors(fields.get('author', key))}{year}: {fields.get('title', '')}".strip(" :")
    sentences = (part if part.endswith(("?", "!", ".")) else f"{part}." for part in (title, where) if part)
    return Reference(key, " ".join(sentences), fields.get("doi", ""), entry)


def _authors(text: str) -> str:
    """Names, the first few of them, with the family name first."""
    names = [name.strip() for name in re.split(r"\s+and\s+", text)]
    shown = [name if "," in name else ", ".join(reversed(name.rsplit(" ", 1))) for name in names]
    return "; ".join(shown) if len(shown) <= MOST_AUTHORS else f"{shown[0]} et al."


def _plain(text: str) -> str:
    """Text without BibTeX's braces and commands."""
    for command, letter in LETTERS.items():
        text = re.sub(rf"{re.escape(command)}(?![a-zA-Z])", letter, text)
    text = ACCENT.sub(lambda match: match["letter"] + ACCENTS[match["accent"]], text)
    text = text.replace("--", "–").replace("{", "").replace("}", "").replace("\\", "")
    return unicodedata.normalize("NFC", text)
