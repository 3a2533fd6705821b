"""The live page: what was asked, answered, faulted and billed. It asks the control API for news."""

from __future__ import annotations

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>jackfield simulator</title>
<style>
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --faint: #667; --rule: #e3e7eb; --head: #f6f8fa;
        --good: #0a7d5a; --bad: #c02b25; --fault: #a85200; --wash: #fff3f2; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14171b; --ink: #e4e8ec; --faint: #98a2ad; --rule: #2a3037; --head: #1b2026;
          --good: #4cc79c; --bad: #ff8078; --fault: #ffb066; --wash: #2a1a1b; }
}
* { box-sizing: border-box; }
body { font: 14px/1.45 system-ui, sans-serif; margin: 0 auto; padding: 1.25rem; max-width: 110rem;
       color: var(--ink); background: var(--paper); }
h1 { font-size: 1.1rem; margin: 0 0 .75rem; }
#sums { display: flex; flex-wrap: wrap; gap: .75rem 2rem; margin: 0 0 1.25rem; padding: 0; list-style: none; color: var(--faint); }
#sums b { display: block; font-size: 1.5rem; line-height: 1.2; color: var(--ink); font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
th { position: sticky; top: 0; background: var(--head); color: var(--faint); font-weight: 600; font-size: .8rem; text-align: left; }
th, td { padding: .35rem .5rem; border-bottom: 1px solid var(--rule); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
.status { text-align: center; }
td.status { font-weight: 600; color: var(--good); }
td.model, td.key { color: var(--faint); }
td.fault { color: var(--fault); font-weight: 600; }
tr.failed { background: var(--wash); }
tr.failed td.status { color: var(--bad); }
#none { color: var(--faint); }
#none code { color: var(--ink); }
table:has(#lines:not(:empty)) + #none { display: none; }
@media (max-width: 90rem) { .key { display: none; } }
@media (max-width: 70rem) { .operation { display: none; } }
@media (max-width: 48rem) {
  body { padding: .75rem; }
  thead, .operation { display: none; }
  table, tbody { display: block; }
  tr { display: grid; grid-template-columns: auto 1fr auto auto; gap: 0 .6rem; padding: .5rem; border-bottom: 1px solid var(--rule); }
  td { border: 0; padding: 0; }
  .number { color: var(--faint); }
  .provider { grid-area: 1 / 2; font-weight: 600; }
  .fault { grid-area: 1 / 3; }
  .status { grid-area: 1 / 4; }
  .model { grid-area: 2 / 1 / auto / -1; }
  .asked { grid-area: 3 / 1 / auto / -1; }
  .answered { grid-area: 4 / 1 / auto / -1; color: var(--faint); }
  .input, .output, .charge { display: none; }
}
</style>
<h1>jackfield simulator</h1>
<ul id="sums"></ul>
<table>
<colgroup><col style="width: 2.8rem"><col style="width: 6.4rem"><col class="operation" style="width: 9.6rem"><col style="width: 11rem">
<col class="key" style="width: 5.2rem"><col><col><col style="width: 4rem"><col style="width: 9.4rem"><col style="width: 3rem">
<col style="width: 3.2rem"><col style="width: 5.4rem"></colgroup>
<thead><tr><th class="n">#<th>Provider<th class="operation">Operation<th>Model<th class="key">Key<th>Asked<th>Answered
<th class="status">Status<th>Fault<th class="n">In<th class="n">Out<th class="n">USD</tr></thead>
<tbody id="lines"></tbody>
</table>
<p id="none">Nothing was asked yet. Point clients here: <code id="how"></code></p>
<script>
const MOST = 200, body = document.getElementById("lines"), rows = new Map();
let last = 0;
document.getElementById("how").textContent = `eval "$(jackfield simulate --port ${location.port} --env)"`;
function cell(row, text, kind) {
  const cell = row.insertCell();
  cell.textContent = cell.title = text;
  cell.className = kind;
}
function show(line) {
  const old = rows.get(line.number), row = old || body.insertRow(0);
  row.replaceChildren();
  row.className = (line.status >= 400 ? "failed " : "") + (line.fault ? "faulted" : "");
  cell(row, line.number, "n number");
  cell(row, line.provider || "–", "provider");
  cell(row, (line.operation || line.method + " " + line.path) + (line.stream ? " (stream)" : ""), "operation");
  cell(row, line.model || (line.operation ? "" : line.method + " " + line.path), "model");
  cell(row, line.key, "key");
  cell(row, line.asked, "asked");
  cell(row, line.answered, "answered");
  cell(row, line.status, "status");
  cell(row, line.fault, "fault");
  cell(row, line.input, "n input");
  cell(row, line.output, "n output");
  cell(row, line.charge, "n charge");
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
