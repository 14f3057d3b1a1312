"""The page is self-contained, escapes all texts from files, and describes scores correctly."""

import re
import shutil
import struct
import subprocess
import zlib
from html.parser import HTMLParser
from pathlib import Path

import pytest

from esmlearn.report import Cost, Dataset, Figure, Method, Model, Product, Report, Training, render
from esmlearn.report.graph import draw
from tests.score_rows import row

HOSTILE = """<script>alert("x")</script><img src=x onerror='alert(1)'>{{ 7 * 7 }}"""
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)


def png(width=10, height=4):
    """Make a grey picture without a library."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pixels = zlib.compress((b"\0" + b"\x80" * width) * height)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def full_report(text="plain"):
    """Fill every field of a report with the same text."""
    fact = {
        "dataset": text, "quantity": text, "units": "degC", "split": text, "truth": text, "complete": True,
        "synthetic": True, "start": "2004-01-01", "end": "2004-12-31", "calendar": "standard", "days": 366,
        "cells": [4, 5], "ocean_cells": 18, "region": [30.0, 34.0, 140.0, 145.0], "share_hidden": 0.7,
        "share_hidden_least": 0.2, "share_hidden_most": 1.0, "months_unseen": 0.1, "withheld": False, "points": 99,
        "buffer_km": 5.0, "buffer_days": 2, "block_days": 30, "regions": {text: [30.0, 31.0, 140.0, 142.0]},
        "left_out": {text: text}, "heatwaves": None, "image_range": [3.0, 29.5], "withhold": None,
        "gaps": {"kind": "dataset", "dataset": text},
    }  # fmt: skip
    names = ("rmse", "mae", "bias", "correlation", "coverage_50", "coverage_90", "crps", "spread_skill_ratio",
             "effective_resolution", "heatwave_critical_success_index", "crps_plain", "energy_score", "psnr",
             "ssim")  # fmt: skip
    metrics = [row(text, "model", name, 0.4, dataset=text) for name in names]
    products = (
        Product(Path(f"/a/{text}/in.nc"), "input", text, (), "ab" * 32, "in.nc"),
        Product(Path("/a/out.nc"), text, text, (Path(f"/a/{text}/in.nc"),), "cd" * 32, "out.nc", ((text, "out.xml"),)),
    )
    return Report(
        title=text,
        description=text,
        words=text,
        rows=(
            *metrics,
            row(f"b{text}", "baseline", "rmse", 0.1, dataset=text),
            row(text, "model", "rmse", 0.1, dataset=text, region=text),
        ),
        facts=(fact,),
        figures=tuple(Figure(name, png(), text) for name in ("maps_day", "skill_ranked", "calibration", "other")),
        datasets=(Dataset({"dataset": text, "version": text}, {"source": text}),),
        products=products,
        methods=(Method(text, "baseline", text, {text: text}),),
        models=(
            Model(
                text,
                f"---\nlicence: {text}\n---\n# {text}\n\n{text}\n\n![p](http://example.org/p.png) [l](javascript:a)",
                {"settings": {"data": {"split": {"train": f"{text}/2004"}}}, "record": {"training": {"device": text}}},
                Training(({"step": 1, "loss": 1.0, "seconds": 3}, {"step": 1, "validation": 2.0}), {"device": text}),
            ),
            Model(text, text),
        ),
        costs=(Cost(text, 100.0, 200.0, 1.5),),
        bibtex=(f"@article{{x,\n title = {{{text}}},\n doi = {{{text}}}\n}}\n",),
        preprocessors=text,
        settings={text: f"a: '{text.replace(chr(39), '')}'"},
        versions={text: text},
        seeds={text: 1},
        recipe=text,
        recipe_text=text,
        recipe_link="recipe.yml",
        logs=((text, "log.txt"),),
        created=text,
    )


class Loads(HTMLParser):
    """List what a page would load, run, or open."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.loads, self.links, self.handlers = [], [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        """Take down one tag."""
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("src", "srcset", "data", "poster") or (tag == "link" and name == "href"):
                self.loads.append(value)
            if tag == "a" and name == "href":
                self.links.append(value)
            if name.startswith("on"):
                self.handlers.append(name)


def test_page_needs_nothing_but_itself():
    page = Loads(render(full_report()))
    assert page.loads
    assert all(load.startswith("data:image/png;base64,") for load in page.loads)
    assert not {"script", "iframe", "link", "object", "embed", "base", "form"} & set(page.tags)
    assert "@import" not in render(full_report())
    assert not re.search(r"url\((?!#)", render(full_report()))


def test_hostile_text_stays_text():
    html = render(full_report(HOSTILE))
    page = Loads(html)
    assert "script" not in page.tags
    assert page.handlers == []
    assert all(load.startswith("data:") for load in page.loads)
    assert not any(link.lower().startswith("javascript") for link in page.links)
    assert "&lt;script&gt;" in html
    assert "{{ 7 * 7 }}" in html  # not 49
    assert page.tags.count("html") == 1


def test_hostile_links_of_a_model_card_are_refused():
    page = Loads(
        render(
            Report(
                "t", models=(Model("m", "[a](javascript:alert(1)) <a href='javascript:x'>b</a> <style>*{}</style>"),)
            )
        )
    )
    assert all(link.startswith("#") for link in page.links)
    assert page.tags.count("style") == 1


def test_sections_without_content_are_left_out():
    html = render(Report("Nothing yet"))
    headings = re.findall(r"<h2>(.*?)</h2>", html)
    assert headings == ["Summary", "How to run it again"]
    assert "Synthetic" not in re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)


def test_synthetic_data_are_called_so():
    assert "<strong>Synthetic data.</strong>" in render(
        Report("t", datasets=(Dataset({}, {"source": "Synthetic ocean"}),))
    )


def test_contents_lead_to_every_section():
    html = render(full_report())
    assert re.findall(r'<section id="(\w+)">', html) == re.findall(r'<a href="#(\w+)">', html)
    assert len(re.findall(r"<h2>", html)) == 14


def test_the_card_of_a_training_tells_its_cost():
    trained = {"steps": 600, "seconds": 1500.0, "device": "cuda", "parameters": 1234567}
    model = Model("train", content={"record": {"training": trained}})
    html = render(Report("t", models=(model,), costs=(Cost("train", 1560.0, 3000.0, 2.25),)))
    text = re.sub(r"<[^>]+>|\s+", " ", html)
    for words in ("Parameters 1,234,567", "Steps 600", "Duration 25 min on cuda", "train 26 min 50 min 2.2 GB"):
        assert words in re.sub(r" +", " ", text)


def test_each_training_has_its_cost_and_its_card():
    cards = [Model(name, f"Card {name}.", {"record": {"training": {"steps": n}}}) for name, n in (("a", 600), ("b", 7))]
    text = " ".join(re.sub(r"<[^>]+>|\s+", " ", render(Report("t", models=tuple(cards)))).split())
    assert "Training: a Steps 600 Training: b Steps 7" in text
    assert "Model card: a Card a. Model card: b Card b." in text
    alone = render(Report("t", models=(cards[0],)))
    assert "<h3>Model card</h3>" in alone
    assert "Training:" not in alone


def test_an_ensemble_is_explained_where_there_is_one():
    rows = [row("Net", "model", "rmse", 0.2), row("Net", "model", "crps", 0.1)]
    assert "fair one" not in render(Report("t", rows=tuple(rows)))
    html = render(Report("t", rows=(*rows, row("Net", "model", "crps_plain", 0.11))))
    assert "Net samples members" in html
    assert "fair one" in html


def test_figures_of_ensembles_are_where_they_belong():
    names = ("ensemble_members", "ensemble_spectra", "rank_histogram", "spread_skill")
    html = render(Report("t", figures=tuple(Figure(name, png(), f"This is {name}.") for name in names)))
    sections = dict(re.findall(r'<section id="(\w+)">(.*?)</section>', html, flags=re.DOTALL))
    homes = {name: next(id_ for id_, text in sections.items() if f"This is {name}." in text) for name in names}
    assert list(homes.values()) == ["maps", "scales", "uncertainty", "uncertainty"]


def test_parameters_of_baselines_are_listed():
    method = Method("optimal_interpolation", "baseline", "Sea", {"length_km": 123.456789, "kernel": "matern", "n": 60})
    html = render(Report("t", methods=(method, Method("climatology", "baseline", "Sea", {}))))
    assert "length km 123.5; kernel matern; n 60" in html
    assert "Optimal interpolation</th>" in html
    assert "Climatology</th>" not in html


def test_graph_has_an_arrow_for_what_came_from_what():
    products = [
        Product(Path("/in.nc"), "input", "", (), "", "in.nc"),
        Product(Path("/a.nc"), "work", "", (Path("/in.nc"), Path("/elsewhere")), "", "a.nc"),
        Product(Path("/b.nc"), "work", "", (Path("/in.nc"),), "", "b.nc"),
    ]
    graph = draw(products)
    assert [box.label for box in graph.boxes] == ["in.nc", "2 files"]
    assert len(graph.arrows) == 1


@pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome on this machine to open the page with")
def test_page_opens_in_a_browser(tmp_path):
    """All pictures show, nothing runs, nothing is wider than the window."""
    page = tmp_path / "report.html"
    page.write_text(render(full_report(HOSTILE)), encoding="utf-8")
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={tmp_path / 'profile'}",
        "--window-size=900,1200",
    ]
    shown = subprocess.run(
        [BROWSER, *options, "--dump-dom", page.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    assert HOSTILE.split(">")[0] + ">" not in shown.stdout
    assert "How to run it again" in shown.stdout
    picture = tmp_path / "page.png"
    subprocess.run(
        [BROWSER, *options, f"--screenshot={picture}", page.as_uri()], capture_output=True, timeout=120, check=True
    )
    assert picture.stat().st_size > 10_000
    pdf = tmp_path / "page.pdf"
    subprocess.run(
        [BROWSER, *options, f"--print-to-pdf={pdf}", page.as_uri()], capture_output=True, timeout=120, check=True
    )
    assert pdf.read_bytes().startswith(b"%PDF")
