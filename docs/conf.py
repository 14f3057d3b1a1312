"""Build the documentation: `make docs`. Neither the build nor the finished pages need a network."""

import datetime
import inspect
import sys
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from sphinx.application import Sphinx

import esmlearn
from esmlearn import settings
from esmlearn.settings.sources import SourceSettings

sys.path.insert(0, str(Path(__file__).parent))
from house import write_house

project = "esmlearn"
author = "The esmlearn developers"
version = release = esmlearn.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 4
default_role = "code"  # docstrings are written with single backticks

toc_object_entries = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings name the shapes; the full annotations would bury the names of arguments
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False

html_theme = "pydata_sphinx_theme"
html_title = "esmlearn"
html_math_renderer = "mathml"
html_show_sourcelink = False
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_sidebars = {"**": ["globaltoc.html"]}
html_theme_options = {"navbar_center": [], "navigation_with_keys": False, "secondary_sidebar_items": ["page-toc"]}

GENERATED = "<!-- all settings -->"
MAPPING = "<!-- all keys of a mapping -->"
HOUSE = """```{image} _build/house/house_light.svg
:class: only-light
:alt: Rooms of esmlearn in their layers, with the four tasks in the middle; imports go down only
```

```{image} _build/house/house_dark.svg
:class: only-dark
:alt: The same for dark pages
```"""
WORDS = {str: "text", int: "whole number", float: "number", bool: "`true` or `false`", datetime.date: "date"}
SIGNS = {"ge": "≥ {:g}", "gt": "> {:g}", "le": "≤ {:g}", "lt": "< {:g}", "multiple_of": "a multiple of {:g}"}


def settings_reference() -> str:
    """Describe the settings of all scripts, from the very classes that check a recipe."""
    parts = []
    for script, tasks in settings.SCRIPTS.items():
        for task, block in tasks.items():
            by_default = task == next(iter(tasks))
            parts += _describe(f"Script `{script}`" + ("" if by_default else f", with `task: {task}`"), "", block)
    parts += _describe("Command `format` for profiles", "", settings.ProfileSettings)
    return "\n\n".join(parts)


def _describe(title: str, path: str, block: type[settings.Block], note: str = "") -> list[str]:
    """Give heading, docstring and table of a block, then the same for the blocks within it."""
    lines, inner = [], []
    for key, field in block.model_fields.items():
        name = f"{path}{key}"
        below = _block_in(field.annotation)
        if below:
            words = field.description or ("not given by default" if field.default is None else "")
            inner += _describe(f"`{name}`", f"{name}.", below, words)
            continue
        kind = "START/END" if block.__annotations__.get(key) is settings.Period else _kind(field.annotation)
        bounds = _bounds(field.metadata)
        cells = (f"`{name}`", ", ".join([kind, *bounds]), _default(field), field.description or "")
        lines.append("| " + " | ".join(cells) + " |")
    level = "##" if not path else "#" * (2 + path.count("."))
    about = inspect.cleandoc(block.__doc__ or "") + (f"\n\nHere: {note}." if note else "")
    table = "| Setting | Takes | Default | What it does |\n|---|---|---|---|\n" + "\n".join(lines)
    return [f"{level} {title}", about, *([table] if lines else []), *inner]


def _block_in(annotation: Any) -> type[settings.Block] | None:
    """Return the block that a field holds, if it holds one."""
    kinds = (annotation, *get_args(annotation))
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, settings.Block)), None)


def _kind(annotation: Any) -> str:
    """Say in words what a field takes."""
    origin, args = get_origin(annotation), get_args(annotation)
    if annotation in WORDS:
        return WORDS[annotation]
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in args)
    if origin is Annotated:
        metadata = [part for item in args[1:] for part in (item.metadata if isinstance(item, FieldInfo) else [item])]
        return ", ".join([_kind(args[0]), *_bounds(metadata)])
    if origin is tuple:
        return f"list; each {_kind(args[0])}" if args[-1] is Ellipsis else f"list of {len(args)}; each {_kind(args[0])}"
    return " or ".join(_kind(part) for part in args if part is not type(None))


def _bounds(metadata: list[Any]) -> list[str]:
    """Write down the limits of a number."""
    return [
        text.format(getattr(item, sign)) for item in metadata for sign, text in SIGNS.items() if hasattr(item, sign)
    ]


def _default(field: FieldInfo) -> str:
    """Write a default as a recipe would."""
    value = field.default
    if value is PydanticUndefined:
        return "must be given"
    if value is None or value == ():
        return "none"
    if isinstance(value, tuple):
        return f"`[{', '.join(map(str, value))}]`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _fill_in(_app: Sphinx, _docname: str, source: list[str]) -> None:
    if GENERATED in source[0]:
        source[0] = source[0].replace(GENERATED, settings_reference())
    if MAPPING in source[0]:
        source[0] = source[0].replace(MAPPING, "\n\n".join(_describe("All keys", "", SourceSettings)))
    source[0] = source[0].replace("<!-- picture of the house -->", HOUSE)


def _inline_math(translator: Any, node: nodes.math) -> None:
    translator.body.append(tex2mathml(node.astext()))
    raise nodes.SkipNode


def _display_math(translator: Any, node: nodes.math_block) -> None:
    translator.body.append(f'<div class="equation">{tex2mathml(node.astext(), as_block=True)}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Fill in the settings, and write equations as MathML, which browsers draw themselves."""
    app.connect("source-read", _fill_in)
    app.connect("builder-inited", lambda app: write_house(Path(app.srcdir, "_build", "house")))
    # What changes with the code, which Sphinx does not see.
    app.connect("env-get-outdated", lambda *_: ["architecture", "settings", "sources"])
    app.add_html_math_renderer("mathml", (_inline_math, None), (_display_math, None))
