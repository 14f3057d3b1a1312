"""What README and documentation name is there: recipes, settings, files, tests, commands."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from esmlearn.bridge.cli import Learn
from esmlearn.settings import SCRIPTS, Block

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
RECIPES = sorted((ROOT / "recipes").glob("recipe_*.yml"))

# Made by hand from a run, and added when there is one worth showing.
PICTURES = {"docs/images/reconstruction.png"}


def fields_of(block: type[Block], path: str = "") -> Iterator[tuple[str, str, bool]]:
    """Give key, description, and whether it is a block, for all settings of a script."""
    for key, field in block.model_fields.items():
        kinds = (field.annotation, *get_args(field.annotation))
        inner = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Block)), None)
        yield f"{path}{key}", field.description or (inner.__doc__ if inner else None) or "", inner is not None
        if inner:
            yield from fields_of(inner, f"{path}{key}.")


BLOCKS = {f"{script} {task}".strip(): block for script, tasks in SCRIPTS.items() for task, block in tasks.items()}
SETTINGS = {script: {name: words for name, words, _ in fields_of(block)} for script, block in BLOCKS.items()}


def text_outside_of_code_blocks(page: Path) -> str:
    """Read a page without what it shows as code."""
    return re.sub(r"^(`{3,}).*?^\1", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_has_a_page_that_is_listed(recipe):
    name = recipe.stem.removeprefix("recipe_")
    page = ROOT / "docs" / "recipes" / f"{name}.md"
    assert f"recipes/{recipe.name}" in page.read_text(encoding="utf-8")
    assert re.search(rf"^{name}$", (page.parent / "index.md").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("script", BLOCKS)
def test_every_setting_is_described(script):
    """The reference of all settings is made of these words."""
    assert not {name for name, words in SETTINGS[script].items() if not words.strip()}


def test_settings_that_the_docs_name_exist():
    known = {name for names in SETTINGS.values() for name in names}
    blocks = {name for block in BLOCKS.values() for name, _, is_block in fields_of(block) if is_block}
    starts = "|".join(sorted({name.split(".")[0] for name in blocks}))
    unknown = {
        f"{page.name}: {name}"
        for page in PAGES
        for name in re.findall(rf"`((?:{starts})\.[a-z_.]+?)(?:`|: )", page.read_text(encoding="utf-8"))
        if name not in known and not name.endswith((".safetensors", ".json"))
    }
    assert not unknown


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_links_to_is_there(page):
    links = re.findall(r"\]\(([^)\s]+)\)", text_outside_of_code_blocks(page))
    local = {link.split("#")[0] for link in links if not re.match(r"[a-z]+:|#", link)}
    missing = {link for link in local if link and not (page.parent / link).exists()}
    if page.name == "README.md":
        missing -= PICTURES
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_and_tests_that_a_page_names_are_there(page):
    """`tests/x.py::test_y` names a test that exists, and `esmlearn/…`, `recipes/…` files that do."""
    for path, test in re.findall(
        r"`((?:esmlearn|tests|diagnostics|packaging|docs|benchmarks)/[\w./]+)(?:::(\w+))?`",
        page.read_text(encoding="utf-8"),
    ):
        assert (ROOT / path).exists(), path
        assert not test or f"def {test}(" in (ROOT / path).read_text(encoding="utf-8"), test


def test_commands_that_the_docs_name_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    commands = {name.replace("_", "-") for name in vars(Learn) if not name.startswith("_")}
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE)) <= targets, page
        assert set(re.findall(r"esmvaltool learn ([a-z-]+)", text)) <= commands, page


def test_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 70
