"""Missing files of a recipe are found before it runs."""

import pytest
import yaml

from esmlearn.bridge.input_files import missing_files

FACETS = {"project": "OBS6", "mip": "Oday", "tier": 2, "type": "sat", "version": 1}


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

    def write(**facets):
        variable = {**FACETS, "timerange": "2001/2001", "additional_datasets": [{"dataset": "Ours"}], **facets}
        path = tmp_path / "recipe.yml"
        documentation = {"title": "Files", "description": "Files", "authors": ["esmlearn_team"]}
        diagnostics = {"ocean": {"variables": {"tos": variable}, "scripts": None}}
        path.write_text(yaml.safe_dump({"documentation": documentation, "diagnostics": diagnostics}))
        return path

    with CFG.context({"projects": {"OBS6": {"data": {"ours": source}}}}):
        yield write


def test_a_recipe_whose_files_exist_has_no_problem(recipe):
    assert missing_files(recipe()) == []


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
    (found,) = missing_files(recipe(**facets))
    assert problem in found
