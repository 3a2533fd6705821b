"""The cache of a client: looked into before an attempt, filled after it."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from jackfield import BadConfig
from jackfield.config import Settings
from jackfield.flow import Sleep
from jackfield.policy.caches import Cache, SemanticIndex
from jackfield.state import StateUnavailable
from jackfield.state.base import Kept
from jackfield.transport.drivers import AsyncDriver, SyncDriver
from jackfield.types import Completion, Finish, Opaque, Other, Text, Usage

NOW = 1_800_000_000.0
ANSWER = Completion(
    (Text("hi"),), Finish("stop"), Usage(input=1, output=1), "m", "acme", charge=Decimal("0.25")
)


def cache(folder=None, state=None, **table):
    """The cache of a configuration."""
    routes = {"faq": {"targets": ["acme/m"]}}
    return Cache(Settings.load({"cache": table, "routes": routes}, env={}).cache, folder, state)


def run(flow):
    """What the flow returns."""
    return SyncDriver(None).run(flow)


def test_it_is_off_unless_asked_for():
    """A client can tell without a call; a table that is there turns it on."""
    assert not cache()
    assert not cache(enabled=False, ttl="short")
    assert cache(ttl="short")


def test_a_hit_is_the_answer_charged_nothing():
    """It says that it was kept; what it saved is counted."""
    board = cache(enabled=True)
    run(board.keeping("k", ANSWER, NOW))

    hit = run(board.looking("k", NOW))

    assert (True, Decimal(0), "hi", ANSWER.usage) == (hit.cached, hit.charge, hit.text, hit.usage)
    assert (1, 0, 1, Decimal("0.25"), 0) == board.statistics[:5]
    assert not ANSWER.cached


def test_a_miss_is_counted():
    """And a hit of unknown price is not taken to have saved anything."""
    board = cache(enabled=True)
    run(board.keeping("k", Completion((Text("hi"),), Finish("stop")), NOW))

    assert run(board.looking("x", NOW)) is None
    assert board.found("k", NOW).cached
    assert board.found("x", NOW) is None
    assert (1, 2, 1, Decimal(0), 1) == board.statistics[:5]


@pytest.mark.parametrize(("ttl", "seconds"), [("short", 300), ("standard", 3600), ("long", 86400), (7, 7)])
def test_answers_end_when_the_policy_says(ttl, seconds):
    """Five minutes, an hour, a day, or as many seconds as are given."""
    board = cache(ttl=ttl)
    run(board.keeping("k", ANSWER, NOW))

    assert board.found("k", NOW + seconds - 0.1) is not None
    assert board.found("k", NOW + seconds) is None


@pytest.mark.parametrize(
    "answer",
    [
        Completion((Text("hi"),), Finish("length")),
        Completion((Text("hi"),), Finish("unknown")),
        Completion((Text("hi"),), Finish("stop"), cached=True),
        Completion((Other("x", Opaque("a", "b", {"x": object()})),), Finish("stop")),
    ],
)
def test_what_is_not_whole_is_not_kept(answer):
    """Answers cut short, answers out of a cache, and what has no JSON."""
    assert run(cache(enabled=True).keeping("k", answer, NOW)) is False


def test_disk_is_found_by_the_next_process(tmp_path):
    """And is nearer from then on."""
    run(cache(tmp_path, disk=True).keeping("k", ANSWER, NOW))
    board = cache(tmp_path, disk=True)

    assert run(board.looking("k", NOW + 7200)).text == "hi"
    assert board.found("k", NOW + 7200).text == "hi"
    assert (1, 0, 250_000_000) == board.disk.facts()[2:]


@pytest.mark.parametrize("data", [b"", b"\x80\x04.", b'{"form": 1}'])
def test_what_is_damaged_is_a_miss(tmp_path, data):
    """In memory and on disk."""
    board = cache(tmp_path, disk=True)
    board.memory.put("a", data, NOW + 60)
    board.disk.put("b", data, NOW + 60, NOW)

    assert [None, None] == [run(board.looking(key, NOW)) for key in "ab"]


def test_answers_are_dropped_one_or_all(tmp_path):
    """Wherever they are kept."""
    board = cache(tmp_path, disk=True)
    for key in "abc":
        run(board.keeping(key, ANSWER, NOW))

    assert 1 == run(board.dropping("a"))
    assert [None, None] == [run(board.looking("a", NOW)), board.disk.get("a", NOW)]
    assert 2 == run(board.dropping())
    assert [0, 0] == [board.statistics.entries, board.disk.facts().entries]


def test_it_can_be_warmed():
    """With answers come by elsewhere; those that cannot be kept do not count."""
    board = cache(enabled=True)

    assert 1 == run(board.warming([("a", ANSWER), ("b", Completion(()))], NOW))
    assert board.found("a", NOW) is not None


@pytest.mark.parametrize(
    ("hits", "misses", "told"), [(70, 30, False), (69, 31, True), (0, 99, False), (0, 100, True)]
)
def test_a_low_hit_rate_is_told(hits, misses, told):
    """Below seven in ten, when there were enough look-ups to tell."""
    board = cache(enabled=True)
    run(board.keeping("k", ANSWER, NOW))
    for key in ["k"] * hits + ["x"] * misses:
        board.found(key, NOW)

    assert hits / (hits + misses) == board.statistics.hit_rate
    assert told == (board.statistics.recommendation is not None)


def test_nothing_is_said_of_a_cache_nobody_asked():
    """It has no rate."""
    assert (None, None) == (cache().statistics.hit_rate, cache().statistics.recommendation)


class Closed:
    """A shared state out of reach."""

    timeout = 0.05

    def get(self, key):
        """Nothing."""
        raise StateUnavailable

    def put(self, key, value, seconds):
        """Nothing."""

    drop = get


def test_a_shared_state_out_of_reach_is_a_miss():
    """What is at hand goes on."""
    board = cache(state=Closed(), shared=True)

    assert run(board.looking("k", NOW)) is None
    assert run(board.keeping("k", ANSWER, NOW))
    assert run(board.looking("k", NOW)).cached
    assert 1 == run(board.dropping())


def test_similar_questions_are_close_enough_or_not():
    """The closest one counts, if it is as close as asked for, of the same length and not ended."""
    index = SemanticIndex(0.95)
    index.add("g", (3.0, 0.0), "a", NOW + 60)
    index.add("g", (0.0, 1.0), "b", NOW + 60)
    index.add("g", (0.0, 0.0), "zero", NOW + 60)

    near = index.near("g", (1.0, 0.1), NOW)

    assert ("a", pytest.approx(0.995, abs=1e-3)) == near
    assert [None] * 5 == [
        index.near(group, vector, now)
        for group, vector, now in (
            ("g", (1.0, 1.0), NOW),
            ("h", (1.0, 0.0), NOW),
            ("g", (1.0, 0.0), NOW + 60),
            ("g", (1.0,), NOW),
            ("g", (0.0, 0.0), NOW),
        )
    ]


def test_the_oldest_questions_are_forgotten():
    """In a group, and the group that was used longest ago."""
    index = SemanticIndex(entries=1, groups=2)
    for group, key in (("a", "1"), ("b", "2"), ("a", "3"), ("c", "4")):
        index.add(group, (1.0,), key, NOW + 60)

    found = [index.near(group, (1.0,), NOW) for group in "abc"]

    assert ["3", None, "4"] == [near and near.key for near in found]
    assert 2 == index.drop()


def test_memory_keeps_json_alone():
    """What lies there could lie on any disk."""
    board = cache(enabled=True)
    run(board.keeping("k", ANSWER, NOW))

    kept = board.memory.get("k", NOW)

    assert isinstance(kept, Kept)
    assert kept.data.startswith(b"{")


def test_identical_calls_under_way_share_one():
    """All get the answer of the first, and are charged nothing; nobody asks twice."""
    board, driver, asked = cache(single_flight=True), AsyncDriver(None), []

    def make():
        asked.append(1)
        yield Sleep(0.01)
        return ANSWER

    async def calls():
        return await asyncio.gather(*(driver.run(board.answering("k", make, NOW)) for _ in range(20)))

    answers = asyncio.run(calls())

    assert 1 == len(asked)
    assert [Decimal("0.25")] + [Decimal(0)] * 19 == sorted(
        (answer.charge for answer in answers), reverse=True
    )
    assert 19 == sum(answer.cached for answer in answers)


def test_identical_calls_are_made_twice_unless_asked():
    """Sharing them is opt-in; what follows is kept all the same."""
    board, asked = cache(enabled=True), []

    def make():
        asked.append(1)
        return ANSWER
        yield

    answers = [run(board.answering("k", make, NOW)) for _ in range(2)]

    assert ([False, True], 1) == ([answer.cached for answer in answers], len(asked))


def test_similar_questions_find_the_answer():
    """By their vector, in the same group."""
    semantic = {"model": "acme/e", "scope": ["tenant"], "routes": ["faq"]}
    board = cache(semantic=semantic)
    run(board.keeping("k", ANSWER, NOW))
    board.remember("g", (1.0, 0.0), "k", NOW)

    assert run(board.similar("g", (1.0, 0.01), NOW)).cached
    assert run(board.similar("g", (0.0, 1.0), NOW)) is None
    run(board.dropping())
    assert run(board.similar("g", (1.0, 0.0), NOW)) is None


def test_without_a_semantic_cache_nothing_is_similar():
    """It is opt-in, by route, with a scope."""
    board = cache(enabled=True)
    board.remember("g", (1.0,), "k", NOW)

    assert run(board.similar("g", (1.0,), NOW)) is None


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"ttl": "forever"}, "cache.ttl: must be one of `short`, `standard`, `long`"),
        ({"memory": "much"}, "cache.memory: must be a size"),
        ({"semantic": {"model": "a/b", "routes": ["r"]}}, "cache.semantic.scope: is missing"),
        (
            {"semantic": {"model": "a/b", "routes": ["r"], "scope": []}},
            "cache.semantic.scope: must say among whom",
        ),
        (
            {"semantic": {"model": "a/b", "routes": ["r"], "scope": "tenant", "similarity": 2}},
            "from 0.5 to 1",
        ),
        ({"entires": 3}, "cache.entires: unknown key, did you mean `entries`"),
    ],
)
def test_what_is_wrong_is_told_with_its_path(table, message):
    """At start, not when a call is made."""
    with pytest.raises(BadConfig) as caught:
        cache(**table)

    assert message in str(caught.value)
