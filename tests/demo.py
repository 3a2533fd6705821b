"""The main job, without a key: one API over eight providers and six wire formats.

The simulator answers in place of the providers, from the server halves of their wires, so what you see is the
library's real path: request, signature, HTTP, streaming, parsing, usage, errors. It also fails when it is told to.

    hatch run demo
"""

from __future__ import annotations

import sys
import time
from typing import Literal

import attrs
from jackfield_simulator import Simulator

import jackfield
from jackfield import Client, Completion, Image, JackfieldError, Message, ToolCall

MODELS = ("openai/gpt-5.4-mini", "anthropic/claude-haiku-4-5", "groq/openai/gpt-oss-20b")
MORE = (
    "gemini/gemini-2.5-flash",
    "bedrock/amazon.nova-lite-v1:0",
    "cohere/command-a-03-2025",
    "mistral/mistral-small-latest",
    "ollama/llama3.3",
)
SCENARIO = {
    "latency": {"first_token": 0.02, "tokens_per_second": 1000, "jitter": 0.2},
    "prices": {"input": 0.25, "output": 2.0},
}


@attrs.frozen
class River:
    """A river, as structured output."""

    name: str
    length_km: int
    flows_to: Literal["sea", "lake"]


def weather(city: str, unit: Literal["C", "F"] = "C") -> str:
    """Tell the weather of a city."""
    return f"21 °{unit} in {city}"


def say(title: str) -> None:
    """A heading."""
    print(f"\n\033[1m{title}\033[0m" if sys.stdout.isatty() else f"\n{title}")


def completions(client: Client) -> list[tuple[str, Completion, float]]:
    """The same question to every provider."""
    say("One question, eight providers")
    found = []
    for model in (*MODELS, *MORE):
        begun = time.perf_counter()
        reply = client.complete(model, "Name three rivers: Rhine, Nile, Amazon.", max_tokens=50)
        found.append((model, reply, (time.perf_counter() - begun) * 1000))
        print(f"  {model:<34} {reply.text}")
    return found


def streams(client: Client) -> None:
    """The same question, word by word."""
    say("Streaming")
    for model in MODELS:
        print(f"  {model:<34} ", end="")
        with client.stream(model, "one two three four", max_tokens=50) as stream:
            for piece in stream.text:
                print(f"[{piece}]", end="", flush=True)
        print(f"  {stream.completion().usage.total_output} tokens out")


def tools(client: Client) -> None:
    """A plain function as a tool: the call comes back, is run, and its result goes into the next turn."""
    say("A tool call, there and back")
    for model in MODELS:
        turns = [Message("user", "Lisbon, says the weather tool")]
        first = client.complete(model, turns, tools=[weather], max_tokens=50)
        results = jackfield.run_tools(first, [weather])
        assert results is not None
        second = client.complete(model, [*turns, first.message, results], tools=[weather], max_tokens=50)
        call: ToolCall = first.tool_calls[0]
        print(f"  {model:<34} {call.name}({call.json}) -> {second.text}")


def structured(client: Client) -> None:
    """A class in, an instance out."""
    say("Structured output")
    for model in MODELS:
        reply = client.complete(model, "Danube", into=River, max_tokens=50)
        print(f"  {model:<34} {reply.value}")


def errors(client: Client) -> None:
    """What goes wrong says what, why, where, and how to mend it."""
    say("Errors")
    for model in ("groq/no-such-model", "replicate/llama"):
        try:
            client.complete(model, "hello")
        except JackfieldError as exc:
            print("  " + str(exc).replace("\n", "\n  "))
    try:
        client.complete(MODELS[2], ["What is this?", Image("image/png", data=b"...")])
    except JackfieldError as exc:
        print("  " + str(exc).replace("\n", "\n  "))


def outage(client: Client, simulator: Simulator) -> None:
    """A provider that is overloaded once is asked again."""
    say("An overload, survived")
    simulator.fault("overloaded-529", times=1)
    reply = client.complete(MODELS[1], "Still there?", max_tokens=50)
    print(f"  {MODELS[1]:<34} {reply.text}  (attempts: {len(reply.attempts)})")


def table(found: list[tuple[str, Completion, float]], client: Client, simulator: Simulator) -> None:
    """Who answered, over which wire, how fast, for how many tokens, and what the simulator charged."""
    say("What it took")
    print(f"  {'provider':<12} {'wire':<18} {'latency':>9} {'in':>5} {'out':>5}  charge")
    bill = {line.request_id: line for line in simulator.bill}
    for model, reply, milliseconds in found:
        wire, usage = client.bind(model).wire.name, reply.usage
        charge = bill[reply.request_id].charge if reply.request_id in bill else "unknown"
        row = f"{reply.provider:<12} {wire:<18} {milliseconds:>6.1f} ms {usage.total_input:>5} {usage.total_output:>5}"
        print(f"  {row}  ${charge}")
    totals = simulator.bill.totals()
    print(f"  {totals.requests} requests in all, {totals.failed} of them failed; ${totals.charge} charged")


def main() -> None:
    """Run all of it."""
    with Simulator(SCENARIO) as simulator:
        names = [model.partition("/")[0] for model in (*MODELS, *MORE)]
        with simulator.client(*names, max_retries=2) as client:
            found = completions(client)
            streams(client)
            tools(client)
            structured(client)
            errors(client)
            outage(client, simulator)
            table(found, client, simulator)


if __name__ == "__main__":
    main()
