"""The live page: what was asked, answered, faulted and billed. It asks the control API for news."""

from __future__ import annotations

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>jackfield simulator</title>
<style>
body { font: 14px/1.4 system-ui, sans-serif; margin: 1.5rem; color: #1b1f24; }
h1 { font-size: 1.2rem; margin: 0 0 .5rem; }
#sums { display: flex; flex-wrap: wrap; gap: 1.5rem; margin: 0 0 1rem; padding: 0; list-style: none; }
#sums b { display: block; font-size: 1.4rem; font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .2rem .6rem .2rem 0; border-bottom: 1px solid #d8dee4; vertical-align: top; }
td.n { text-align: right; font-variant-numeric: tabular-nums; }
td.said { max-width: 28rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
tr.failed { background: #fff1f0; }
tr.faulted td.fault { color: #b35900; font-weight: 600; }
@media (prefers-color-scheme: dark) {
  body { background: #14171b; color: #e4e8ec; } th, td { border-color: #333a42; } tr.failed { background: #3a1f1f; }
}
</style>
<h1>jackfield simulator</h1>
<ul id="sums"></ul>
<table>
<thead><tr><th>#<th>Provider<th>Operation<th>Model<th>Key<th>Asked<th>Answered<th>Status<th>Fault<th>In<th>Out<th>USD</tr></thead>
<tbody id="lines"></tbody>
</table>
<script>
const MOST = 200, body = document.getElementById("lines"), rows = new Map();
let last = 0;
function cell(row, text, kind) {
  const cell = row.insertCell();
  cell.textContent = text;
  if (kind) cell.className = kind;
}
function show(line) {
  const old = rows.get(line.number), row = old || body.insertRow(0);
  row.replaceChildren();
  row.className = (line.status >= 400 ? "failed " : "") + (line.fault ? "faulted" : "");
  cell(row, line.number, "n");
  cell(row, line.provider || "–");
  cell(row, (line.operation || line.method + " " + line.path) + (line.stream ? " (stream)" : ""));
  cell(row, line.model);
  cell(row, line.key);
  cell(row, line.asked, "said");
  cell(row, line.answered, "said");
  cell(row, line.status, "n");
  cell(row, line.fault, "fault");
  cell(row, line.input, "n");
  cell(row, line.output, "n");
  cell(row, line.charge, "n");
  if (!old) rows.set(line.number, row);
  for (const number of rows.keys()) {
    if (rows.size <= MOST) break;
    rows.get(number).remove();
    rows.delete(number);
  }
}
function sums(bill) {
  const list = document.getElementById("sums");
  list.replaceChildren();
  for (const [name, text] of [["requests", "requests"], ["failed", "failed"], ["input", "tokens in"],
                              ["output", "tokens out"], ["sent", "bytes out"], ["charge", "USD"]]) {
    const item = document.createElement("li"), value = document.createElement("b");
    value.id = name;
    value.textContent = bill[name];
    item.append(value, text);
    list.append(item);
  }
}
async function look() {
  try {
    const answer = await fetch("/_simulator/lines?after=" + Math.max(0, last - 20));  // streams go on for a while
    const news = await answer.json();
    news.lines.forEach(show);
    if (news.lines.length) last = news.lines[news.lines.length - 1].number;
    sums(news.bill);
    document.title = news.bill.requests + " · jackfield simulator";
  } catch (stopped) {
    document.title = "stopped · jackfield simulator";
  }
  setTimeout(look, 500);
}
look();
</script>
</html>
"""
