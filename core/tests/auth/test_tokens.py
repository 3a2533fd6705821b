"""Tokens that run out: kept, renewed in time, replaced once when they are refused."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from jackfield.auth.tokens import RETRY_AFTER, Token, TokenAuth
from jackfield.errors import ErrorInfo, Unauthorized
from jackfield.flow import Flow
from jackfield.wire import Headers

REFUSED = ErrorInfo("auth")


class Numbered(TokenAuth):
    """Tokens in order, good for an hour and due after half of it; ``failure`` is told instead."""

    scheme = "numbered"
    failure: ErrorInfo | None = None
    made = 0

    def fetched(self, started: float) -> Flow[Token | ErrorInfo]:
        """The next one."""
        if self.failure is not None:
            return self.failure
        self.made += 1
        return Token(Headers({"authorization": f"canary-{self.made}"}), started + 1800, started + 3600)
        yield


def test_a_token_is_kept_until_it_is_due(world: Any) -> None:
    """Then there is another."""
    auth = Numbered()

    seen = [world.signed(auth), world.signed(auth)]
    world.now += 1801

    assert ["canary-1", "canary-1", "canary-2"] == [*seen, world.signed(auth)]


def test_an_old_token_outlasts_a_failure(world: Any) -> None:
    """Another is asked for after a while, not at every call; when the old one ends the failure is told."""
    auth = Numbered()
    world.signed(auth)
    auth.failure = ErrorInfo("auth", "no luck")
    world.now += 1801

    assert "canary-1" == world.signed(auth)
    assert auth._token is not None
    assert world.now + RETRY_AFTER == auth._token.refresh_at
    world.now += 1800
    with pytest.raises(Unauthorized, match="no luck"):
        world.signed(auth)


def test_a_refused_token_is_replaced_once(world: Any) -> None:
    """A second one that is refused as well says that the fault is not the token's."""
    auth = Numbered()
    world.signed(auth)

    assert auth.rejected(REFUSED) is True
    assert "canary-2" == world.signed(auth)
    assert auth.rejected(REFUSED) is False


def test_an_accepted_token_clears_the_doubt(world: Any) -> None:
    """The next refusal is worth a new token again."""
    auth = Numbered()
    world.signed(auth)
    auth.rejected(REFUSED)
    world.signed(auth)

    auth.accepted()

    assert auth.rejected(REFUSED) is True


def test_other_failures_are_not_the_tokens(world: Any) -> None:
    """It stays."""
    auth = Numbered()
    world.signed(auth)

    assert (False, "canary-1") == (auth.rejected(ErrorInfo("server")), world.signed(auth))


def test_nothing_shows_a_token(world: Any) -> None:
    """Nor can it be carried away."""
    auth = Numbered(source="a test")
    world.signed(auth)

    assert "<numbered auth from a test>" == repr(auth)
    assert "canary" not in repr(auth._token)
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(auth)
