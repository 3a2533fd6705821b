"""Slips that authors of providers really make, and the one rule of the contract that must find each."""

from __future__ import annotations

from faults import AUTH, IMPORTS, _parsing, _wire
from made_up import Fault


def _finished(change: str) -> str:
    """A wire that changes what a whole answer ends with; ``e`` is the event."""
    return _wire(
        "    def parse_completion(self, reply):\n"
        "        events, raw = super().parse_completion(reply)\n"
        f"        return [({change}) if isinstance(e, Finished) else e for e in events], raw\n"
    )


def _streaming(change: str, of: str) -> str:
    """A wire that changes the events of one kind in streams."""
    return _parsing(f"        return [{change} if type(e).__name__ == '{of}' else e for e in events]\n")


RATE = """max_output = 100
[[model.rate]]
valid_from = 2026-06-01
source = "acme"
per_1K_tokens = { input = "2.50", output = "10.00" }
"""

SLIPS = {
    "stream-double": Fault(
        "it_tells_the_usage",
        _streaming(
            "attrs.evolve(e, usage=attrs.evolve(e.usage, input=e.usage.input + e.usage.cache_read))",
            "Finished",
        ),
    ),
    "unfiltered": Fault(
        "it_says_why_it_stopped",
        _finished(
            "attrs.evolve(e, finish=attrs.evolve(e.finish, reason='unknown'))"
            " if e.finish.reason == 'content_filter' else e"
        ),
    ),
    "cheerful": Fault(
        "it_says_why_it_stopped",
        _finished(
            "attrs.evolve(e, finish=attrs.evolve(e.finish, reason='stop'))"
            " if e.finish.reason == 'unknown' else e"
        ),
    ),
    "args-twice": Fault(
        "pieces_of_arguments_make_json",
        _parsing(
            "        return [e for event in events for e in"
            " ([event, event] if type(event).__name__ == 'ArgumentsDelta' else [event])]\n"
        ),
        also=("a_call_may_have_no_arguments", "several_calls_come_back"),
    ),
    "one-index": Fault(
        "several_calls_come_back",
        _parsing(
            "        return [attrs.evolve(e, id=0) if type(e).__name__ == 'ArgumentsDelta' else e for e in events]\n"
        ),
    ),
    "error-with-200": Fault(
        "what_is_no_answer_is_malformed",
        _wire(
            "    def parse_completion(self, reply):\n"
            "        if b'\"error\"' in reply.body:\n"
            "            return [Finished(Finish('stop', 'stop'))], {'error': 1}\n"
            "        return super().parse_completion(reply)\n"
        ),
    ),
    "seconds-only": Fault(
        "it_says_when_to_come_back",
        _wire(
            "    def parse_error(self, reply):\n"
            "        wait = reply.headers.get('retry-after')\n"
            "        info = super().parse_error(reply)\n"
            "        known = wait is None or wait.isdigit()\n"
            "        return info if known else attrs.evolve(info, retry_after=None)\n"
        ),
    ),
    "key-in-url": Fault(
        "signing_adds_what_is_declared",
        init=IMPORTS
        + AUTH.format(
            says="It puts its key into the address.",
            body="def sign(self, call):\n"
            "        call = yield from super().sign(call)\n"
            "        key = call.headers['authorization'].partition(' ')[2]\n"
            "        return attrs.evolve(call, query=(*call.query, ('key', key)))",
        ).replace("from jackfield.auth", "import attrs\nfrom jackfield.auth"),
    ),
    "key-in-wire": Fault(
        "signing_adds_what_is_declared",
        _wire(
            "    def render_completion(self, request, stream):\n"
            "        import os\n\n"
            "        call = super().render_completion(request, stream)\n"
            "        return call.with_headers({'x-api-key': os.environ.get('ACME_API_KEY', '')})\n"
        ),
    ),
    "unsorted": Fault(
        "several_calls_come_back",
        _wire(
            "    def parse_completion(self, reply):\n"
            "        events, raw = super().parse_completion(reply)\n"
            "        calls = [e.part for e in events if isinstance(e, PartStarted) and isinstance(e.part, ToolCall)]\n"
            "        one = lambda e: isinstance(e, PartStarted) and isinstance(e.part, ToolCall)\n"
            "        return [attrs.evolve(e, part=calls.pop()) if one(e) else e for e in events], raw\n"
        ),
    ),
    "leaky": Fault(
        "reasoning_is_kept_apart",
        _parsing(
            "        from jackfield.events import PartStarted, ReasoningDelta, TextDelta\n"
            "        from jackfield.types import Reasoning, Text\n\n"
            "        def said(e):\n"
            "            if isinstance(e, ReasoningDelta):\n"
            "                return TextDelta(e.id, e.text)\n"
            "            if isinstance(e, PartStarted) and isinstance(e.part, Reasoning):\n"
            "                return PartStarted(e.id, Text(e.part.text))\n"
            "            return e\n\n"
            "        return [said(e) for e in events]\n"
        ),
        swaps=(
            (
                "profile.toml",
                'reasoning = { support = "unsupported", note = "https://acme.example/docs" }',
                'reasoning = "full"',
            ),
        ),
    ),
    "per-thousand": Fault(
        "prices_are_plausible",
        swaps=(
            (
                "models.toml",
                "max_output = 100\n",
                RATE,
            ),
        ),
    ),
    "illegible": Fault("its_models_can_be_read", swaps=(("models.toml", "context = 1000", "contxt = 1000"),)),
    "user-dropped": Fault(
        "options_arrive",
        _wire(
            "    def render_completion(self, request, stream):\n"
            "        kept = {name: value for name, value in request.options.items() if name != 'user'}\n"
            "        return super().render_completion(attrs.evolve(request, options=kept), stream)\n"
        ),
    ),
    "hoarding": Fault(
        "it_is_told_as_it_comes",
        """class Hoarding(Parser):
    kept = ()

    def feed(self, record):
        self.kept = [*self.kept, *self.inner.feed(record)]
        whole = any(isinstance(event, (Finished, Failed)) for event in self.kept)
        told, self.kept = (self.kept, []) if whole else ([], self.kept)
        return told

    def end(self):
        return [*self.kept, *self.inner.end()]


class Broken(ChatCompletions):
    def stream_parser(self):
        return Hoarding(super().stream_parser())
""",
    ),
    "zero-usage": Fault(
        "what_is_unknown_is_not_free",
        _finished("attrs.evolve(e, usage=Usage(0, output=0)) if not e.usage.known else e"),
    ),
    "hard-coded": Fault(
        "the_address_a_user_sets_is_used",
        _wire(
            "    def render_completion(self, request, stream):\n"
            "        call = super().render_completion(request, stream)\n"
            "        return attrs.evolve(call, base='https://api.acme.example/v1')\n"
        ),
    ),
    "backward-vectors": Fault(
        "vectors_come_back",
        _wire(
            "    def operations(self):\n"
            "        if 'kept' not in vars(self):\n"
            "            self.kept = dict(super().operations())\n"
            "            inner = self.kept['embed'].parse\n"
            "            back = lambda a: attrs.evolve(a, vectors=a.vectors[::-1])\n"
            "            self.kept['embed'].parse = lambda reply: back(inner(reply))\n"
            "        return self.kept\n"
        ),
    ),
    "one-turn": Fault(
        "turns_arrive_in_order",
        _wire(
            "    def render_completion(self, request, stream):\n"
            "        last = request.messages[-1:] if len(request.messages) == 3 and not request.tools else request.messages\n"
            "        return super().render_completion(attrs.evolve(request, messages=last), stream)\n"
        ),
    ),
}
