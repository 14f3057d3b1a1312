"""Missing files of a recipe, and units that do not convert, are found before it runs."""

import pytest
import yaml

from esmlearn.bridge.input_files import check_datasets

FACETS = {"project": "OBS6", "mip": "Oday", "tier": 2, "type": "sat", "version": 1}
PREPROCESSORS = {"kelvin": {"convert_units": {"units": "K"}}, "sum": {"daily_statistics": {"operator": "sum"}}}
SPLIT = {"train": "2001-01-01/2001-06-30", "validation": "2001-07-01/2001-09-30", "test": "2001-10-01/2001-12-31"}


@pytest.fixture
def recipe(tmp_path):
    """Write a recipe with one dataset, whose files of 2001 and 2003 exist."""
    from esmvalcore.config import CFG

    source = {
        "type": "esmvalcore.io.local.LocalDataSource",
        "rootpath": str(tmp_path),
        "dirname_template": "{dataset}",
        "filename_template": "{project}_{dataset}_{type}_{version}_{mip}_{short_name}[_.]*nc",
    }
    (tmp_path / "Ours").mkdir()
    for year in (2001, 2003):
        (tmp_path / "Ours" / f"OBS6_Ours_sat_1_Oday_tos_{year}0101-{year}1231.nc").touch()

    def write(*, scripts=None, **facets):
        variable = {**FACETS, "timerange": "2001/2001", "additional_datasets": [{"dataset": "Ours"}], **facets}
        path = tmp_path / "recipe.yml"
        documentation = {"title": "Files", "description": "Files", "authors": ["esmlearn_team"]}
        diagnostics = {"ocean": {"variables": {"tos": variable}, "scripts": scripts}}
        whole = {"documentation": documentation, "preprocessors": PREPROCESSORS, "diagnostics": diagnostics}
        path.write_text(yaml.safe_dump(whole))
        return path

    with CFG.context({"projects": {"OBS6": {**CFG["projects"]["OBS6"], "data": {"ours": source}}}}):
        yield write


def test_a_recipe_whose_files_exist_has_no_problem(recipe):
    assert check_datasets(recipe()) == []


@pytest.mark.parametrize(
    ("facets", "problem"),
    [
        ({"additional_datasets": [{"dataset": "Other"}]}, "ocean/tos: Other (Oday) has no file; correct the dataset"),
        ({"timerange": "2001/2003"}, "ocean/tos: Ours (Oday) has no file of the years 2002; change `timerange`"),
        ({"timerange": "1999/2003"}, "ocean/tos: Ours (Oday) has no file of the years 1999, 2000, 2002; change"),
        ({"short_name": "sos"}, "ocean/tos: Ours (Oday) has no file"),
    ],
)
def test_what_is_missing_is_named(recipe, facets, problem):
    (found,) = check_datasets(recipe(**facets))
    assert problem in found


@pytest.mark.parametrize(
    ("data", "facets", "there"),
    [
        ({"units": "K"}, {}, None),
        ({}, {}, None),
        ({"units": "mg m-3"}, {}, "degC"),
        ({"units": "mg m-3"}, {"preprocessor": "kelvin"}, "K"),
        ({"units": "mg m-3"}, {"preprocessor": "sum"}, None),  # the tables don't know
        ({"observations": "tos", "units": "mg m-3"}, {}, "degC"),
    ],
)
def test_units_that_nothing_converts_to_are_named(recipe, data, facets, there):
    train = {"script": "diagnostics/train.py", "data": {"observations": "Ours", "split": SPLIT, **data}}
    name = train["data"]["observations"]
    sentence = f"ocean/train: data.units is mg m-3, but {name} is in {there}, which does not convert to it; set "
    sentence += "data.units, or choose another dataset."
    assert check_datasets(recipe(scripts={"train": train}, **facets)) == ([] if there is None else [sentence])
