"""What is measured from outside, in fresh interpreters: import and discovery."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

IMPORT = """
import json, resource, sys
before = set(sys.modules)
import jackfield
used = resource.getrusage(resource.RUSAGE_SELF)
try:  # the peak of this program alone: ru_maxrss still holds that of the process which started it
    peak = int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
except OSError:
    peak = used.ru_maxrss
heavy = {"httpx", "httpx2", "httpcore", "aiohttp", "cattrs", "decimal", "asyncio", "ssl", "socket"}
loaded = sorted({name.partition(".")[0] for name in sys.modules} & heavy)
loaded += sorted(name for name in sys.modules if name.startswith("jackfield_"))
print(json.dumps([(used.ru_utime + used.ru_stime) * 1000, peak / 1024, loaded]))
"""
BARE = IMPORT.replace("import jackfield\n", "\n")

LIST = """
import json, sys, time
from jackfield.registry import Registry
begun = time.process_time()  # what else the machine does meanwhile does not count
ids = Registry().ids()
spent = (time.process_time() - begun) * 1000
print(json.dumps([spent, len(ids), sorted(name for name in sys.modules if name.startswith("jackfield_"))]))
"""

PLUGIN = (
    'spec = 1\nid = "{id}"\nname = "{id}"\nwire = "chat_completions"\nbase_url = "https://{id}.example/v1"\n'
)


def run(program: str, path: str = "") -> list[object]:
    """What a program prints, from a fresh interpreter."""
    variables = {**os.environ, "PYTHONPATH": path} if path else dict(os.environ)
    variables.pop("PYTHONDONTWRITEBYTECODE", None)  # an import is measured, and no compiler
    done = subprocess.run(
        [sys.executable, "-c", program], env=variables, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)  # type: ignore[no-any-return]


@contextmanager
def plugins(count: int) -> Iterator[str]:
    """A folder with so many installed plugins, whose modules fail when imported."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            _install(Path(folder), f"bench{number}")
        yield folder


def _install(folder: Path, name: str) -> None:
    package, info = folder / f"jackfield_{name}", folder / f"jackfield_{name}-1.0.dist-info"
    package.mkdir()
    info.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')\n")
    (package / "profile.toml").write_text(PLUGIN.format(id=name))
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: jackfield-{name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[jackfield.providers]\n{name} = jackfield_{name}\n")


def import_cost(rounds: int) -> tuple[float, float, list[str]]:
    """CPU milliseconds and megabytes above bare Python, and heavy modules that were loaded."""
    run(IMPORT)  # compiles what was not yet
    pairs = [(run(IMPORT), run(BARE)) for _ in range(rounds)]
    spent = median(float(ours[0]) - float(bare[0]) for ours, bare in pairs)  # type: ignore[arg-type]
    memory = median(float(ours[1]) - float(bare[1]) for ours, bare in pairs)  # type: ignore[arg-type]
    return spent, memory, list(pairs[0][0][2])  # type: ignore[call-overload]


def listing_cost(rounds: int, count: int = 50) -> tuple[float, int, list[str]]:
    """CPU milliseconds to list so many plugins in a fresh process, how many were found, which were imported."""
    with plugins(count) as folder:
        run(LIST, folder)
        found = [run(LIST, folder) for _ in range(rounds)]
    return median(float(one[0]) for one in found), int(found[0][1]), list(found[0][2])  # type: ignore[arg-type, call-overload]
