"""Clients whose calls run in virtual time."""

from __future__ import annotations

from jackfield import Client

KINDS = ("groq", "deepseek", "together")


def client_of(world, *names, route=None, **settings):
    """A client whose targets are those providers, in that order, and whose chance is the world's."""
    hosts = dict(zip(KINDS, names, strict=False))
    providers = {
        kind: {"base_url": f"https://{host}.example/v1", "api_key": f"a-key-of-{host}"}
        for kind, host in hosts.items()
    }
    for kind, more in settings.pop("providers", {}).items():
        providers[kind] |= more
    usual = {"strategy": "fallback", "targets": [f"{kind}/m" for kind in hosts]}
    routes = {"r": {**usual, **(route or {})}, **settings.pop("routes", {})}
    client = Client({"providers": providers, "routes": routes, "timeout": 60, **settings})
    client.random = world.random
    client.board._random = world.random.random
    return client
