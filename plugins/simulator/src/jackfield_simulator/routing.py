"""Which provider, which wire and which exchange a call is for: by its path, below a prefix or without one.

Every installed provider is found below its id, ``/groq/openai/v1/chat/completions``, in its own dialect: its
wire is bound through its hooks, as a client's is, for the model that is asked. Without a prefix the path and
the headers say whose client it is: ``/v1/messages``, ``/v1beta/models/x:generateContent``, ``/api/chat``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import attrs
from attrs import frozen

from jackfield.errors import JackfieldError
from jackfield.profile import Model, Profile
from jackfield.registry import Registry
from jackfield.wire import WIRES, Call, Dialect, Wire, wire_named
from jackfield.wire.call import Segment
from jackfield.wire.operation import Verbs, exchange_for, fits
from jackfield_simulator.accounts import ACCESS_KEY, SECRET_KEY
from jackfield_simulator.keys import shaped

# A machine without any configuration: what its user has set is about the real providers.
NOBODY: Mapping[str, str] = {"JACKFIELD_HOME": os.path.join(os.sep, "nonexistent", "jackfield-simulator")}
# What the providers of one vendor need besides address and key before they can be bound.
_CLOUD = {"project": "simulated", "location": "us-central1", "access_token": "ya29.simulated"}
_AWS = {"region": "us-east-1", "access_key_id": ACCESS_KEY, "secret_access_key": SECRET_KEY}
NEEDS: Mapping[str, Mapping[str, str]] = {"google": _CLOUD, "sigv4": _AWS}  # by scheme of auth
# Providers that have what they have at two places: what says so, besides the wires.
SURFACES: Mapping[str, tuple[Mapping[str, str], ...]] = {"azure-openai": ({"api": "deployments"},)}
COMPLETE = "complete"
NOWHERE = "http://localhost"  # before a server says where it is


@frozen
class Route:
    """Where a call leads: ``exchange`` is ``None`` for completions."""

    provider: str
    wire: Wire
    exchange: Verbs[Any, Any] | None = None
    one: str = ""  # of a list that is asked for a single model: its name

    @property
    def operation(self) -> str:
        """The name of what is asked."""
        return COMPLETE if self.exchange is None else self.exchange.name


def settings_of(profile: Profile) -> dict[str, Any]:
    """What a client must be told of a provider besides its address; keys are good here alone."""
    needed = NEEDS.get(profile.auth.scheme)
    if needed is not None:
        return dict(needed)
    return {} if profile.auth.scheme == "none" else {"api_key": shaped(profile)}


# -- whose client it is, where no prefix says so -------------------------------------------------------

Guess = Callable[[Call], bool]


def _first(*names: str) -> Guess:
    return lambda call: call.path[:1] in {(name,) for name in names}


def _signed(call: Call) -> bool:
    return call.headers.get("authorization", "").startswith("AWS4-HMAC-SHA256")


GUESSES: tuple[tuple[str, Guess], ...] = (
    ("azure-openai", lambda call: call.path[:2] == ("openai", "deployments")),
    ("vertex", lambda call: "projects" in call.path[:2]),
    ("gemini", _first("v1beta", "v1alpha", "upload", "download")),
    ("gemini", lambda call: "x-goog-api-key" in call.headers),
    ("anthropic", lambda call: "anthropic-version" in call.headers or call.path[-1:] == ("messages",)),
    ("bedrock", lambda call: _signed(call) or _first("model", "foundation-models")(call)),
    ("cohere", lambda call: call.headers.get("x-fern-sdk-name") == "cohere" or _first("v2")(call)),
    ("ollama", _first("api")),
)
OTHERWISE = "openai"


@lru_cache(maxsize=1)
def installed() -> Registry:
    """The installed providers; their profiles are read once for all simulators of a process."""
    return Registry()


@lru_cache(maxsize=1)
def core_answers() -> object:
    """What answers for providers without code; not before somebody asks, for it takes long to load."""
    from jackfield.client.answers import CoreAnswers

    return CoreAnswers()


class Router:
    """The wires of all installed providers, each bound when it is first asked."""

    def __init__(self, registry: Registry | None = None, url: Callable[[], str] = str) -> None:
        self.registry = registry or installed()
        self._url = url
        self._ids = frozenset(self.registry.ids())
        self._shared: tuple[Wire, ...] = ()
        self.wires = lru_cache(maxsize=1024)(self._wires)
        self.profile = lru_cache(maxsize=None)(self._profile)

    def route(self, call: Call) -> Route | None:
        """Where a call leads; ``None`` if no wire has its path. Who asks for the head alone asks as who gets all."""
        call = attrs.evolve(call, method="GET") if call.method == "HEAD" else call
        provider, inner = self.addressed(call)
        wires = self.wires(provider, model_in(inner))
        completing = self._completing(provider, wires, inner)
        found = [(wire, one) for wire in wires if (one := exchange_for(wire.operations(), inner)) is not None]
        if not found and completing is None:
            return self._one_model(provider, wires, inner)
        if not found or (completing is not None and not self._rather(completing, found, inner)):
            return completing
        wire, exchange = max(found, key=lambda pair: len(pair[1].path))
        return Route(provider, wire, self._told_apart(wire, exchange, inner))

    @staticmethod
    def _rather(completing: Route, found: list[tuple[Wire, Verbs[Any, Any]]], call: Call) -> bool:
        """Whether a call is for an exchange, though a completion has its path too."""
        if _other(model_in(call)):
            return True
        tails = [tail for tail in completing.wire.routes.values() if fits(tail, call.path)]
        closed = any(_literal(tail[-1:]) for tail in tails)
        return not closed and any(_literal(one.path[-1:]) for _, one in found)

    @staticmethod
    def _completing(provider: str, wires: tuple[Wire, ...], call: Call) -> Route | None:
        """The route of a completion, if a wire has the path."""
        for wire in wires:
            if call.method == "POST" and any(fits(tail, call.path) for tail in wire.routes.values()):
                return Route(provider, wire)
        return None

    @staticmethod
    def _one_model(provider: str, wires: tuple[Wire, ...], call: Call) -> Route | None:
        """The route to what is said of one model: its name is what follows the path of the list."""
        lists = [
            (wire, one)
            for wire in wires
            if "models" in wire.operations()
            for one in wire.operations()["models"].exchanges
        ]
        for size in (1, 2):  # some names have two steps
            rest, name = call.path[:-size], call.path[-size:]
            for wire, one in lists:
                if call.method == one.method == "GET" and rest and fits(one.path, rest):
                    return Route(provider, wire, one, "/".join(map(str, name)))
        return None

    def addressed(self, call: Call) -> tuple[str, Call]:
        """The provider a call is for, and the call as that provider would see it."""
        if call.path and call.path[0] in self._ids and call.path[:2] != ("openai", "deployments"):
            return str(call.path[0]), attrs.evolve(call, path=call.path[1:])
        guessed = next((provider for provider, guess in GUESSES if guess(call)), OTHERWISE)
        return guessed, call

    def base_url(self, provider: str) -> str:
        """What a provider's base URL is set to, so that its clients come here."""
        profile = self.profile(provider)
        stated = urlsplit(profile.base_url).path if profile and profile.base_url else ""
        path = stated or (profile.base_path if profile else "")
        return f"{self._url() or NOWHERE}/{provider}/{path.strip('/')}".rstrip("/")

    def _profile(self, provider: str) -> Profile | None:
        return self.registry.profile(provider) if provider in self._ids else None

    def _wires(self, provider: str, model: str) -> tuple[Wire, ...]:
        """All wires that speak to a model, the main one first."""
        profile = self.profile(provider)
        if profile is None:
            self._shared = self._shared or tuple(
                wire_named(name)(Dialect(provider=provider)) for name in WIRES
            )
            return self._shared
        named = profile.model(model) if model else Model("", listed=False)
        ways = ({}, *({"wire": wire} for wire in profile.wires), *SURFACES.get(provider, ()))
        bound = (self._bound(profile, named, way) for way in ways)
        return tuple(wire for wire in bound if wire is not None)

    def _bound(self, profile: Profile, model: Model, way: Mapping[str, str]) -> Wire | None:
        """A wire through the provider's hooks; none where it has none for the model."""
        from jackfield.config import Settings

        table = {**settings_of(profile), "base_url": self.base_url(profile.id), **way}
        loaded = Settings.load({"providers": {profile.id: table}}, env=NOBODY, cwd=os.sep)
        settings = loaded.provider(profile)
        hooks = self.registry.hooks(profile.id, core_answers())
        try:
            found: Wire = hooks.completion(profile=profile, model=model, settings=settings)
        except JackfieldError:
            if not way:
                raise
            return None
        return found

    def _told_apart(self, wire: Wire, exchange: Verbs[Any, Any], call: Call) -> Verbs[Any, Any]:
        """The exchange that is meant where two have one path: their callers say so in a header or by the model."""
        same = [
            one
            for operation in wire.operations().values()
            for one in operation.exchanges
            if (one.method, one.path) == (exchange.method, exchange.path)
        ]
        if "finalize" in call.headers.get("x-goog-upload-command", ""):
            return next((one for one in same if one.name == "files.upload"), exchange)
        model = model_in(call)
        return next((one for one in same if _meant(one.name, model)), exchange)


# Models of one path whose names say what they are for.
_NAMES = {"embed": re.compile(r"embed|titan-e"), "image": re.compile(r"image|canvas|stab|diffusion|imagen")}


def _literal(path: tuple[Segment, ...]) -> bool:
    """Whether a path names what is asked, and leaves nothing open."""
    pieces = (piece for step in path for piece in ((step,) if isinstance(step, str) else step))
    return all(piece[:1] != "{" for piece in pieces)


def _other(model: str) -> bool:
    """Whether a model is none that completes."""
    return any(pattern.search(model) for pattern in _NAMES.values())


def _meant(operation: str, model: str) -> bool:
    pattern = _NAMES.get(operation)
    return pattern is not None and pattern.search(model) is not None


_MODEL = re.compile(rb'"(?:model|modelId)"\s*:\s*"((?:[^"\\]|\\.){1,256})"')
_PLACES = ("models", "model", "deployments", "tunedModels", "endpoints")


def model_in(call: Call) -> str:
    """The model a call names: in its path, or at the first place of its body that looks like it."""
    path = [step if isinstance(step, str) else ":".join(step) for step in call.path]
    for place in _PLACES:
        if place in path[:-1]:
            name = path[len(path) - path[::-1].index(place)]
            return name.rpartition(":")[0] or name if place != "model" else name
    found = _MODEL.search(call.body[:65536]) or _MODEL.search(call.body)
    return found[1].decode(errors="replace").replace('\\"', '"') if found else ""
