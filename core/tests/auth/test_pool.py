"""Pools of keys."""

from __future__ import annotations

from contextvars import copy_context
from typing import Any

import pytest

from jackfield.auth.bearer import Bearer
from jackfield.auth.pool import KeyPool, pooled
from jackfield.errors import ErrorInfo
from jackfield.secret import Secret


@pytest.fixture
def pool() -> KeyPool:
    """Three keys."""
    return KeyPool([Bearer(Secret(f"key-{number}")) for number in (1, 2, 3)])


def test_one_key_is_no_pool() -> None:
    """It is used as it is."""
    only = Bearer(Secret("key-1"))

    assert only is pooled([only])


def test_one_key_is_used_at_a_time(world: Any, pool: KeyPool) -> None:
    """It stays while all is well."""
    assert ["Bearer key-1"] * 3 == [world.signed(pool) for _ in range(3)]


def test_keys_are_exchanged_after_an_hour(world: Any, pool: KeyPool) -> None:
    """And come round again."""
    seen = []
    for _ in range(4):
        seen.append(world.signed(pool)[-1])
        world.now += 3600

    assert ["1", "2", "3", "1"] == seen


def test_three_errors_in_a_row_exchange_a_key(world: Any, pool: KeyPool) -> None:
    """An answer in between starts the count anew."""
    seen = []
    for outcome in ["bad", "bad", "good", "bad", "bad", "bad", "good"]:
        seen.append(world.signed(pool)[-1])
        if outcome == "good":
            pool.accepted()
        else:
            assert pool.rejected(ErrorInfo("server")) is False

    assert ["1", "1", "1", "1", "1", "1", "2"] == seen


@pytest.mark.parametrize(("kind", "rest"), [("auth", 300), ("quota.money", 600), ("throttle", 5)])
def test_a_key_that_is_refused_rests(world: Any, pool: KeyPool, kind: str, rest: float) -> None:
    """Another one is used at once; it takes part again afterwards."""
    world.signed(pool)

    assert pool.rejected(ErrorInfo(kind)) is True
    assert "Bearer key-2" == world.signed(pool)
    world.now += rest - 1
    assert pool.rejected(ErrorInfo("auth")) is True
    assert pool.rejected(ErrorInfo("auth")) is True
    assert "Bearer key-3" == world.signed(pool)


def test_a_provider_says_how_long_a_key_rests(world: Any, pool: KeyPool) -> None:
    """If that is longer."""
    world.signed(pool)
    pool.rejected(ErrorInfo("throttle", retry_after=50.0))
    world.signed(pool)
    pool.rejected(ErrorInfo("throttle", retry_after=90.0))
    world.signed(pool)
    pool.rejected(ErrorInfo("throttle", retry_after=90.0))

    world.now += 60

    assert "Bearer key-1" == world.signed(pool)


def test_when_all_rest_the_first_to_be_free_is_used(world: Any, pool: KeyPool) -> None:
    """The provider's answer says more than a refusal of ours could; no further attempt is promised."""
    promised = []
    for kind in ("auth", "throttle", "auth"):
        world.signed(pool)
        promised.append(pool.rejected(ErrorInfo(kind)))

    assert "Bearer key-2" == world.signed(pool)
    assert [True, True, False] == promised


def test_the_key_that_signed_is_blamed(world: Any, pool: KeyPool) -> None:
    """Not the one that has replaced it since: two calls at once cost one key."""
    first, second = copy_context(), copy_context()
    first.run(world.signed, pool)
    second.run(world.signed, pool)

    assert first.run(pool.rejected, ErrorInfo("auth")) is True
    assert "Bearer key-2" == first.run(world.signed, pool)
    assert second.run(pool.rejected, ErrorInfo("auth")) is True
    assert "Bearer key-2" == second.run(world.signed, pool)
