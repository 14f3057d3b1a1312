"""Rows of scores.json with known content for the tests of figures and of the report."""


def row(method, role, metric, value, frequency="day", **extra):
    return {
        "dataset": "Ocean", "method": method, "role": role, "frequency": frequency, "split": "test", "region": "all",
        "metric": metric, "value": value, "low": None, "high": None, "units": "degC", "n": 1234, **extra,
    }  # fmt: skip


def contest(model, baseline, metric="rmse", **extra):
    """A score of a model, and the same of a baseline on the same points."""
    return [
        row("Net", "model", metric, model, **extra),
        row("time_interpolation", "baseline", metric, baseline, **extra),
    ]


def lead(low, high, **extra):
    """Skill of that model against that baseline, with its interval; none if that is None."""
    significant = None if low is None else low > 0 or high < 0
    value = 0.0 if low is None else (low + high) / 2
    keys = {"against": "time_interpolation", "significant": significant, "units": "1", "low": low, "high": high}
    return row("Net", "model", "skill", value, **keys | extra)
