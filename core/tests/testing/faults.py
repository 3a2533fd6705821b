"""Everything that is broken in some made-up provider, and the one rule of the contract that must find it."""

from __future__ import annotations

from made_up import TODAY, Fault


def _parsing(changed: str) -> str:
    """A wire whose stream parser changes events."""
    return f"""class Changed(Parser):
    def changed(self, events):
{changed}

class Broken(ChatCompletions):
    def stream_parser(self):
        return Changed(super().stream_parser())
"""


def _wire(body: str) -> str:
    return f"class Broken(ChatCompletions):\n{body}"


NAIVE = '''class Naive:
    """Takes every chunk for whole records."""

    def __init__(self, inner):
        self.make = inner

    def feed(self, chunk):
        framing = self.make()
        return [*framing.feed(chunk), *framing.end()]

    def end(self):
        return []


class Broken(ChatCompletions):
    def framing(self):
        return Naive(super().framing)
'''

AUTH = '''
from jackfield.auth.bearer import Bearer


class Telling(Bearer):
    """{says}"""

    {body}


@hookimpl
def auth(profile, settings):
    return Telling.configured(profile.auth, settings)
'''

IMPORTS = '"""Acme."""\n\nfrom __future__ import annotations\n\nfrom jackfield.plugin import hookimpl\n\n'

REQUIRED = ("METADATA", "Requires-Dist: jackfield", "Requires-Dist: httpx\nRequires-Dist: jackfield")


def exempt(rule: str) -> tuple[str, str, str]:
    """A profile that is exempt from a rule."""
    return "profile.toml", "[quality.exempt]", f'[quality.exempt]\n{rule} = "it is broken on purpose"'


FAULTS = {
    "cuts": Fault("it_does_not_matter_where_bytes_are_cut", NAIVE),
    "twice": Fault(
        "it_finishes_once_and_last",
        _parsing("        return [*events, *[event for event in events if isinstance(event, Finished)]]\n"),
    ),
    "truncated": Fault(
        "a_stream_cut_off_is_no_answer",
        _parsing(
            "        return [Finished(Finish('stop', 'stop')) if isinstance(event, Failed)"
            " and event.error.kind == 'stream.truncated' else event for event in events]\n"
        ),
    ),
    "deaf": Fault(
        "a_failure_in_a_stream_is_told",
        _parsing(
            "        return [event for event in events if not isinstance(event, Failed)"
            " or event.error.kind != 'server.overloaded']\n"
        ),
    ),
    "open": Fault(
        "parts_begin_and_end",
        _parsing("        return [event for event in events if not isinstance(event, PartEnded)]\n"),
    ),
    "unmetered": Fault(
        "it_tells_the_usage",
        _parsing(
            "        kept = [event for event in events if type(event).__name__ != 'Metered']\n"
            "        return [attrs.evolve(event, usage=Usage(source='unknown'))"
            " if isinstance(event, Finished) else event for event in kept]\n"
        ),
    ),
    "pieces": Fault(
        "pieces_of_arguments_make_json",
        _parsing(
            "        return [attrs.evolve(event, json=event.json.replace('Bern', 'Basel'))"
            " if type(event).__name__ == 'ArgumentsDelta' else event for event in events]\n"
        ),
    ),
    "wordless": Fault(
        "it_says_why_it_stopped",
        _wire(
            "    def parse_completion(self, reply):\n"
            "        events, raw = super().parse_completion(reply)\n"
            "        return [attrs.evolve(e, finish=Finish(e.finish.reason)) if isinstance(e, Finished) else e"
            " for e in events], raw\n"
        ),
    ),
    "double": Fault(
        "usage_is_counted_once",
        _wire(
            "    def parse_completion(self, reply):\n"
            "        events, raw = super().parse_completion(reply)\n"
            "        more = lambda u: attrs.evolve(u, input=u.input + u.cache_read)\n"
            "        return [attrs.evolve(e, usage=more(e.usage)) if isinstance(e, Finished) else e"
            " for e in events], raw\n"
        ),
    ),
    "rawless": Fault(
        "the_raw_payload_is_kept",
        _wire(
            "    def parse_completion(self, reply):\n        return super().parse_completion(reply)[0], None\n"
        ),
    ),
    "gullible": Fault(
        "what_is_no_answer_is_malformed",
        _wire(
            "    def parse_completion(self, reply):\n"
            "        events, raw = super().parse_completion(reply)\n"
            "        bad = isinstance(events[-1], Failed)\n"
            "        return ([Finished(Finish('stop', 'stop'))] if bad else events), raw\n"
        ),
    ),
    "same-ids": Fault(
        "several_calls_come_back",
        _wire(
            "    def parse_completion(self, reply):\n"
            "        events, raw = super().parse_completion(reply)\n"
            "        one = lambda e: isinstance(e, PartStarted) and isinstance(e.part, ToolCall)\n"
            "        return [attrs.evolve(e, part=attrs.evolve(e.part, id='call_1')) if one(e) else e"
            " for e in events], raw\n"
        ),
    ),
    "ascii": Fault(
        "arguments_may_be_in_any_script",
        _wire(
            "    def parse_completion(self, reply):\n"
            "        events, raw = super().parse_completion(reply)\n"
            "        one = lambda e: isinstance(e, PartStarted) and isinstance(e.part, ToolCall)\n"
            "        plain = lambda p: attrs.evolve(p, json=p.json.encode('ascii', 'ignore').decode())\n"
            "        return [attrs.evolve(e, part=plain(e.part)) if one(e) else e for e in events], raw\n"
        ),
    ),
    "zero": Fault(
        "zero_stays_zero",
        _wire(
            "    def render_completion(self, request, stream):\n"
            "        kept = {name: value for name, value in request.options.items() if value}\n"
            "        return super().render_completion(attrs.evolve(request, options=kept), stream)\n"
        ),
    ),
    "systemless": Fault(
        "a_system_prompt_arrives",
        _wire(
            "    def render_completion(self, request, stream):\n"
            "        kept = tuple(m for m in request.messages if m.role != 'system')\n"
            "        return super().render_completion(attrs.evolve(request, messages=kept), stream)\n"
        ),
    ),
    "extraless": Fault(
        "fields_of_its_own_are_sent",
        _wire(
            "    def render_completion(self, request, stream):\n"
            "        return super().render_completion(attrs.evolve(request, extra={}), stream)\n"
        ),
    ),
    "stateful": Fault(
        "calls_leave_no_trace",
        _wire(
            "    count = 0\n\n"
            "    def render_completion(self, request, stream):\n"
            "        self.count += 1\n"
            "        call = super().render_completion(request, stream)\n"
            "        return call.with_headers({'x-count': str(self.count)})\n"
        ),
    ),
    "pathless": Fault(
        "no_name_of_a_model_changes_the_address",
        _wire(
            "    def render_completion(self, request, stream):\n"
            "        call = super().render_completion(request, stream)\n"
            "        call.base = call.base + '/' + request.model if '/' in request.model else call.base\n"
            "        return call\n"
        ),
    ),
    "kindless": Fault(
        "every_status_is_an_error_of_its_kind",
        _wire(
            "    def parse_error(self, reply):\n"
            "        info = super().parse_error(reply)\n"
            "        return attrs.evolve(info, kind='server') if reply.status == 402 else info\n"
        ),
    ),
    "codeless": Fault(
        "every_stated_code_is_told",
        _wire(
            "    def parse_error(self, reply):\n"
            "        return ChatCompletions(attrs.evolve(self.dialect, errors={})).parse_error(reply)\n"
        ),
    ),
    "impatient": Fault(
        "it_says_when_to_come_back",
        _wire(
            "    def parse_error(self, reply):\n"
            "        return attrs.evolve(super().parse_error(reply), retry_after=None)\n"
        ),
    ),
    "idless": Fault(
        "it_tells_the_id_of_the_request",
        _wire(
            "    def parse_error(self, reply):\n"
            "        return attrs.evolve(super().parse_error(reply), request_id=None)\n"
        ),
    ),
    "wordy": Fault(
        "a_vendors_words_are_cut_and_redacted",
        _wire(
            "    def parse_error(self, reply):\n"
            "        info = super().parse_error(reply)\n"
            "        return attrs.evolve(info, message='x' * 9999) if len(reply.body) > 9999 else info\n"
        ),
    ),
    "page": Fault(
        "any_body_of_a_failure_will_do",
        _wire(
            "    def parse_error(self, reply):\n"
            "        json.loads(reply.body) if reply.status == 502 and reply.body[:1] == b'<' else None\n"
            "        return super().parse_error(reply)\n"
        ),
    ),
    "operationless": Fault(
        "what_is_stated_is_there",
        _wire(
            "    def operations(self):\n"
            "        return {n: o for n, o in super().operations().items() if n != 'models'}\n"
        ),
    ),
    "vectors": Fault(
        "vectors_come_back",
        _wire(
            "    def operations(self):\n"
            "        found = dict(super().operations())\n"
            "        inner = found['embed'].parse\n"
            "        double = lambda v: tuple(tuple(2 * n for n in one) for one in v)\n"
            "        found['embed'].parse = lambda r: (lambda a: attrs.evolve(a, vectors=double(a.vectors)))(inner(r))\n"
            "        return found\n"
        ),
        swaps=(
            (
                "wire.py",
                "    def operations(self):\n",
                "    kept = None\n\n    def operations(self):\n        if self.kept:\n            return self.kept\n        self.kept = self.made()\n        return self.kept\n\n    def made(self):\n",
            ),
        ),
    ),
    "showing": Fault(
        "a_key_is_shown_nowhere",
        init=IMPORTS
        + AUTH.format(
            says="It shows its key.",
            body="def __repr__(self):\n        return f\"<{self._headers['authorization']}>\"",
        ),
    ),
    "signing": Fault(
        "signing_adds_what_is_declared",
        init=IMPORTS
        + AUTH.format(
            says="It adds a header nobody declared.",
            body="def sign(self, call):\n"
            "        call = yield from super().sign(call)\n"
            "        return call.with_headers({'x-extra': '1'})",
        ),
    ),
    "floating": Fault(
        "a_charge_is_exact_or_unknown",
        init=IMPORTS
        + '''
class Prices:
    """Prices in floats."""

    source = "acme"

    def charge(self, usage, at):
        return 0.1


@hookimpl
def pricing():
    return Prices()
''',
    ),
    "nosy": Fault("importing_it_touches_nothing", more='\nimport os\n\nHOME = os.environ.get("HOME")\n'),
    "heavy": Fault(
        "importing_it_loads_no_client",
        more="\nimport httpx\n\nCLIENT = httpx.Client\n",
        swaps=(REQUIRED, exempt("it_depends_on_little")),
    ),
    "greedy": Fault("it_depends_on_little", swaps=(REQUIRED,)),
    "untyped": Fault(
        "its_code_is_annotated",
        more="\n\ndef later(one):\n    return one\n",
        swaps=(("profile.toml", 'its_code_is_annotated = "what is broken is short"', ""),),
    ),
    "loose": Fault(
        "its_public_types_are_exact",
        more="\nfrom typing import Any\n\n\ndef later(one: Any) -> None:\n    pass\n",
    ),
    "surviving": Fault(
        "mutants_are_killed",
        more="\n\ndef later() -> None:\n    pass\n",
        swaps=(("evidence.toml", "killed = 9", "killed = 5"),),
    ),
    "unmeasured": Fault(
        "there_is_a_benchmark",
        swaps=(("evidence.toml", f"[benchmark]\ndate = {TODAY}\nfigures = {{ overhead_us = 20.5 }}\n", ""),),
    ),
    "red": Fault("its_canary_is_green", swaps=(("evidence.toml", "passed = true", "passed = false"),)),
    "pageless": Fault(
        "what_it_cannot_do_has_a_page",
        swaps=(
            (
                "profile.toml",
                'reasoning = { support = "unsupported", note = "https://acme.example/docs" }',
                'reasoning = "unsupported"',
            ),
        ),
    ),
    "aged": Fault("its_models_are_fresh", swaps=(("models.toml", f"As of {TODAY}", "As of 2025-01-31"),)),
    "unsourced": Fault(
        "what_is_documented_says_where",
        swaps=(exempt("cassettes_are_recorded_and_fresh"),),
        tape="documented",
    ),
    "shrugging": Fault(
        "only_outages_open_the_breaker",
        _wire(
            "    def parse_error(self, reply):\n"
            "        info = super().parse_error(reply)\n"
            "        return attrs.evolve(info, kind='server.transient') if reply.status == 503 else info\n"
        ),
    ),
    "slow": Fault("importing_it_is_quick", more="\nimport time\n\ntime.sleep(0.06)\n"),
    "leaning": Fault(
        "it_imports_only_what_it_requires",
        more="\n\ndef later():\n    import jackfield_other\n\n    return jackfield_other\n",
    ),
    "secret": Fault(
        "nothing_in_it_looks_like_a_secret",
        files={"notes.txt": "sk-" + "aB3dE5gH7jK9mN1pQ3sT" + "\n"},
    ),
    "unstated": Fault(
        "every_capability_is_stated",
        swaps=(("profile.toml", 'other = "unsupported"\n', 'rerank = "unsupported"\n'),),
    ),
    "pattern": Fault(
        "every_partial_statement_is_about_some_model",
        swaps=(
            (
                "profile.toml",
                'images_in = { support = "partial", models = ["large*"] }',
                'images_in = { support = "partial", models = ["lagre*"] }',
            ),
        ),
    ),
    "keyless": Fault(
        "without_a_key_it_says_where_to_put_one",
        swaps=(("profile.toml", 'keys_url = "https://acme.example/keys"\n', ""),),
    ),
    "twin": Fault(
        "its_models_can_be_read", swaps=(("models.toml", '"small-1"', '"small-1"\naliases = ["large-1"]'),)
    ),
    "licence": Fault(
        "its_distribution_says_what_it_is", swaps=(("METADATA", "License-Expression: MIT\n", ""),)
    ),
    "readme": Fault("its_readme_says_how_to_begin", swaps=(("README.md", "ACME_API_KEY", "A_KEY"),)),
    "helpless": Fault("its_readme_helps_in_trouble", swaps=(("README.md", "Troubleshooting", "More"),)),
    "orphan": Fault("somebody_looks_after_it", swaps=(("profile.toml", 'owner = "@acme"\n', ""),)),
    "reasonless": Fault(
        "every_exemption_has_a_reason",
        swaps=(("profile.toml", 'code = "what is broken needs code"', 'code = "because"'),),
    ),
    "gap": Fault(
        "nothing_is_left_to_implement",
        swaps=(
            ("profile.toml", 'other = "unsupported"', 'other = "unsupported"\nrerank = "not_implemented"'),
        ),
    ),
    "silent": Fault(
        "the_contract_is_not_overridden",
        swaps=(
            (
                "test_contract.py",
                "    provider =",
                "    def test_it_streams(self):\n        pass\n\n    provider =",
            ),
        ),
    ),
    "bare": Fault("there_are_cassettes", tape="none"),
    "drifted": Fault("what_was_recorded_is_what_is_sent", tape="drifted"),
}
