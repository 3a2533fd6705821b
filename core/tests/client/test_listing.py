"""What clients say of models: from the packages, or from the providers themselves, kept for an hour."""

from __future__ import annotations

import asyncio
import json

import pytest

from jackfield.client import AsyncClient, Client
from jackfield.errors import InvalidRequest, ModelNotFound
from jackfield.profile import Capabilities, Capability, Model, Profile, Statement, Support
from jackfield.registry import Registry
from jackfield.wire import Headers, Reply

FULL = Statement(Support.FULL)
ACME = Profile(
    "acme",
    "Acme",
    "chat_completions",
    base_url="https://acme.invalid/v1",
    category="lab",
    capabilities=Capabilities({Capability.CHAT: FULL, Capability.LIST_MODELS: FULL}),
    models=(Model("m", context=7), Model("gone")),
)
LISTED = {"object": "list", "data": [{"id": "m", "object": "model"}, {"id": "new", "object": "model"}]}


class Lists:
    """A transport that lists models, and counts how often it is asked."""

    def __init__(self, status=200):
        self.status = status
        self.asked = 0

    def send(self, *_):
        self.asked += 1
        headers = Headers({"content-type": "application/json"})
        return Reply(self.status, headers, json.dumps(LISTED).encode())

    def close(self):
        """Nothing is open."""


class AsyncLists(Lists):
    async def send(self, *_):
        return super().send()

    async def close(self):
        """Nothing is open."""


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """One provider, and an empty cache."""
    monkeypatch.setenv("JACKFIELD_HOME", str(tmp_path))
    registry = Registry(())
    registry.add(ACME)
    return registry


def told(models):
    return {model.id: (model.context, model.origin) for model in models}


def test_the_packages_answer_without_asking(registry):
    """No transport is needed."""
    client = Client(registry=registry, transport=Lists())

    assert {"m": (7, "read"), "gone": (None, "read")} == told(client.models())
    assert ("acme/m", 7, "acme") == (
        client.model("acme/m").name,
        client.model("m").context,
        client.provider("acme").id,
    )
    assert ["acme"] == [found.id for found in client.providers(category="lab")]
    with pytest.raises(ModelNotFound, match="acme/nn"):
        client.model("acme/nn")


def test_a_provider_is_asked_once_an_hour(registry):
    """Its list is kept, and is what is there; another client finds it."""
    transport = Lists()
    lists = [
        Client(registry=registry, transport=transport).models(live=True, provider="acme") for _ in range(2)
    ]

    assert [{"m": (7, "live"), "new": (None, "live")}] * 2 == list(map(told, lists))
    assert 1 == transport.asked
    Client(registry=registry, transport=transport).models(live=True, provider="acme", max_age=0)
    assert 2 == transport.asked


def test_filters_hold_for_what_was_asked_too(registry):
    """Words and all."""
    client = Client(registry=registry, transport=Lists())

    assert ["new"] == list(told(client.models("new", live=True, provider=["acme"])))


def test_a_provider_that_cannot_be_asked_is_answered_for(registry, caplog):
    """By its package, and a warning says so."""
    client = Client({"max_retries": 0}, registry=registry, transport=Lists(401))

    assert {"m": (7, "read"), "gone": (None, "read")} == told(client.models(live=True, provider="acme"))
    assert "`acme` could not be asked for its models" in caplog.text


def test_live_needs_a_name(registry):
    """Asking all would use all keys."""
    with pytest.raises(InvalidRequest, match="none is named"):
        Client(registry=registry, transport=Lists()).models(live=True)


def test_the_same_awaited(registry, caplog):
    """With the packages, live, and where it fails."""

    async def ask():
        client = AsyncClient(registry=registry, transport=AsyncLists())
        broken = AsyncClient({"max_retries": 0}, registry=registry, transport=AsyncLists(500))
        return (
            await client.models("gone"),
            await client.models(live=True, provider="acme"),
            await broken.models(live=True, provider="acme", max_age=0),
        )

    local, live, fallen_back = map(told, asyncio.run(ask()))

    assert ({"gone": (None, "read")}, ["m", "new"]) == (local, list(live))
    assert ["m", "gone", "new"] == list(fallen_back)  # what was told within the hour is still known
