"""A CMOR table of our own, for quantities that satellites see and that no table of ESMValCore has."""

import json
from pathlib import Path

import yaml

from esmlearn.datasets.obs6 import OWN, VARIABLES
from esmlearn.files import write_text

ENTRY = {
    "cell_measures": "area: areacello",
    "cell_methods": "area: mean where sea time: mean",
    "comment": "",
    "dimensions": "longitude latitude time",
    "frequency": "",
    "modeling_realm": "ocean",
    "positive": "",
    "type": "real",
    "valid_min": "",
    "valid_max": "",
    "ok_min_mean_abs": "",
    "ok_max_mean_abs": "",
}
"""What all entries have in common, in the form of CMIP6 tables."""


def write_table(folder: Path) -> Path:
    """Write the table, and a configuration of ESMValCore that adds it to those of OBS6.

    Parameters
    ----------
    folder
        Where OBS6 data are.

    Returns
    -------
    pathlib.Path
        The folder of the configuration, for `esmvaltool run --config_dir`.
    """
    config = folder.absolute() / "esmvaltool_config"
    tables = config / "tables"
    entries = {name: ENTRY | VARIABLES[name] | {"out_name": name} for name in OWN}
    table = {"Header": {"table_id": "Table esmlearn", "generic_levels": ""}, "variable_entry": entries}
    write_text(tables / "CMIP6_esmlearn.json", json.dumps(table, indent=2) + "\n")
    # A list replaces that of ESMValCore, so its own tables are named, too.
    paths = ["cmip6/Tables", "cmip6-custom", str(tables)]
    words = f"# Adds {', '.join(OWN)} to the variables of OBS6 data. Written by esmvaltool learn format.\n"
    write_text(
        config / "esmlearn_table.yml", words + yaml.safe_dump({"projects": {"OBS6": {"cmor_table": {"paths": paths}}}})
    )
    return config
