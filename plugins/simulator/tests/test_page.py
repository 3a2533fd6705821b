"""The live page's script, run by node with as much of a browser as it needs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import Any

import pytest
from jackfield_simulator.page import PAGE

BROWSER = """
class Element {
  constructor() { this.children = []; this.textContent = ""; this.className = ""; }
  append(...things) { this.children.push(...things); }
  replaceChildren(...things) { this.children = things; }
  insertRow() { const row = new Element(); row.parent = this; this.children.unshift(row); return row; }
  insertCell() { const cell = new Element(); this.children.push(cell); return cell; }
  remove() { this.parent.children = this.parent.children.filter(child => child !== this); }
}
const found = {sums: new Element(), lines: new Element(), how: new Element()};
const location = {port: "4141"};
const document = {getElementById: id => found[id], createElement: () => new Element(), title: ""};
const answers = JSON.parse(process.argv[1]);
const asked = [];
const fetch = async url => { asked.push(url); return {json: async () => answers.shift()}; };
const setTimeout = again => { if (answers.length) again(); else done(); };
function done() {
  const rows = found.lines.children.map(row => [row.className.trim(), ...row.children.map(cell => cell.textContent)]);
  const sums = Object.fromEntries(found.sums.children.map(item => [item.children[0].id, item.children[0].textContent]));
  console.log(JSON.stringify({rows, sums, asked, title: document.title}));
}
"""
LINE = {
    "number": 1,
    "provider": "groq",
    "operation": "complete",
    "model": "m",
    "key": "k",
    "asked": "<b>hi</b>",
    "answered": "",
    "status": 200,
    "stream": True,
    "fault": "",
    "input": 3,
    "output": 1,
    "charge": "0.1",
    "method": "POST",
    "path": "/x",
}
BILL = {"requests": 2, "failed": 1, "input": 3, "output": 1, "sent": 9, "charge": "0.1"}


def shown(*news: dict[str, Any]) -> dict[str, Any]:
    """What the page shows after these answers."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node on this machine")
    script = re.search(r"<script>(.*)</script>", PAGE, re.DOTALL)
    assert script is not None
    command = [node, "-e", BROWSER + script[1], json.dumps(news)]
    found: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return found


def test_it_shows_lines_as_they_grow():
    """A line that goes on is shown anew, a failed one is marked, and what was said is never taken for HTML."""
    grown = {**LINE, "output": 2, "answered": "done"}
    failed = {**LINE, "number": 2, "status": 529, "fault": "overloaded-529", "stream": False}

    page = shown({"lines": [LINE], "bill": BILL}, {"lines": [grown, failed], "bill": BILL})

    last, first = page["rows"]
    assert ("failed faulted", 2, 529, "overloaded-529") == (last[0], last[1], last[8], last[9])
    said = (first[0], first[3], first[6], first[7], first[11])
    assert ("", "complete (stream)", "<b>hi</b>", "done", 2) == said
    assert ("2 · jackfield simulator", 2) == (page["title"], page["sums"]["requests"])
    assert "/_simulator/lines?after=0" == page["asked"][0]
