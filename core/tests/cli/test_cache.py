"""What is kept of earlier answers, and how to be rid of it."""

from __future__ import annotations

import json
import time

import pytest

from jackfield.state.disk import DiskTier


@pytest.fixture
def disk(home, monkeypatch):
    """Two answers on disk, and a configuration that keeps some there."""
    folder = home / "home" / "config"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("[cache]\ndisk = true\n")
    tier = DiskTier(home / "home" / "cache")
    for key in "ab":
        tier.put(key, b"x" * 1500, time.time() + 60, time.time())
    tier.count(3, 1, 1_250_000_000)
    tier.close()
    return tier


def test_stats_show_what_is_kept_and_what_it_saved(run, disk):
    """As a table, with money in USD."""
    done = run("cache", "stats")

    assert ["2", "3.0", "kB", "3", "1", "75%", "1.2500"] == done.stdout.splitlines()[1].split()


def test_stats_are_told_as_json(run, disk):
    """Money is text there."""
    told = json.loads(run("cache", "stats", "--json").stdout)

    figures = {"answers": 2, "bytes": 3000, "hits": 3, "misses": 1, "hit_rate": 0.75, "saved_usd": "1.25"}
    assert figures == told


def test_clear_forgets_everything(run, disk):
    """And says how much that was."""
    assert "2 answers forgotten" in run("cache", "clear").stderr
    assert 0 == disk.facts().entries


def test_without_a_disk_it_is_said_how_to_have_one(run, home):
    """Nothing is made by asking."""
    done = run("cache", "stats")

    assert (0, "") == (done.exit_code, done.stdout)
    assert "`disk = true` in the table [cache]" in done.stderr
    assert "0 answers forgotten" in run("cache", "clear").stderr


def test_a_shared_state_out_of_reach_is_told(run, home):
    """What is there may not have been forgotten."""
    folder = home / "home" / "config"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(f'[cache]\nshared = true\n[state]\nurl = "unix://{home}/none.sock"\n')

    done = run("cache", "clear")

    assert 5 == done.exit_code
    assert "the shared state cannot be reached" in done.stderr
