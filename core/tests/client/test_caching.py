"""The cache as calls of a model meet it."""

from __future__ import annotations

from decimal import Decimal

import attrs
import pytest

from jackfield import Client, Text
from jackfield.client.attempts import Course
from jackfield.client.caching import Answers, Keeping, Replay
from jackfield.client.call import completing, opening
from jackfield.client.local import answered
from jackfield.client.plan import plan_completion
from jackfield.client.stream import Stream
from jackfield.config import Settings
from jackfield.errors import ErrorInfo, TimedOut
from jackfield.flow import NOW as NOW_EFFECT
from jackfield.policy.caches import Cache
from jackfield.types import Completion, Finish, Tags

NOW = 1_800_000_000.0
SEMANTIC = {"model": "acme/e", "scope": ["tenant"], "routes": ["faq"]}


@pytest.fixture
def client():
    """A client of the provider that echoes."""
    with Client({}) as found:
        yield found


def answers(embed=None, **table):
    """What a configuration keeps."""
    settings = {"cache": {"enabled": True, **table}, "routes": {"faq": {"targets": ["echo/echo-1"]}}}
    return Answers(Cache(Settings.load(settings, env={}).cache), embed, lambda: NOW)


def asked(client, prompt="hi", stream=False, model="echo/echo-1", route=None, **options):
    """A binding and a plan, of a call that a route led there."""
    binding = client.bind(model)
    binding = binding.evolve(tags=attrs.evolve(binding.tags, route=route))
    return binding, plan_completion(binding, prompt, options, stream)


def call(client, kept, made, prompt="hi", **options):
    """The answer, and a note in ``made`` if it was made anew."""
    binding, plan = asked(client, prompt, **options)

    def make():
        made.append(prompt)
        return answered(binding, completing(binding, plan))

    return client.driver.run(kept.completing(binding, plan, make))


def test_the_same_call_is_made_once(client):
    """The second time it is given again, for nothing."""
    kept, made = answers(), []

    first, second = call(client, kept, made), call(client, kept, made)

    assert ["hi"] == made
    assert (False, True, Decimal(0)) == (first.cached, second.cached, second.charge)
    assert (first.text, first.model) == (second.text, second.model)
    assert first.usage.total_output == second.usage.total_output > 0


@pytest.mark.parametrize(
    "options", [{"prompt": "ho"}, {"temperature": 0}, {"tags": {"tenant": "t"}}, {"tags": {"user": "u"}}]
)
def test_another_call_is_made_anew(client, options):
    """Whatever differs: words, options, or whom it is for."""
    kept, made = answers(), []
    call(client, kept, made)

    assert not call(client, kept, made, **options).cached


def test_another_key_is_another_account():
    """What one paid for is not given to another, though all else is the same."""
    keys = []
    for secret in ("sk-one-0123456789", "sk-two-0123456789", "sk-one-0123456789"):
        with Client({"providers": {"groq": {"api_key": secret}}}) as client:
            keys.append(answers().key(*asked(client, model="groq/llama-3.3-70b-versatile")))

    assert keys[0] == keys[2] != keys[1]


def test_an_answer_has_its_value_again(client):
    """It is built from the text, as it was the first time."""
    kept, made = answers(), []
    binding, plan = asked(client, '{"n": 3}', into=dict)
    completion = Completion((Text('{"n": 3}'),), Finish("stop"), value={"n": 3})

    def make():
        made.append(1)
        return completion
        yield

    found = [client.driver.run(kept.completing(binding, plan, make)) for _ in range(2)]

    assert [{"n": 3}, {"n": 3}] == [one.value for one in found]
    assert 1 == len(made)


def streamed(client, kept, prompt="hi"):
    """A stream through the cache, kept when it ends."""
    binding, plan = asked(client, prompt, stream=True)
    shelf = attrs.evolve(binding, books=Keeping(kept))
    course = Course(client.driver.clock() + 60)
    flow = kept.opening(binding, plan, lambda: answered(shelf, opening(shelf, plan, course)))
    return Stream(flow, client.driver)


def test_streams_are_replayed_if_asked_for(client):
    """Event by event, and the completion says that it was kept."""
    kept = answers(streams=True)

    with streamed(client, kept) as first, streamed(client, kept) as second:
        texts = ["".join(stream.text) for stream in (first, second)]
        cached = [first.completion().cached, second.completion().cached]

    assert texts[0] == texts[1] != ""
    assert [False, True] == cached
    assert isinstance(second._session, Replay)


def test_streams_are_not_replayed_unless_asked_for(client):
    """Nor looked up."""
    kept = answers()
    with streamed(client, kept) as first:
        first.completion()

    with streamed(client, kept) as second:
        assert not second.completion().cached


def test_a_stream_that_is_left_early_is_not_kept(client):
    """Half an answer is none."""
    kept = answers(streams=True)

    with streamed(client, kept, "one two three four five six") as first:
        next(first)

    assert 0 == kept.cache.statistics.kept


def embed(model, text, seconds):
    """A vector that tells questions about time from others."""
    return (1.0, 0.1 * len(text) / 100) if "time" in text else (0.0, 1.0)
    yield


FAQ = {"tenant": "t1"}


@pytest.mark.parametrize(
    ("prompt", "tags", "route", "cached"),
    [
        ("tell me the time", FAQ, "faq", True),
        ("who are you", FAQ, "faq", False),
        ("tell me the time", {"tenant": "t2"}, "faq", False),
        ("tell me the time", FAQ, "other", False),
        ("tell me the time", FAQ, None, False),
        ("tell me the time", {}, "faq", False),
    ],
)
def test_questions_that_mean_the_same_have_one_answer(client, prompt, tags, route, cached):
    """On the route that was named, within the scope; who does not say whose he is has no part in it."""
    kept, made = answers(embed, semantic=SEMANTIC), []
    call(client, kept, made, "what time is it", tags=FAQ, route="faq")

    assert cached == call(client, kept, made, prompt, tags=tags, route=route).cached


@pytest.mark.parametrize("scope", ["provider", "model", "account"])
def test_a_scope_may_be_what_all_compared_have_in_common(client, scope):
    """Questions are compared only where provider, model and account are the same."""
    kept, made = answers(embed, semantic={**SEMANTIC, "scope": [scope]}), []
    call(client, kept, made, "what time is it", route="faq")

    assert call(client, kept, made, "tell me the time", route="faq").cached


class Telling:
    """Who observes looks into caches."""

    def __init__(self):
        self.told = []

    def looked_up(self, cache, result, saved=None):
        self.told.append((cache, result))


def course_of(seconds):
    """A course with so much time, and somebody who observes."""
    course = Course(seconds)
    course.telling = Telling()
    return course


@pytest.mark.parametrize(("left", "given"), [(60.0, 0.5), (0.2, 0.2)])
def test_a_vector_has_little_time(client, left, given):
    """So much as is set for it, and never more than the call has left; without one the call goes on, which is told."""
    clocks = []

    def late(model, text, seconds):
        clocks.append(seconds)
        raise TimedOut(ErrorInfo("deadline", "too late"))
        yield

    kept, course = answers(late, semantic={**SEMANTIC, "timeout": 0.5}), course_of(1000 + left)
    binding, plan = asked(client, route="faq", tags=FAQ)
    made = kept.completing(binding, plan, lambda: answered(binding, completing(binding, plan)), course)

    assert "hi" == client.driver.run(at(1000.0, made)).text
    assert [pytest.approx(given)] == clocks
    assert [("semantic", "bypass"), ("exact", "miss")] == course.telling.told


def test_a_look_tells_what_it_saved(client):
    """What the answer would have cost; nothing where it was not there."""
    kept, course, saved = answers(), course_of(1000.0), []
    course.telling.looked_up = lambda *told: saved.append(told)
    binding, plan = asked(client)

    for _ in range(2):
        made = kept.completing(binding, plan, lambda: answered(binding, completing(binding, plan)), course)
        client.driver.run(made)

    assert [("exact", "miss"), ("exact", "hit", Decimal(0))] == saved


def at(moment, flow):
    """A flow whose clock stands still."""
    effect = next(flow)
    while True:
        value = moment if effect is NOW_EFFECT else (yield effect)
        try:
            effect = flow.send(value)
        except StopIteration as stop:
            return stop.value


def test_who_is_asked_is_told_apart_by_tags(client):
    """A tenant before a key, a key before a user."""
    kept = answers()
    binding, plan = asked(client)
    tags = [Tags(user="u"), Tags(user="u", key="k"), Tags(user="u", key="k", more={"tenant": "t"})]

    found = [kept.where(binding, attrs.evolve(plan, tags=one)).tenant for one in tags]

    assert ["u", "k", "t"] == found
