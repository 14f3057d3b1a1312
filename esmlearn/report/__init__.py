"""The report: one self-contained HTML page that a scientist can put before colleagues."""

from esmlearn.report.collect import collect
from esmlearn.report.content import Dataset, Figure, Product, Report, Training
from esmlearn.report.page import render
from esmlearn.report.summary import summarize, weaknesses

__all__ = [
    "Dataset",
    "Figure",
    "Product",
    "Report",
    "Training",
    "collect",
    "render",
    "summarize",
    "weaknesses",
]
