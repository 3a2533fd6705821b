"""The benchmark: every budget as a ratio to a floor measured in the same run.

    hatch run bench                 all budgets, a table; exit code 1 if one is missed
    hatch run bench --quick         fewer rounds, and ceilings loosened for a busy machine (used in CI)
    hatch run bench --json FILE     the figures
    hatch run bench --peers         other libraries too, each in a virtualenv of its own

Medians of interleaved rounds; the server is a process of its own. Absolute figures drift with the machine,
ratios inside one run hold.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent))

import clients
import ledgers
import policies
import processes
import routes
import samples
import server
import simulated
import wires

Work = Callable[[], Awaitable[object]]  # what a library cannot do is not asked of it

PEERS = {"openai": ["openai"], "any-llm": ["any-llm-sdk[openai]"], "litellm": ["litellm"]}
LOOSE = 2.0  # how far a figure may miss its budget on a machine that does other things too


@dataclass
class Line:
    """One figure against its budget."""

    what: str
    figure: float
    unit: str
    budget: float
    at_least: bool = False
    note: str = ""

    def holds(self, slack: float = 1.0) -> bool:
        """Whether the budget is kept."""
        return self.figure * slack >= self.budget if self.at_least else self.figure <= self.budget * slack


class Bench:
    """One run; fewer rounds when quick."""

    def __init__(self, url: str, quick: bool) -> None:
        self.url = url
        self.rounds = 5 if quick else 15
        self.quick = quick

    def lines(self) -> list[Line]:
        """All figures."""
        return [
            *self.start(),
            *self.wires(),
            *self.sync(),
            *self.asynchronous(),
            self.policies(),
            *self.routes(),
            self.ledger(),
            self.memory(),
            *self.simulator(),
        ]

    def start(self) -> list[Line]:
        """What a process pays before the first call."""
        spent, memory, heavy = processes.import_cost(self.rounds)
        listed, count, imported = processes.listing_cost(self.rounds)
        return [
            Line("import jackfield, CPU above bare Python", spent, "ms", 15.0),
            Line("import jackfield, memory above bare Python", memory, "MB", 5.0),
            Line("heavy or provider modules loaded by it", len(heavy), "", 0, note=", ".join(heavy)),
            Line(f"list {count} providers, CPU", listed, "ms", 10.0),
            Line("provider modules imported by listing", len(imported), "", 0),
        ]

    def wires(self) -> list[Line]:
        """What each wire adds to a call and to a chunk, and its streams against the HTTP library alone.

        Without any transport, against decoding one answer: 25 µs a call and 4 µs a chunk are the budgets on a
        machine that takes 5.4 µs for that. Machines differ and drift, so the ratio is judged and the time told.
        """
        return [line for wire in samples.WIRES for line in self._wire(wire)]

    def _wire(self, wire: str) -> list[Line]:
        call, spent = wires.overhead(wire, self.rounds * 10)
        chunk, beyond = wires.chunk(wire, self.rounds * 4)
        sample, url = samples.sample(wire), self.url.removesuffix("/v1")
        stream = interleaved(wires.stream(sample, url), wires.raw_stream(sample, url), self.rounds, 1)
        told, more = f"{spent:.1f} µs", f"{beyond:.1f} µs"
        return [
            Line(f"{wire}: a call, x json.loads", call, "x", wires.CALL / wires.UNIT, note=told),
            Line(f"{wire}: a chunk beyond its JSON", chunk, "x", wires.CHUNK / wires.UNIT, note=more),
            Line(f"{wire}: stream, x lines + json.loads", stream, "x", 1.0),
        ]

    def sync(self) -> list[Line]:
        """Sync calls and streams against the HTTP library alone."""
        ours, raw = clients.jackfield(self.url), clients.raw_httpx(self.url)
        call = interleaved(ours.complete, raw.complete, self.rounds, 50)
        stream = interleaved(ours.stream, raw.stream, self.rounds, 1)
        return [
            Line("warm call, x httpx.Client", call, "x", 0.85),
            Line("stream, x httpx lines + json.loads", stream, "x", 1.0),
        ]

    def asynchronous(self) -> list[Line]:
        """Async calls and streams, alone and 64 at once."""
        return asyncio.run(self._asynchronous())

    async def _asynchronous(self) -> list[Line]:
        raw = clients.raw_httpx(self.url)
        default = clients.jackfield(self.url, "httpx2" if find_spec("httpx2") else "httpx")
        call = await ainterleaved(default.acomplete, raw.acomplete, self.rounds, 50)
        stream = await ainterleaved(default.astream, raw.astream, self.rounds, 1)
        found = [
            Line("warm call, x httpx.AsyncClient", call, "x", 0.70),
            Line("async stream, x httpx lines + json.loads", stream, "x", 1.0),
            await self._crowd("64 at once, x httpx.AsyncClient", default, raw, 3.5),
        ]
        if find_spec("httpx2"):
            oldest = clients.jackfield(self.url, "httpx")
            found.append(await self._crowd("64 at once on httpx, x httpx.AsyncClient", oldest, raw, 3.5))
            await closed(oldest)
        if find_spec("aiohttp"):
            found += await self._fast(raw)
        await closed(raw, default)
        return found

    async def _fast(self, raw: clients.Client) -> list[Line]:
        fast, bare = clients.jackfield(self.url, "aiohttp"), clients.bare_aiohttp(self.url)
        many = await self._crowd("64 at once with `fast`, x bare aiohttp", fast, bare, 0.7)
        stream = await ainterleaved(fast.astream, raw.astream, self.rounds, 1)
        await closed(fast, bare)
        return [many, Line("stream with `fast`, x httpx lines + json.loads", stream, "x", 0.5)]

    async def _crowd(self, what: str, ours: clients.Client, floor: clients.Client, budget: float) -> Line:
        ratio = await together(ours.acomplete, floor.acomplete, max(3, self.rounds // 3))
        return Line(what, ratio, "x", budget, at_least=True)

    def ledger(self) -> Line:
        """What a ledger adds to a call, 64 at once; one who calls alone pays for a commit of his own."""
        ratio, spent, alone = ledgers.added(self.rounds)
        told = f"{spent:.0f} µs; alone, with the disk, {alone:.0f} µs"
        return Line("the ledger, x json.loads", ratio, "x", ledgers.CALL / wires.UNIT, note=told)

    def policies(self) -> Line:
        """What breaker, gate, retry budget and clocks add to a call that succeeds."""
        ratio, spent = policies.added(self.rounds * 10)
        told = f"{spent:.1f} µs"
        return Line(
            "the default policies, x json.loads", ratio, "x", policies.DEFAULT / wires.UNIT, note=told
        )

    def routes(self) -> list[Line]:
        """What a route of five targets decides in, and what it adds to a call: prompts of one kind, seen and unseen."""
        decision, spent = routes.decided(self.rounds * 4)
        unit = wires.UNIT
        return [
            Line(
                "a route decides, x json.loads", decision, "x", routes.DECISION / unit, note=f"{spent:.0f} µs"
            ),
            *(
                Line(
                    f"a route adds, {prompt}, x json.loads",
                    ratio,
                    "x",
                    routes.CALL / unit,
                    note=f"{more:.0f} µs",
                )
                for prompt, (ratio, more) in routes.called(self.rounds * 4).items()
            ),
        ]

    def simulator(self) -> list[Line]:
        """How soon the simulator is there, and a thousand streams at once, none of them broken."""
        began = simulated.start(max(3, self.rounds // 3))
        busy, seconds, missing = simulated.crowd()
        rate = simulated.STREAMS * simulated.TOKENS / seconds
        told = f"{seconds:.1f} s, {rate:,.0f} tokens/s"
        return [
            Line("simulator: start", began, "ms", simulated.START),
            Line("simulator: 1000 streams of 200 tokens, CPU", busy, "s", simulated.BUSY, note=told),
            Line("simulator: streams and tokens missing of them", missing, "", 0),
        ]

    def memory(self) -> Line:
        """Growth over many calls: the second half may not need more than the first."""
        work, _ = wires.null_transport(samples.sample("chat_completions"))
        calls = 4000 if self.quick else 20000
        clients.timed(work, calls // 2)
        gc.collect()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        clients.timed(work, calls)
        gc.collect()
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        return Line(f"memory growth over {calls} calls", grown, "MB", 1.0)


def interleaved(ours: Callable[[], object], floor: Callable[[], object], rounds: int, calls: int) -> float:
    """The median of ratios, ours to the floor, taken in turns."""
    clients.timed(ours, calls)
    clients.timed(floor, calls)
    return median(clients.timed(ours, calls) / clients.timed(floor, calls) for _ in range(rounds))


async def ainterleaved(ours: Work, floor: Work, rounds: int, calls: int) -> float:
    """The same for coroutines."""
    await clients.atimed(ours, calls)
    await clients.atimed(floor, calls)
    return median(
        [await clients.atimed(ours, calls) / await clients.atimed(floor, calls) for _ in range(rounds)]
    )


async def closed(*libraries: clients.Client) -> None:
    """Close the connections of libraries that are measured no more."""
    for library in libraries:
        if library.aclose is not None:
            await library.aclose()


async def together(ours: Work, floor: Work, rounds: int) -> float:
    """The median ratio of throughputs at 64 tasks."""
    await clients.at_once(ours, 64, 2)
    await clients.at_once(floor, 64, 2)
    pairs = [
        (await clients.at_once(ours, 64, 20), await clients.at_once(floor, 64, 20)) for _ in range(rounds)
    ]
    return median(mine / theirs for mine, theirs in pairs)


def peers(url: str) -> dict[str, dict[str, float]]:
    """What other libraries take for the same work, each in a virtualenv of its own."""
    found = {"jackfield": measured(sys.executable, "jackfield", url)}
    with tempfile.TemporaryDirectory() as folder:
        for name, packages in PEERS.items():
            home = Path(folder) / name
            subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
            python = str(home / "bin" / "python")
            install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
            if subprocess.run(install, check=False, stderr=subprocess.DEVNULL).returncode:
                print(f"{name} could not be installed")
                continue
            found[name] = measured(python, name, url)
    return found


def measured(python: str, library: str, url: str) -> dict[str, float]:
    """The figures of one library, in the interpreter that has it; none, and the reason, if it fails."""
    done = subprocess.run(
        [python, clients.__file__, library, url], capture_output=True, text=True, check=False
    )
    if done.returncode:
        print(f"{library} could not be measured: {done.stderr.strip().splitlines()[-1]}")
        return {}
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def show(lines: list[Line], slack: float) -> None:
    """The table."""
    for line in lines:
        sign = "≥" if line.at_least else "≤"
        verdict = "ok" if line.holds() else "over budget" if line.holds(slack) else "MISSED"
        print(
            f"{line.what:<48} {line.figure:>9.2f} {line.unit:<3} {sign} {line.budget:<6g} {verdict}  {line.note}"
        )


def show_peers(found: dict[str, dict[str, float]]) -> None:
    """The peers' table."""
    for what in found["jackfield"]:
        figures = "  ".join(f"{name} {facts[what]:,.1f}" for name, facts in found.items() if what in facts)
        print(f"{what:<24} {figures}")


def main() -> int:
    """Run, print, and say by the exit code whether the budgets hold."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds, loosened ceilings")
    parser.add_argument("--json", metavar="FILE", help="write the figures here")
    parser.add_argument("--peers", action="store_true", help="measure other libraries too")
    arguments = parser.parse_args()
    slack = LOOSE if arguments.quick else 1.0
    with server.running() as url:
        lines = Bench(url, arguments.quick).lines()
        show(lines, slack)
        others = peers(url) if arguments.peers else {}
    if others:
        show_peers(others)
    if arguments.json:
        facts = {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "at": time.strftime("%Y-%m-%d"),
        }
        figures = {"facts": facts, "lines": [asdict(line) for line in lines], "peers": others}
        Path(arguments.json).write_text(json.dumps(figures, indent=1))
    return 0 if all(line.holds(slack) for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
