"""What comes after the connection, from limits to broken calls, with every installed provider in its own dialect."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from jackfield_simulator import Simulator
from jackfield_simulator.faults import FAULTS

from jackfield import JackfieldError, Registry, StreamInterrupted

TEXT = "Aare, Limmat, Reuss, Rhone, Ticino, Inn."
ALONE = {"echo"}  # what answers its own calls
PROVIDERS = sorted(set(Registry().ids()) - ALONE)
NAMES = [name for name, fault in FAULTS.items() if 13 <= fault.number <= 35 and fault.moment == "answer"]

# What a provider's own dialect makes of it: streams.
NO_MARK = {"length-too-long": "interrupted: stream.truncated"}
NO_CODE = {"error-first": "server", "error-later": "interrupted: server"}
MARKED = {"done-missing": "interrupted: stream.truncated"}
OWN = {
    **dict.fromkeys(("gemini", "vertex", "perplexity"), NO_MARK),
    **dict.fromkeys(("cohere", "ollama"), NO_CODE),
    **dict.fromkeys(("openai", "azure-openai"), MARKED),
}


@pytest.fixture(scope="module")
def table():
    """What is to come of each fault, as in the table of wires."""
    path = Path(__file__).with_name("test_table.py")
    spec = importlib.util.spec_from_file_location("faults_table", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.TABLE


@pytest.fixture(scope="module")
def simulator():
    """One for all providers."""
    with Simulator() as made:
        made.faults.pace = 0.02
        yield made


def model_of(simulator, provider):
    """A model of a provider that chats over its main wire."""
    listed = simulator.app.router.registry.profile(provider).models
    return next((model.id for model in listed if model.mode == "chat" and not model.wire), "m-1")


def asked(client, model, stream):
    """The kind of failure, or ``ok``."""
    try:
        if stream:
            with client.stream(model, TEXT) as events:
                events.completion()
        else:
            client.complete(model, TEXT)
    except StreamInterrupted as exc:
        return f"interrupted: {exc.kind}"
    except JackfieldError as exc:
        return exc.kind
    return "ok"


def wanted(table, provider, name, stream):
    """The kinds that may come of it."""
    whole, streamed = table[name]
    usual = [one.rpartition(" ")[0] for one in ((stream and streamed) or whole).split("|")]
    own = OWN.get(provider, {}).get(name) if stream else None
    return [own] if own else usual


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_provider_does_what_the_table_says(simulator, table, provider) -> None:
    """With one request each, since nothing is tried again here."""
    client, model = simulator.client(provider), f"{provider}/{model_of(simulator, provider)}"
    found = {}

    for name, stream in ((name, stream) for name in NAMES for stream in (False, True)):
        simulator.faults.clear()
        simulator.faults.add(name)
        client.forgive()
        before = simulator.server.requests
        kind = asked(client, model, stream)
        if list(simulator.bill)[-1].fault:
            found[name, stream] = kind, simulator.server.requests - before

    assert len(found) > 50
    assert {1} == {requests for _, requests in found.values()}
    assert {} == {
        cell: kind for cell, (kind, _) in found.items() if kind not in wanted(table, provider, *cell)
    }
