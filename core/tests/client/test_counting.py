"""Counting tokens: asked of the provider, or done here, and always labelled."""

from __future__ import annotations

import asyncio

import pytest

from jackfield.client import AsyncClient, Client
from jackfield.errors import Unsupported
from jackfield.profile import Capabilities, Capability, Model, Profile, Statement, Support
from jackfield.registry import Registry
from jackfield.types import Image
from jackfield.wire import Headers, Reply

FULL, NONE = Statement(Support.FULL), Statement(Support.UNSUPPORTED)


class Counts:
    """A transport whose provider counts twelve tokens."""

    def send(self, *_):
        return Reply(200, Headers({"content-type": "application/json"}), b'{"input_tokens": 12}')


class AsyncCounts(Counts):
    async def send(self, *_):
        return super().send()


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """A provider that counts for callers, and one that does not."""
    monkeypatch.setenv("JACKFIELD_HOME", str(tmp_path))
    registry = Registry(())
    for name, wire, can in (("counts", "messages", FULL), ("silent", "chat_completions", NONE)):
        stated = Capabilities(
            {Capability.CHAT: FULL, Capability.IMAGES_IN: FULL, Capability.COUNT_TOKENS: can}
        )
        profile = Profile(
            name,
            name,
            wire,
            base_url=f"https://{name}.invalid",
            capabilities=stated,
            models=(Model("m", max_output=9),),
        )
        registry.add(profile)
    return registry


def test_the_provider_is_asked_where_it_counts(registry):
    """Its figure is exact."""
    counted = Client(registry=registry, transport=Counts()).count_tokens("counts/m", "hi")

    assert (12, "provider", 0.0, None) == (counted.tokens, counted.source, counted.error, counted.low)


@pytest.mark.parametrize(("model", "online"), [("silent/m", None), ("silent/m", False), ("counts/m", False)])
def test_nobody_is_asked_otherwise(registry, model, online):
    """The figure says who made it, and how far off it may be."""
    client = Client(registry=registry, transport=Counts())

    counted = client.count_tokens(model, "Name three rivers.", online=online, system="Be brief.")

    assert ("estimate", "characters by kind", model) == (counted.source, counted.by, f"{counted.provider}/m")
    assert counted.low <= counted.tokens <= counted.high
    assert counted.error == pytest.approx(
        max(counted.high - counted.tokens, counted.tokens) / counted.tokens, rel=0.5
    )
    assert () == counted.attempts


def test_who_wants_the_provider_alone_is_told(registry):
    """That it does not count, before anything is sent."""
    with pytest.raises(Unsupported, match="cannot count tokens"):
        Client(registry=registry, transport=Counts()).count_tokens("silent/m", "hi", online=True)


def test_media_of_unknown_size_are_named(registry):
    """The bounds say nothing of them."""
    picture = [Image("image/png", data=b"x"), "what is this?"]

    counted = Client(registry=registry, transport=Counts()).count_tokens("silent/m", picture, online=False)

    assert ("image",) == counted.unknown


def test_the_same_awaited(registry):
    """Asked and not asked."""

    async def ask():
        client = AsyncClient(registry=registry, transport=AsyncCounts())
        return [await client.count_tokens("counts/m", "hi", online=online) for online in (None, False)]

    assert ["provider", "estimate"] == [counted.source for counted in asyncio.run(ask())]
