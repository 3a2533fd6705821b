"""Schemes whose headers never change."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from jackfield.auth.base import Auth
from jackfield.auth.bearer import Bearer
from jackfield.auth.header import NamedHeader
from jackfield.auth.headers import NamedHeaders
from jackfield.auth.none import NoAuth
from jackfield.errors import ErrorInfo
from jackfield.profile import AuthSpec
from jackfield.secret import Secret
from jackfield.wire import Call, Headers

KEY = Secret("sk-canary-0123", "env `ACME_API_KEY`")
CALL = Call("POST", ("chat",), b"{}", Headers({"accept": "x"}), (("q", "1"),), "https://x")

SCHEMES: list[tuple[Auth, dict[str, str]]] = [
    (NoAuth(), {}),
    (Bearer(KEY), {"authorization": "Bearer sk-canary-0123"}),
    (Bearer(KEY, "Token "), {"authorization": "Token sk-canary-0123"}),
    (NamedHeader(KEY, "X-Api-Key"), {"x-api-key": "sk-canary-0123"}),
    (NamedHeader(KEY, "authorization", "Key "), {"authorization": "Key sk-canary-0123"}),
    (
        NamedHeaders({"Acme-Id": Secret("me"), "Acme-Secret": KEY}),
        {"acme-id": "me", "acme-secret": "sk-canary-0123"},
    ),
]


@pytest.mark.parametrize(("auth", "headers"), SCHEMES)
def test_signing_adds_the_headers(world: Any, auth: Auth, headers: dict[str, str]) -> None:
    """And changes nothing else, least of all the call that was given."""
    signed = world.run(auth.sign(CALL))

    assert {"accept": "x", **headers} == signed.headers
    assert (CALL.method, CALL.path, CALL.body, CALL.query, CALL.base) == (
        signed.method,
        signed.path,
        signed.body,
        signed.query,
        signed.base,
    )
    assert {"accept": "x"} == CALL.headers


@pytest.mark.parametrize(("auth", "headers"), SCHEMES)
def test_there_is_no_better_signature(auth: Auth, headers: dict[str, str]) -> None:
    """A call that was not accepted would be signed the same way again."""
    auth.accepted()

    assert auth.rejected(ErrorInfo("auth")) is False


@pytest.mark.parametrize(("auth", "headers"), SCHEMES)
def test_nothing_shows_a_key(world: Any, auth: Auth, headers: dict[str, str]) -> None:
    """Neither the scheme nor a signed call."""
    assert "canary" not in repr(auth) + str(auth) + repr(world.run(auth.sign(CALL)))


@pytest.mark.parametrize(("auth", "headers"), SCHEMES[1:])
def test_keys_are_not_pickled(auth: Auth, headers: dict[str, str]) -> None:
    """They would be readable in what is written."""
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(auth)
    with pytest.raises(TypeError, match="cannot be pickled"):
        copy.deepcopy(auth)


class Settings:
    """Settings that know every field."""

    def fields(self, spec: AuthSpec, names: Any) -> dict[str, Secret]:
        """A credential for each."""
        return {name: Secret(f"value of {name}", "a test") for name in names}


def test_several_headers_are_filled_from_the_settings(world: Any) -> None:
    """Each the profile names, in the user's words."""
    spec = AuthSpec("headers", headers={"X-Id": ("ACME_ID",), "X-Secret": ("ACME_SECRET",)})
    auth = NamedHeaders.configured(spec, Settings())  # type: ignore[arg-type]

    signed = world.run(auth.sign(CALL))

    assert ("value of X-Id", "value of X-Secret") == (signed.headers["x-id"], signed.headers["x-secret"])
