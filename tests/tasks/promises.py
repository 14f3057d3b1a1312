"""What is promised to those who read what scripts leave, as checks; see "Contracts" in the change log."""

import numpy as np

from tests.tasks.run_scripts import Product, read_json

MEMBERS = 16
"""Members of an ensemble where the settings name no number."""

ROW = {"dataset", "method", "role", "frequency", "split", "region", "metric", "value", "units", "n", "low", "high"}
SPACE = ("time", "lat", "lon")


def check_models(run, *names):
    """A model folder holds weights, settings and a card."""
    for name in names:
        folder = run.folder("work", name) / "model"
        assert {"model.safetensors", "settings.json", "README.md"} <= {path.name for path in folder.iterdir()}
        assert read_json(folder / "settings.json")["settings"]["training"]["steps"] > 0
        assert (folder / "README.md").read_text(encoding="utf-8").strip()


def check_records(run):
    """All that scripts left is recorded, with a caption and what it was made of."""
    known = set(run.inputs).union(*(run.products(name) for name in run.records))
    for name, records in run.records.items():
        assert records.keys() == run.products(name), name
        for record in records.values():
            assert record["caption"]
            assert record["ancestors"]
            assert set(record["ancestors"]) <= known


def check_days(product, truth, seen, dims=SPACE):
    """Land is masked and the sea complete; what was observed is said, and has stayed."""
    assert product.dims == dims
    shape = product.values.shape
    np.testing.assert_array_equal(np.isnan(product.values), np.broadcast_to(np.isnan(truth), shape))
    if product.observed is not None:
        np.testing.assert_array_equal(product.observed, np.where(np.isnan(truth), -1, np.isfinite(seen)))
    if product.said["esmlearn_method"] == "climatology":
        return  # says what is normal, whatever was observed
    known = np.isfinite(seen)
    wanted = np.broadcast_to(seen, shape)[..., known]
    np.testing.assert_allclose(product.values[..., known], wanted, atol=1e-5)
    if product.std is not None:
        np.testing.assert_array_equal(np.isnan(product.std), np.isnan(truth))
        np.testing.assert_allclose(product.std[known], 0.0, atol=1e-5)
        assert (product.std[~known & np.isfinite(truth)] > 1e-4).all()


def check_members(folder, stem, truth, seen, short_name="tos"):
    """Members lie beside their mean, standard deviation and months, and each of them is what was observed."""
    mean, members, months = (
        Product.read(folder / f"{stem.format('ConditionalDiffusion')}_{part}.nc", short_name)
        for part in ("day", "day_members", "mon_members")
    )
    check_days(mean, truth, seen)
    check_days(members, truth, seen, dims=("realization", *SPACE))
    assert members.axis == months.axis == list(range(MEMBERS))
    known = np.isfinite(seen)
    np.testing.assert_array_equal(members.values[:, known], np.tile(seen[known], (MEMBERS, 1)))
    np.testing.assert_allclose(mean.values, members.values.mean(axis=0), atol=1e-4)
    np.testing.assert_allclose(mean.std, members.values.std(axis=0, ddof=1), atol=1e-4)
    wanted = np.stack([members.values[:, days].mean(axis=1) for days in mean.each_month()], axis=1)
    np.testing.assert_allclose(months.values, wanted, atol=1e-4)


def check_scores(folder, files, truth, hidden, lat, **of):
    """Every method has one RMSE, on the same points, and it is that which anyone computes from the files.

    Parameters
    ----------
    folder
        Of the script `evaluate`.
    files
        The daily file of each method.
    truth, hidden, lat
        What is right, where it was hidden, and the latitude of each row.
    of
        What the rows have in common, such as their level.
    """
    rows = read_json(folder / "scores.json")
    rows = [row for row in rows if row["metric"] == "rmse" and all(row[key] == of[key] for key in of)]
    days, months = ({row["method"]: row for row in rows if row["frequency"] == part} for part in ("day", "mon"))
    assert len(rows) == 2 * len(files)
    assert days.keys() == months.keys() == files.keys()
    hidden = hidden & np.isfinite(truth)
    for method, product in files.items():
        assert days[method].keys() >= ROW
        assert product.said["esmlearn_method"] == method
        assert product.said["esmlearn_role"] == days[method]["role"]
        check_rmse(days[method], product.values - truth, hidden, lat)
    pairs = [(truth[days].mean(axis=0), hidden[days].any(axis=0)) for days in product.each_month()]
    right, counted = map(np.stack, zip(*pairs, strict=True))
    for method, product in files.items():
        check_rmse(months[method], product.months.values - right, counted, lat)


def check_rmse(row, error, points, lat):
    """A row is the root of the mean square error at points, weighted by the area of cells on a regular grid."""
    areas = np.broadcast_to(np.cos(np.deg2rad(lat))[:, None], error.shape)
    assert row["n"] == points.sum()
    assert row["value"] > 0
    np.testing.assert_allclose(row["value"], np.sqrt(np.average(error[points] ** 2, weights=areas[points])), rtol=1e-5)


def check_ablations(reconstructed, evaluated, truth, lat, asked, level=None, short_name="tos"):
    """Each ablation, and the ensemble as usual beside them, has an RMSE that its own file bears out.

    Parameters
    ----------
    reconstructed, evaluated
        Folders of the scripts.
    truth
        On all days since the data begin, with the levels that the files have.
    lat
        Latitude of each row.
    asked
        Settings of each ablation, by its name.
    level
        Index and depth of a level.
    """
    index, depth = level or (0, None)
    rows = read_json(evaluated / "ablations.json")
    rmse = {row["ablation"]: row for row in rows if row["metric"] == "rmse" and row.get("level") == depth}
    assert {name: row["varied"] for name, row in rmse.items()} == {None: {}, **asked}
    files = [Product.read(file, short_name) for file in sorted((reconstructed / "ablations").glob("*.nc"))]
    assert len(files) == len(rmse)
    for product in files:
        right, flag = truth[product.days], product.observed
        members = product.values
        if depth is not None:
            right, flag, members = right[:, index], flag[:, index], members[:, :, index]
        row = rmse[product.said["esmlearn_ablation"] or None]
        check_rmse(row, members.mean(axis=0) - right, flag == 0, lat)
    # What is left out, or done otherwise, makes a difference.
    assert len({row["value"] for row in rmse.values()}) == len(rmse)
