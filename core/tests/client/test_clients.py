"""The clients themselves: threads, loops, closing."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref

import pytest

from jackfield import AsyncClient, BadConfig, Client, InvalidRequest, ModelNotFound


def test_one_client_serves_many_threads(client, acme) -> None:
    """A model is bound once, whoever comes first."""
    caller = client(*(acme.reply() for _ in range(32)))
    bindings = []
    start = threading.Barrier(32)

    def ask() -> None:
        start.wait(60)
        caller.complete("acme/large-1", "hello")
        bindings.append(caller.bind("acme/large-1"))

    threads = [threading.Thread(target=ask) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert [bindings[0]] * 32 == bindings
    assert len({id(binding) for binding in bindings}) == 1


def test_closing_closes_the_transport(client) -> None:
    """A ``with`` block leaves no connection."""
    with client() as caller:
        transport = caller.driver.transport

    assert transport.closed


def test_a_client_that_never_called_has_nothing_to_close(registry) -> None:
    """No transport is made for nothing."""
    Client(registry=registry).close()
    asyncio.run(AsyncClient(registry=registry).aclose())


def test_an_async_client_outlives_its_event_loops(async_client, acme) -> None:
    """One client may be used from loop after loop, and keeps none of them alive."""
    caller = async_client(acme.reply("one"), acme.reply("two"))
    loops = []

    async def ask() -> str:
        loops.append(weakref.ref(asyncio.get_running_loop()))
        return (await caller.complete("acme/large-1", "hello")).text

    assert ["one", "two"] == [asyncio.run(ask()), asyncio.run(ask())]
    gc.collect()
    assert [None, None] == [loop() for loop in loops]


def test_a_provider_alone_stands_for_its_default_model(client, acme) -> None:
    """The setting acts; without it the name is told to lack a model."""
    caller = client(acme.reply(), providers={"acme": {"default_model": "small-1"}})

    assert caller.complete("acme", "hello").text == "hi"
    assert caller.driver.transport.bodies[0]["model"] == "small-1"
    with pytest.raises(ModelNotFound):
        client().complete("acme", "hello")


@pytest.mark.parametrize(("settings", "model"), [(5, "acme/large-1"), (None, 5)])
def test_what_is_no_settings_and_no_model_is_told(registry, settings, model) -> None:
    """Mistakes of type have words, not tracebacks of ours."""
    with pytest.raises((BadConfig, InvalidRequest)):
        Client(settings, registry=registry).complete(model, "hello")


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize("transport", ["httpx", "aiohttp"])
def test_a_proxy_that_is_set_reaches_the_transport(registry, kind, transport) -> None:
    """Whichever library it is made over."""
    caller = kind({"proxy": "http://proxy.example:3128", "transport": transport}, registry=registry)

    assert "http://proxy.example:3128" == caller.driver.transport._way.proxy


def test_a_transport_can_be_named(registry) -> None:
    """The setting chooses the library, where this kind of client can use it."""
    named = Client({"transport": "httpx"}, registry=registry)
    other = Client({"transport": "aiohttp"}, registry=registry)

    assert "Http" in type(named.driver.transport).__name__
    assert "Http" in type(other.driver.transport).__name__


def test_a_binding_tells_who_answered(client) -> None:
    """Each hook's answer can be named."""
    binding = client().bind("acme/large-1")

    told = binding.describe()

    assert ("Bearer", "ChatCompletions", "unknown") == (told["auth"], told["completion"], told["pricing"])
    assert binding.evolve(max_retries=0).max_retries == 0
    assert ("acme", "acme/large-1") == (binding.provider, binding.name)


def test_models_that_were_named_once_are_forgotten(client) -> None:
    """Names may come from anywhere; what is bound for them does not pile up, and what is in use stays bound."""
    caller = client()
    caller._bound.most = 10
    first = caller.bind("acme/large-1")

    for number in range(100):
        caller.bind(f"acme/made-up-{number}")
        caller.bind("acme/large-1")

    assert first is caller.bind("acme/large-1")
    assert len(caller._bound.kept()) <= 20
