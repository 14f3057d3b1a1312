"""The report of a run: one self-contained HTML page."""

from esmlearn.report.collect import collect
from esmlearn.report.content import Cost, Dataset, Figure, Method, Model, Product, Report, Training
from esmlearn.report.page import render
from esmlearn.report.summary import summarize
from esmlearn.report.weaknesses import weaknesses
