"""The main job, without a key: one API over three providers and two wire formats.

A loopback server made of the wires' own server halves answers in place of the providers, so what you see
is the library's real path: request, auth header, HTTP, streaming, parsing, usage, errors.

    hatch run demo
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Literal

import attrs

import jackfield
from jackfield import Client, Completion, Image, JackfieldError, Message, Request, ToolCall

sys.path.insert(0, str(Path(__file__).parent))

from jackfield_echo.answers import answer_to
from loopback import Loopback

MODELS = ("openai/gpt-5.4-mini", "anthropic/claude-haiku-4-5", "groq/openai/gpt-oss-20b")


@attrs.frozen
class River:
    """A river, as structured output."""

    name: str
    length_km: int
    flows_to: Literal["sea", "lake"]


def weather(city: str, unit: Literal["C", "F"] = "C") -> str:
    """Tell the weather of a city."""
    return f"21 °{unit} in {city}"


def answer(request: Request) -> Completion:
    """The stand-in model: it echoes, calls the tools it is told of, and fails when asked to."""
    if request.model.startswith("no-such"):
        raise jackfield.ModelNotFound(
            f"the model `{request.model}` does not exist", status=404, code="model_not_found"
        )
    return answer_to(request)


def say(title: str) -> None:
    """A heading."""
    print(f"\n\033[1m{title}\033[0m" if sys.stdout.isatty() else f"\n{title}")


def completions(client: Client) -> list[tuple[str, Completion, float]]:
    """The same question to every provider."""
    say("One question, three providers")
    found = []
    for model in MODELS:
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
    for model in ("groq/no-such-model", "cohere/command-a"):
        try:
            client.complete(model, "hello")
        except JackfieldError as exc:
            print("  " + str(exc).replace("\n", "\n  "))
    try:
        client.complete(MODELS[2], ["What is this?", Image("image/png", data=b"...")])
    except JackfieldError as exc:
        print("  " + str(exc).replace("\n", "\n  "))


def table(found: list[tuple[str, Completion, float]]) -> None:
    """Who answered, over which wire, how fast, for how many tokens."""
    say("Usage")
    client = Client()
    print(f"  {'model':<34} {'wire':<18} {'ms':>6} {'in':>5} {'out':>5}  charge")
    for model, reply, milliseconds in found:
        wire = client.registry.profile(reply.provider).wire
        usage = reply.usage
        charge = "unknown" if reply.charge is None else f"${reply.charge}"
        row = f"{model:<34} {wire:<18} {milliseconds:>6.1f} {usage.total_input:>5} {usage.total_output:>5}"
        print(f"  {row}  {charge}")


def main() -> None:
    """Run all of it."""
    with Loopback(answer) as server:
        providers = {
            "openai": {"base_url": f"{server.url}/v1", "api_key": "sk-" + 40 * "0"},
            "groq": {"base_url": f"{server.url}/v1", "api_key": "gsk_" + 52 * "0"},
            "anthropic": {"base_url": server.url, "api_key": "sk-ant-api03-" + 93 * "0" + "AA"},
        }
        with Client({"providers": providers}) as client:
            found = completions(client)
            streams(client)
            tools(client)
            structured(client)
            errors(client)
    table(found)


if __name__ == "__main__":
    main()
