"""Units mean what those who wrote them meant: a temperature is never an angle or a charge."""

import dask.array as da
import numpy as np
import pytest
from cf_units import Unit
from iris.coords import AncillaryVariable

from esmlearn.cubes.units import convert, convert_difference, difference_units, mend_units, read_units
from esmlearn.errors import DataError
from esmlearn.fields.field import Field
from tests.made_fields import make_cube, wavy_ocean

CELSIUS = [
    *("degree Celsius", "degrees Celsius", "degree_Celsius", "degrees C", "degrees_C", "degree C", "deg C", "deg. C"),
    *("degC", "Deg C", "Celsius", "celsius", "C", "centigrade", "°C", "degreesC"),
]
KELVIN = ["K", "k", "kelvin", "Kelvin", "degrees kelvin", "deg_k", "degK", "Deg K"]


def with_units(cube, text):
    """A cube as iris reads it: units that mean nothing stand in an attribute."""
    try:
        cube.units = text
    except ValueError:
        cube.units = "unknown"
        cube.attributes["invalid_units"] = text
    return cube


@pytest.mark.parametrize("text", CELSIUS + KELVIN)
def test_temperatures_are_temperatures_however_their_units_are_spelled(text):
    warm = wavy_ocean(4) + (273.15 if text in KELVIN else 0)
    cube = with_units(make_cube(warm), text)
    field = Field.from_cube(cube, units="degC")
    np.testing.assert_allclose(field.values[:, 0], wavy_ocean(4), atol=1e-4)
    back = field.to_cubes()[0]
    assert back.units == Unit("K" if text in KELVIN else "degC")
    assert "invalid_units" not in back.attributes
    np.testing.assert_allclose(back.data.filled(np.nan), warm, atol=1e-4)


@pytest.mark.parametrize("text", CELSIUS)
def test_the_error_of_a_temperature_is_converted_by_the_factor_alone(text):
    cube = make_cube(wavy_ocean(4))
    error = AncillaryVariable(np.full(cube.shape, 0.4), standard_name=f"{cube.standard_name} standard_error")
    cube.add_ancillary_variable(with_units(error, text), (0, 1, 2))
    found = mend_units(cube).ancillary_variables()[0]
    assert found.units == "degC"
    assert difference_units(found.units) == "K"
    assert convert_difference(found.data, found.units, "K")[0, 0, 0] == pytest.approx(0.4)
    assert convert_difference(found.data, "K", text if text != "C" else "degC")[0, 0, 0] == pytest.approx(0.4)


@pytest.mark.parametrize("text", ["psu", "PSU", "1e-3", "0.001", "g kg-1", "practical salinity units", "PSS-78"])
def test_salinity(text):
    cube = make_cube(np.full((2, 3, 4), 35.0))
    cube.standard_name = "sea_water_salinity"
    assert convert(np.array(35.0), mend_units(with_units(cube, text)).units, "1e-3", name="so") == pytest.approx(35)


def test_the_practical_scale_counts_thousandths():
    cube = make_cube(np.full((2, 3, 4), 35.0), units="1")
    cube.standard_name = "sea_water_practical_salinity"
    np.testing.assert_allclose(Field.from_cube(cube, units="0.001").values, 35)


def test_charges_stay_charges_and_chlorophyll_may_have_a_hat():
    assert read_units("C") == Unit("coulomb")
    assert all(read_units(text) == Unit("mg m-3") for text in ("mg m^-3", "mg/m3", "mg m-3", "milligram m-3"))
    assert read_units("bananas").is_unknown()


def test_units_that_are_right_cost_nothing_and_wrong_ones_no_reading():
    cube = make_cube(wavy_ocean(2))
    assert mend_units(cube) is cube
    lazy = make_cube(wavy_ocean(2), units="degree Celsius")
    lazy.data = da.from_array(lazy.data)
    assert mend_units(lazy).has_lazy_data()
    assert str(lazy.units) == "degree Celsius"  # what was given is left as it was


def test_a_known_quantity_without_units_is_refused():
    with pytest.raises(DataError, match="has no units; set its units, such as degC or K"):
        mend_units(make_cube(wavy_ocean(2), units="unknown"))
    with pytest.raises(DataError, match="is in 'bananas', which means nothing"):
        mend_units(with_units(make_cube(wavy_ocean(2)), "bananas"))


def test_what_does_not_convert_is_refused_by_name():
    with pytest.raises(DataError, match="tos is in m, which does not convert to degC"):
        convert(np.zeros(2), "m", "degC", name="tos")
