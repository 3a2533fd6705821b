"""What a user states of a provider's compliance counts like what its package states: in queries and in routes."""

from __future__ import annotations

import pytest

from jackfield import Client
from jackfield.errors import BadConfig
from jackfield.profile import Profile
from jackfield.registry import Registry

STATED = {"providers": {"acme-ai": {"compliance": ["hipaa"], "api_key": "sk-0123456789abcdef"}}}


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """Two providers, of which one states something."""
    monkeypatch.setenv("JACKFIELD_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    found = Registry()
    for name, tags in (("acme", {}), ("other", {"gdpr": {}})):
        compliance = {"tags": tags}
        address = f"https://{name}.invalid"
        aliases = (f"{name}-ai",)
        found.add(
            Profile(name, name, "chat_completions", aliases=aliases, base_url=address, compliance=compliance)
        )
    return found


@pytest.mark.parametrize(("tag", "found"), [("hipaa", ["acme"]), ("gdpr", ["other"]), ("soc2", [])])
def test_providers_are_found_by_what_is_stated(registry, tag, found):
    """By the package, or by the user under any name of the provider."""
    client = Client(STATED, registry=registry)

    assert found == [provider.id for provider in client.providers(compliance=tag)]


def test_without_a_word_of_the_user_nothing_is_claimed(registry):
    """What nobody states does not hold."""
    assert () == Client({}, registry=registry).providers(compliance="hipaa")


def test_routes_filter_by_it(registry):
    """A target that is not stated to comply is dropped."""
    route = {"strategy": "fallback", "targets": ["other/m", "acme/m"], "compliance": ["hipaa"]}
    keys = {"other": {"api_key": "sk-0123456789abcdef"}, **STATED["providers"]}
    client = Client({"providers": keys, "routes": {"safe": route}}, registry=registry)

    decision = client.explain("route:safe", "hi")

    assert "acme/m" == decision.chosen.model


def test_a_project_cannot_vouch_for_anybody(registry, tmp_path):
    """Its file is refused."""
    (tmp_path / "jackfield.toml").write_text('[providers.acme]\ncompliance = ["hipaa"]\n')

    with pytest.raises(BadConfig, match="must not vouch"):
        Client(registry=registry)
