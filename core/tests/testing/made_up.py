"""Providers made up for the kit's own tests: a perfect one, and what is broken in each of the others.

Each is a distribution as it lies on a path: package, metadata, README, tests and cassettes.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from attrs import field, frozen

from jackfield.events import unfold
from jackfield.testing.answers import ANSWER
from jackfield.testing.cassettes import Cassette, Interaction
from jackfield.testing.stage import written
from jackfield.types import Message, Request
from jackfield.wire import Dialect, Headers, wire_named

TODAY = datetime.now(UTC).date().isoformat()
HOST = "https://api.acme.example/v1"

PROFILE = """
spec = 1
id = "{id}"
name = "Acme"
wire = "chat_completions"
base_url = "https://api.acme.example/v1"
keys_url = "https://acme.example/keys"
docs_url = "https://acme.example/docs"

[auth]
scheme = "bearer"
env = ["ACME_API_KEY"]

[dialect]
done = "required"

[capabilities]
chat = "full"
streaming = "full"
system_prompt = "full"
tools = "full"
parallel_tools = "full"
tool_choice = "full"
json_mode = "full"
json_schema = {{ support = "partial", models = ["large*"] }}
images_in = {{ support = "partial", models = ["large*"] }}
audio_in = "full"
documents_in = {{ support = "unsupported", note = "https://acme.example/docs" }}
reasoning = {{ support = "unsupported", note = "https://acme.example/docs" }}
logprobs = "full"
embeddings = {{ support = "partial", models = ["embed*"] }}
usage_in_stream = "full"
prompt_cache = {{ support = "unsupported", note = "https://acme.example/docs" }}
list_models = "full"
files = "full"
other = "unsupported"

[options.seed]
support = "unsupported"
ignored = true

[options.top_k]
support = "unsupported"

[options.temperature]
maximum = 1

[errors]
no_luck = "server.overloaded"

[quality]
level = "{level}"
owner = "@acme"

[quality.exempt]
code = "what is broken needs code"
its_code_is_annotated = "what is broken is short"
"""

EVIDENCE = f"""
[mutation]
date = {TODAY}
tool = "made up"
killed = 9
total = 10

[benchmark]
date = {TODAY}
figures = {{ overhead_us = 20.5 }}

[canary]
date = {TODAY}
passed = true
green = {TODAY}
"""

MODELS = f"""# As of {TODAY}.
[[model]]
id = "large-1"
context = 1000
max_output = 100

[[model]]
id = "small-1"

[[model]]
id = "embed-1"
mode = "embedding"
"""

METADATA = """Metadata-Version: 2.4
Name: jackfield-{id}
Version: 1.0
License-Expression: MIT
Requires-Dist: jackfield>=0.1,<0.2

"""

README = """# {id}

Set `ACME_API_KEY`, and `jackfield.complete("{id}/large-1", "Name three rivers.")`.

## Troubleshooting

There is no trouble.
"""

TEST = """
from jackfield.testing import ProviderContract


class TestAcme(ProviderContract):
    provider = "{id}"
"""

# A package with code: the shared wire with one thing changed, named by ``Broken``.
INIT = '''"""Acme, broken."""

from __future__ import annotations

from jackfield.plugin import dialect_of, hookimpl


@hookimpl
def completion(profile, model, settings):
    from {package}.wire import Broken

    return Broken(dialect_of(profile, model, settings, Broken.defaults))
'''

WIRE = '''"""The shared wire, broken."""

from __future__ import annotations

import json
from decimal import Decimal

import attrs

from jackfield.errors import ErrorInfo
from jackfield.events import Failed, Finished, PartEnded, PartStarted
from jackfield.types import Finish, ToolCall, Usage
from jackfield.wire import Call
from jackfield.wire.chat_completions import ChatCompletions


class Parser:
    """A stream parser whose events can be changed."""

    def __init__(self, inner):
        self.inner = inner

    def changed(self, events):
        return events

    def feed(self, record):
        return self.changed(self.inner.feed(record))

    def end(self):
        return self.changed(self.inner.end())


'''


@frozen
class Fault:
    """What is broken, and the one rule that finds it."""

    rule: str = ""
    wire: str = ""  # the body of ``class Broken(ChatCompletions)``, and what it needs
    init: str = ""  # the package's code, instead
    more: str = ""  # more of the package's code
    swaps: tuple[tuple[str, str, str], ...] = ()  # file, what stands there, what stands there instead
    files: dict[str, str] = field(factory=dict)
    also: tuple[str, ...] = ()  # rules that cannot but see it as well
    tape: str = ""  # no cassettes, one of a request that is sent otherwise now, or some of no known page


def build(root: Path, provider: str, fault: Fault, level: str = "platinum") -> Path:
    """Write a provider below ``root``; the folder of its tests."""
    package = f"jackfield_{provider.replace('-', '_')}"
    init = '"""Acme, all data."""\n'
    if fault.wire or fault.more:
        init = INIT.format(package=package) if fault.wire else init
    site, tests = root / "site", root / provider / "tests"
    facts = {"id": provider, "package": package, "level": level}
    files = {
        "profile.toml": PROFILE.format(**facts),
        "models.toml": MODELS,
        "evidence.toml": EVIDENCE,
        "__init__.py": fault.init or init + fault.more,
        "py.typed": "",
        "METADATA": METADATA.format(**facts) + README.format(**facts),
        "README.md": README.format(**facts),
        "test_contract.py": TEST.format(**facts),
        **fault.files,
    }
    if fault.wire:
        files["wire.py"] = WIRE + fault.wire
    for name, old, new in fault.swaps:
        assert old in files[name], f"{old!r} is not in {name}"
        files[name] = files[name].replace(old, new)
    metadata = site / f"{package}-1.0.dist-info"
    places = {"METADATA": metadata, "README.md": tests.parent, "test_contract.py": tests}
    for name, text in files.items():
        file = places.get(name, site / package) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    points = f"[jackfield.providers]\n{provider} = {package}\n"
    (metadata / "entry_points.txt").write_text(points)
    _cassettes(tests / "cassettes", fault)
    return tests


def _cassettes(folder: Path, fault: Fault) -> None:
    """A completion, a stream and an error, as the vendor would have answered."""
    wire = wire_named("chat_completions")(Dialect(provider="acme", base=HOST))
    request = Request("large-1", (Message("user", "Name three rivers."),))
    stream = wire.render_completion(request, stream=True)
    plain = wire.render_completion(request, stream=False)
    if fault.tape == "none":
        return
    failure = json.dumps({"error": {"message": "no", "code": "no_luck"}}).encode()
    chunks = tuple(written(wire, unfold(ANSWER)))
    json_type = Headers({"content-type": "application/json"})
    answers = {
        "completion": (plain, 200, json_type, (wire.write_completion(ANSWER).body,)),
        "stream": (stream, 200, Headers({"content-type": wire.media_type}), chunks),
        "error": (plain, 400, json_type, (failure,)),
    }
    for name, (call, status, headers, pieces) in answers.items():
        body = call.body.replace(b"}]", b'}],"max_tokens":5') if fault.tape == "drifted" else call.body
        sent = Headers({"content-type": "application/json"})
        one = Interaction(call.method, call.url, sent, body, status, headers, b"".join(pieces), pieces)
        origin = "documented" if fault.tape == "documented" else "recorded"
        Cassette((one,), origin, TODAY, model="large-1", name=name).save(folder / f"{name}.yaml")
