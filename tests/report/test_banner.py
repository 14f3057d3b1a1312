"""The report says what it is about, and calls nothing an ocean that is none."""

import pytest

from esmlearn.report.content import Dataset, Report
from esmlearn.report.hiding import how_hidden
from esmlearn.report.page import render
from esmlearn.words import domain_of


def test_the_banner_names_the_quantity():
    data = Dataset({"long_name": "Near-Surface Air Temperature"}, {"source": "synthetic"})
    page = render(Report("t", datasets=(data, data)))
    assert "Near-surface air temperature in this report was made by a program" in " ".join(page.split())
    assert "ocean" not in page.split("<header>")[1].split("</header>")[0].lower()
    assert "The data in this report were made" in " ".join(
        render(Report("t", datasets=(Dataset({}, {"source": "synthetic"}),))).split()
    )


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("sea_surface_height_above_sea_level", "ocean"),
        ("mass_concentration_of_chlorophyll_a_in_sea_water", "ocean"),
        ("precipitation_flux", "area"),
        (None, "ocean"),
    ],
)
def test_gaps_hide_the_ocean_or_an_area(name, domain):
    assert domain_of(name) == domain
    fact = {"truth": "T", "gaps": {"kind": "clouds", "share": 0.5, "seed": 1}, "domain": domain}
    assert f"of the {domain} (seed 1)" in how_hidden(fact)[0]
