"""The main job, without a key: one API over eight providers and six wire formats.

The simulator answers in place of the providers, from the server halves of their wires, so what you see is the
library's real path: request, signature, HTTP, streaming, parsing, usage, errors. It also fails when it is told to.

    hatch run demo
"""

from __future__ import annotations

import os
import sys
import time
from decimal import Decimal
from typing import Literal

import attrs
from jackfield_simulator import Simulator

import jackfield
from jackfield import Client, Completion, Image, JackfieldError, Message

MODELS = ("openai/gpt-5.4-mini", "anthropic/claude-haiku-4-5", "groq/openai/gpt-oss-20b")
MORE = (
    "gemini/gemini-2.5-flash",
    "bedrock/amazon.nova-lite-v1:0",
    "cohere/command-a-03-2025",
    "mistral/mistral-small-latest",
    "ollama/llama3.3",
)
FIRST_TOKEN, SPEED = 0.03, 500
QUESTION = "Name three rivers."
# What the simulator is told to say: a scenario, as anybody's tests would have one.
SCENARIO = {
    "latency": {"first_token": FIRST_TOKEN, "tokens_per_second": SPEED, "jitter": 0.2},
    "answers": [
        {"when": {"text": "three rivers"}, "then": {"text": "The Rhine, the Nile and the Amazon."}},
        {
            "when": {"text": "in Lisbon?"},
            "then": {"calls": [{"name": "weather", "arguments": {"city": "Lisbon"}}]},
        },
        {
            "when": {"text": "Danube"},
            "then": {"json": {"name": "Danube", "length_km": 2850, "flows_to": "sea"}},
        },
    ],
}
COLOURED = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


@attrs.frozen
class River:
    """A river, as structured output."""

    name: str
    length_km: int
    flows_to: Literal["sea", "lake"]


def weather(city: str, unit: Literal["C", "F"] = "C") -> str:
    """Tell the weather of a city."""
    return f"21 °{unit} in {city}, and sunny"


# -- what it looks like --------------------------------------------------------------------------------


def painted(text: str, code: str) -> str:
    """The text in a colour, where there are colours."""
    return f"\033[{code}m{text}\033[0m" if COLOURED else text


def say(title: str, code: str) -> None:
    """A heading, and the line of Python that does what follows."""
    print(f"\n{painted(title, '1;36')}\n  {painted('>>> ' + code, '2')}")


def row(model: str, text: str) -> None:
    """Who, and what."""
    print(f"  {model:<31}{text}")


def refused(failure: JackfieldError) -> None:
    """A failure as people see it."""
    first, *rest = str(failure).splitlines()
    print(f"  {painted('✗', '31')} {first}")
    for line in rest:
        print(f"    {painted(line.strip(), '2')}")


def dollars(money: Decimal | None) -> str:
    """Money, or that nobody knows."""
    return "unknown" if money is None else f"${money:.7f}"


# -- what is shown -------------------------------------------------------------------------------------


def completions(client: Client) -> None:
    """The same question to every provider."""
    say("One question, eight providers", f'client.complete(model, "{QUESTION}").text')
    for model in (*MODELS, *MORE):
        row(model, client.complete(model, QUESTION, max_tokens=50).text)


def streams(client: Client) -> None:
    """The same question, word by word."""
    say("Streams, piece by piece", f'for piece in client.stream(model, "{QUESTION}").text: ...')
    for model in MODELS:
        print(f"  {model:<31}", end="", flush=True)
        with client.stream(model, QUESTION, max_tokens=50) as stream:
            for piece in stream.text:
                print(f"{piece.rstrip()}{painted('|', '2')}", end="", flush=True)
        print(painted(f"  {stream.completion().usage.total_output} tokens", "2"))


def tools(client: Client) -> None:
    """A plain function as a tool: the call comes back, is run, and its result goes into the next turn."""
    say("A function as a tool, there and back", "client.complete(model, turns, tools=[weather])")
    for model in MODELS:
        turns = [Message("user", "How is the weather in Lisbon?")]
        first = client.complete(model, turns, tools=[weather], max_tokens=50)
        results = jackfield.run_tools(first, [weather])
        assert results is not None
        second = client.complete(model, [*turns, first.message, results], tools=[weather], max_tokens=50)
        call = first.tool_calls[0]
        row(model, f"{call.name}({call.json}) -> {second.text}")


def structured(client: Client) -> None:
    """A class in, an instance out."""
    say("A class in, an instance out", 'client.complete(model, "The Danube", into=River).value')
    for model in MODELS:
        row(model, repr(client.complete(model, "The Danube", into=River, max_tokens=50).value))


def errors(client: Client) -> None:
    """What goes wrong says what, why, where, and how to mend it."""
    say("Errors say what, why, and how to mend it", "except JackfieldError as failure: print(failure)")
    asked = (
        ("groq/no-such-model", "hello"),
        ("replicate/llama", "hello"),
        (MODELS[2], ["What is this?", PICTURE]),
    )
    for model, prompt in asked:
        try:
            client.complete(model, prompt)
        except JackfieldError as failure:
            refused(failure)


PICTURE = Image("image/png", data=b"...")


def outages(client: Client, simulator: Simulator) -> None:
    """A provider that is overloaded once is asked again; in place of one that is down, the next of a route answers."""
    say("Outages, survived", 'client.complete("route:rivers", ...)')
    simulator.fault("overloaded-529", "ok")
    row(MODELS[1], _attempts(client.complete(MODELS[1], QUESTION, max_tokens=50)))
    simulator.fault("failed", match="groq")
    row("route:rivers", _attempts(client.complete("route:rivers", QUESTION, max_tokens=50)))
    simulator.faults.clear()


def _attempts(reply: Completion) -> str:
    tries = " -> ".join(str(attempt.status) for attempt in reply.attempts)
    return f"{tries}  {painted('answered by', '2')} {reply.provider}"


def table(client: Client) -> None:
    """Who answered, over which wire, how fast, for how many tokens, and what that would cost."""
    say("What it takes", f'client.complete(model, "{QUESTION}").charge')
    heads = f"{'provider':<12}{'wire':<18}{'latency':>9}{'in':>6}{'out':>6}{'charge':>13}"
    print(f"  {painted(heads, '1')}")
    total = Decimal(0)
    for model in (*MODELS, *MORE):
        begun = time.perf_counter()
        reply = client.complete(model, QUESTION, max_tokens=50)
        took = f"{(time.perf_counter() - begun) * 1000:.0f} ms"
        tokens = f"{reply.usage.total_input:>6}{reply.usage.total_output:>6}"
        print(
            f"  {reply.provider:<12}{client.bind(model).wire.name:<18}{took:>9}{tokens}{dollars(reply.charge):>13}"
        )
        total += reply.charge or 0
    print(f"  {'':<12}{'':<18}{'':>9}{'':>12}{dollars(total):>13}")


def main() -> None:
    """Run all of it."""
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    begun = time.perf_counter()
    with Simulator(SCENARIO) as simulator:
        names = [model.partition("/")[0] for model in (*MODELS, *MORE)]
        print(f"jackfield {jackfield.__version__}: one API over {len(names)} providers, without a key.")
        print(f"The simulator at {simulator.url} stands in for all of them; nothing leaves this machine.")
        routes = {"rivers": {"targets": [MODELS[2], MORE[3]]}}
        with simulator.client(*names, max_retries=2, routes=routes) as client:
            completions(client)
            streams(client)
            tools(client)
            structured(client)
            errors(client)
            outages(client, simulator)
            table(client)
        totals = simulator.bill.totals()
    note = (
        f"Latency is simulated: {FIRST_TOKEN * 1000:.0f} ms to the first token, {SPEED} tokens a second, 20 % more or "
        f"less.\n  Charges are by the price lists of this day; nobody was charged.\n  {totals.requests} requests, "
        f"{totals.failed} of them failed as they were told to; {time.perf_counter() - begun:.1f} s in all."
    )
    print(f"  {painted(note, '2')}")


if __name__ == "__main__":
    main()
