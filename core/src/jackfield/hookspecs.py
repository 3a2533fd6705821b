"""The four hooks. Each is asked once, when a model is bound; what it answers is kept and called directly.

All are ``firstresult``: the first answer that is not ``None`` holds. Extensions are asked first, then the
provider's own plugin, at last core, which answers from the profile. An implementation may take fewer
arguments than the spec.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Callable

    from jackfield.auth import Auth
    from jackfield.catalogue import PriceBook
    from jackfield.config import ProviderSettings
    from jackfield.profile import Model, Profile
    from jackfield.wire import Decoder, Wire

PROJECT = "jackfield"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec(firstresult=True)
def auth(profile: Profile, model: Model, settings: ProviderSettings) -> Auth | None:
    """Answer with the auth flow that signs this model's calls.

    :param profile: the provider's profile, user overrides applied
    :param model: the model that is being bound
    :param settings: the user's settings for the provider; credentials are looked up through it

    Asked when a model is bound. Answer ``None`` to leave it to the next::

        @hookimpl
        def auth(profile, settings):
            return CorporateToken(settings) if profile.id == "acme" else None
    """


@hookspec(firstresult=True)
def completion(profile: Profile, model: Model, settings: ProviderSettings) -> Wire | None:
    """Answer with the wire that renders this model's requests and parses its replies.

    :param profile: the provider's profile, user overrides applied
    :param model: the model that is being bound
    :param settings: the user's settings for the provider

    Asked when a model is bound. A wire that has a method ``answer(call) -> Reply`` serves its own calls,
    and nothing leaves the process::

        @hookimpl
        def completion(profile, model):
            return AcmeWire(dialect_of(profile, model)) if profile.id == "acme" else None
    """


@hookspec(firstresult=True)
def streaming(
    profile: Profile, model: Model, settings: ProviderSettings, wire: Wire
) -> Callable[[], Decoder] | None:
    """Answer with a maker of stream decoders: bytes in, events out, one decoder a stream.

    :param profile: the provider's profile, user overrides applied
    :param model: the model that is being bound
    :param settings: the user's settings for the provider
    :param wire: what the ``completion`` hook answered

    Asked when a model is bound, after ``completion``::

        @hookimpl
        def streaming(profile, wire):
            return lambda: WireDecoder(AcmeFraming(), wire.stream_parser())
    """


@hookspec(firstresult=True)
def pricing(profile: Profile, model: Model, settings: ProviderSettings) -> PriceBook | None:
    """Answer with the price book that charges this model's usage.

    :param profile: the provider's profile, user overrides applied
    :param model: the model that is being bound
    :param settings: the user's settings for the provider

    Asked when a model is bound. A book that does not know a price says ``None``, never 0::

        @hookimpl(tryfirst=True)
        def pricing(profile, model):
            return NEGOTIATED.get(model.id) if profile.id == "acme" else None
    """
