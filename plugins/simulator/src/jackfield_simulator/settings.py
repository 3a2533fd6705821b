"""What points clients here: the variables of every provider, and those of the official clients."""

from __future__ import annotations

import os
from collections.abc import Iterator

from jackfield.profile import Profile
from jackfield_simulator.accounts import ACCESS_KEY, SECRET_KEY
from jackfield_simulator.app import Simulated
from jackfield_simulator.keys import shaped
from jackfield_simulator.routing import settings_of
from jackfield_simulator.scenario import Scenario

SCENARIO = "JACKFIELD_SIMULATOR_SCENARIO"
# Settings that some cannot do without, in the variables that their own clients read.
_BESIDES = {
    "bedrock": (
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),  # the one that boto3 reads
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
    ),
    "vertex": (("GOOGLE_CLOUD_PROJECT", "simulated"),),
}
# Where official clients look for what belongs to a provider, and is another service to them.
_PLACES = {"bedrock": ("AWS_ENDPOINT_URL_BEDROCK", "AWS_ENDPOINT_URL_STS")}


def from_environment() -> Scenario:
    """The scenario whose file the environment names; else the empty one."""
    return Scenario.read(os.environ.get(SCENARIO) or None)


def variables(simulated: Simulated) -> Iterator[tuple[str, str]]:
    """Every variable and its value: addresses first, then keys that are good here alone."""
    registry = simulated.router.registry
    told: set[str] = set()
    for provider in registry.ids():
        profile = registry.profile(provider)
        for name, value in _of(profile, simulated):
            if name not in told:
                told.add(name)
                yield name, value


def _of(profile: Profile, simulated: Simulated) -> Iterator[tuple[str, str]]:
    base = simulated.router.base_url(profile.id)
    for name in profile.base_url_env:
        yield name, base
    for name in _PLACES.get(profile.id, ()):
        yield name, base
    own = f"JACKFIELD_PROVIDERS__{profile.id.upper().replace('-', '_')}__"
    yield f"{own}BASE_URL", base
    if "access_token" in settings_of(profile):  # there is no variable of the vendor's for it
        yield f"{own}ACCESS_TOKEN", settings_of(profile)["access_token"]
    besides = _BESIDES.get(profile.id, ())
    yield from besides
    if profile.auth.env and not besides:
        yield profile.auth.env[0], shaped(profile)
