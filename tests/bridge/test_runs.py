"""Reports are found, and linked in ESMValCore's overview."""

import os

import pytest

from esmlearn.bridge.runs import find_report, link_report
from esmlearn.errors import DataError


def write(path, text="", *, age=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    stamp = path.stat().st_mtime - age
    os.utime(path, (stamp, stamp))
    return path


def test_the_newest_report_counts(tmp_path):
    write(tmp_path / "recipe_1" / "plots" / "a" / "report" / "report.html", age=60)
    new = write(tmp_path / "recipe_2" / "plots" / "a" / "report" / "report.html")
    write(tmp_path / "recipe_2" / "index.html")
    assert find_report(tmp_path) == new


def test_a_recipe_without_report_has_its_overview(tmp_path, monkeypatch):
    index = write(tmp_path / "recipe_1" / "index.html")
    monkeypatch.chdir(tmp_path)
    assert find_report(tmp_path / "recipe_1") == index


def overview(run):
    return write(run / "index.html", "<body>\n    <h1>Title</h1>\n<p>\n  Über das Meer\n</p>\n<h1>Title</h1></body>\n")


def test_the_overview_leads_to_the_report_once(tmp_path):
    run = tmp_path / "recipe_1"
    index = overview(run)
    before = index.read_text()
    report = write(run / "work" / "sst" / "report" / "report.html")
    link_report(find_report(tmp_path))
    line = (
        '<p id="esmlearn-report">The whole report, with all scores and figures:'
        ' <a href="work/sst/report/report.html">work/sst/report/report.html</a></p>'
    )
    assert index.read_text() == before.replace("</h1>\n<p>", f"</h1>\n{line}\n<p>", 1)
    stamp = index.stat()
    link_report(report)
    assert index.stat() == stamp
    assert sorted(path.name for path in run.iterdir()) == ["index.html", "work"]


def test_every_report_of_a_run_is_linked_and_names_are_escaped(tmp_path):
    run = tmp_path / "recipe_1"
    index = overview(run)
    for diagnostic in ("a", "b <i>\"&'"):
        report = write(run / "work" / diagnostic / "report" / "report.html")
        link_report(report)
    line = index.read_text().splitlines()[2]
    assert line.count("<a href=") == index.read_text().count("<a href=") == 2
    assert 'href="work/b%20%3Ci%3E%22%26%27/report/report.html"' in line
    assert ">work/b &lt;i&gt;&quot;&amp;&#x27;/report/report.html</a>" in line


def test_pages_that_are_no_overview_of_the_run_are_left_alone(tmp_path):
    index = write(tmp_path / "recipe_1" / "index.html", "no heading")
    report = write(tmp_path / "recipe_1" / "work" / "sst" / "report" / "report.html")
    link_report(report)
    assert index.read_text() == "no heading"
    elsewhere = write(tmp_path / "report.html")
    link_report(elsewhere)
    link_report(index)
    index.unlink()
    link_report(report)
    assert not index.exists()


def test_an_overview_that_may_not_be_written_stays_as_it_is(tmp_path):
    run = tmp_path / "recipe_1"
    index = overview(run)
    before = index.read_text()
    report = write(run / "work" / "sst" / "report" / "report.html")

    def refuse(*_args, **_options):
        raise PermissionError

    link_report(report, write=refuse)
    assert index.read_text() == before
    assert [path.name for path in run.iterdir() if path.is_file()] == ["index.html"]


def test_an_empty_folder_has_no_report(tmp_path):
    with pytest.raises(DataError, match="there is no report"):
        find_report(tmp_path / "nowhere")
