"""Runs every gate that needs nothing but the files of the checkout, and says which found something."""

from __future__ import annotations

import sys

import catalogue
import duplicates
import extras
import fragments
import index
import metrics
import names
import top
from tree import ROOT, report

GATES = {
    "extras": extras.findings,
    "names": names.findings,
    "duplicates": duplicates.findings,
    "metrics": metrics.findings,
    "fragments": fragments.findings,
    "top": top.findings,
    "catalogue": catalogue.findings,
    "index": index.findings,
}


if __name__ == "__main__":
    sys.exit(max(report(name, findings(ROOT)) for name, findings in GATES.items()))
