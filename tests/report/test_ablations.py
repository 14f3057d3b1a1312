"""What an ablation costs, in a table and in a sentence."""

from esmlearn.report.ablations import ablation_sentences, ablation_tables

NBSP = "\N{NO-BREAK SPACE}"


def rows(level, **crps):
    """Rows of the ensemble as usual and of some ablations, by their CRPS."""
    varied = {"no_surface": {"without": ["surface"]}, "half": {"share": 0.5}, "steps": {"steps": 5}}
    made = []
    for name, value in crps.items():
        for metric in ("rmse", "bias", "crps", "spread_skill_ratio"):
            made.append(
                {
                    "dataset": f"Floats at {level:g} m",
                    "method": "ConditionalDiffusion",
                    "metric": metric,
                    "value": value,
                    "low": None,
                    "high": None,
                    "units": "degC",
                    "n": 500 if name == "half" else 1000,
                    "level": level,
                    "ablation": None if name == "usual" else name,
                    "varied": varied.get(name, {}),
                }
            )
    return made


ROWS = rows(5.0, usual=0.2, no_surface=0.3, half=0.1, steps=0.2) + rows(50.0, usual=0.4, no_surface=0.4, half=0.2)


def test_change_is_against_the_ensemble_as_usual_on_the_same_points():
    first, second = ablation_tables(ROWS)
    assert first.title == "Floats at 5 m: Conditional diffusion sampled otherwise, in °C"
    change = {line.label: line.cells[first.heads.index("Change of CRPS")] for line in first.lines}
    assert [(name, cell.text, cell.emphasis) for name, cell in change.items()] == [
        ("as usual", "", ""),
        ("no_surface", f"+50.0{NBSP}%", "bad"),
        ("half", "", ""),
        ("steps", f"+0.0{NBSP}%", ""),
    ]
    assert [line.cells[-1].text for line in first.lines] == ["1,000", "1,000", "500", "1,000"]
    assert [line.model for line in second.lines] == [True, False, False]


def test_one_sentence_tells_an_ablation_at_all_levels():
    assert ablation_sentences(ROWS) == [
        f"No_surface: the CRPS rises by 50.0{NBSP}% at 5 m, stays the same at 50 m.",
        f"Half: the CRPS is 0.100{NBSP}°C at 5 m, is 0.200{NBSP}°C at 50 m, on its own hidden points.",
        "Steps: the CRPS stays the same at 5 m.",
    ]
    (alone,) = ablation_sentences(rows(5.0, usual=0.2, steps=0.1))
    assert alone == f"Steps: the CRPS falls by 50.0{NBSP}%."
    assert ablation_tables([]) == ablation_sentences([]) == []
