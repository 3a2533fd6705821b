"""The control API, the page, the assertions and the embedded form."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from typing import Any
from urllib.request import Request, urlopen

import pytest
from jackfield_simulator import Simulator
from jackfield_simulator.asgi import Application

from jackfield import RateLimited, Unavailable

PROMPT = "Name three rivers"


def control(simulator, method, path, body=None, **headers):
    data = None if body is None else json.dumps(body).encode()
    named = {"content-type": "application/json", **headers}
    request = Request(f"{simulator.url}/_simulator/{path}", data, named, method=method)
    with urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def test_it_starts_quickly():
    """In less than a tenth of a second; a machine that is busy has twenty attempts."""

    def spent():
        began = time.perf_counter()
        with Simulator():
            return time.perf_counter() - began

    assert any(spent() < 0.1 for _ in range(20))


def test_nothing_is_loaded_that_nobody_asked_for():
    """Neither clients nor providers nor HTTP libraries: they come with the first call that needs them."""
    program = (
        "import sys; from jackfield_simulator import Simulator\n"
        "with Simulator(): print(*sorted(name for name in sys.modules if name.startswith('jackfield_')"
        " or name in ('jackfield.client', 'httpx', 'httpx2', 'aiohttp', 'cryptography', 'uvicorn')))"
    )

    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert {"jackfield_simulator"} == {name.partition(".")[0] for name in told.split()}


def test_our_client_is_pointed_at_it(simulator):
    """With all that a provider needs, clouds included."""
    with simulator.client("groq", "bedrock", "vertex") as client:
        answers = [
            client.complete(f"{model}", PROMPT)
            for model in ("groq/m", "bedrock/amazon.nova-lite-v1:0", "vertex/gemini-x")
        ]

    assert [PROMPT] * 3 == [answer.text for answer in answers]
    simulator.assert_requests(3, status=200)
    simulator.assert_requests(1, provider="bedrock")


def test_faults_are_injected_by_name(simulator):
    """Once here; the next request is answered."""
    simulator.fault("overloaded-529", times=1)
    with simulator.client("anthropic") as client:
        with pytest.raises(Unavailable):
            client.complete("anthropic/claude-x", PROMPT)
        answer = client.complete("anthropic/claude-x", PROMPT)

    assert PROMPT == answer.text
    simulator.assert_faulted("overloaded-529")


def test_answers_are_scripted_on_the_fly(simulator):
    """The newest rule comes first."""
    simulator.answer(status=429, retry_after=3, times=1)
    with simulator.client("openai") as client:
        with pytest.raises(RateLimited) as caught:
            client.complete("openai/gpt-x", PROMPT)
        simulator.answer("Scripted.")
        assert "Scripted." == client.complete("openai/gpt-x", PROMPT).text

    assert 3 == caught.value.retry_after


def test_assertions_say_what_there_was(simulator):
    """Whoever reads a failed test wants to know."""
    with simulator.client("openai") as client:
        client.complete("openai/gpt-x", PROMPT)

    simulator.assert_asked("three rivers", provider="openai")
    simulator.assert_statuses(200)
    simulator.assert_billed(input=6, output=3, charge="0.000018")
    with pytest.raises(
        AssertionError, match=r"1 requests, not 2; there were\n +1. openai complete gpt-x -> 200"
    ):
        simulator.assert_requests(2)


def test_the_control_api_looks_and_changes(simulator):
    """A rule comes in, is used, and the bill tells."""
    control(simulator, "POST", "answers", {"then": {"text": "told"}, "times": 1})
    control(simulator, "POST", "faults", {"script": ["ok", "overloaded-529"]})
    with simulator.client("openai") as client:
        assert "told" == client.complete("openai/gpt-x", PROMPT).text
        with pytest.raises(Unavailable):
            client.complete("openai/gpt-x", PROMPT)

    news = control(simulator, "GET", "lines?after=0")
    assert [(1, "told", ""), (2, "", "overloaded-529")] == [
        (line["number"], line["answered"], line["fault"]) for line in news["lines"]
    ]
    assert {"requests": 2, "output": 1} == {name: news["bill"][name] for name in ("requests", "output")}
    control(simulator, "DELETE", "bill")
    assert 0 == control(simulator, "GET", "bill")["requests"]


def test_another_scenario_is_loaded(simulator):
    """While it runs."""
    control(simulator, "POST", "scenario", {"answers": [{"then": {"text": "anew"}}]})

    with simulator.client("openai") as client:
        assert "anew" == client.complete("openai/gpt-x", PROMPT).text


@pytest.mark.parametrize("headers", [{"host": "evil.example"}, {"origin": "http://evil.example"}])
def test_pages_of_others_change_nothing(simulator, headers):
    """Not by a name that leads here, not from another origin."""
    from urllib.error import HTTPError

    with pytest.raises(HTTPError) as caught:
        control(simulator, "POST", "answers", {"then": {"text": "pwned"}}, **headers)

    assert 403 == caught.value.code
    caught.value.close()


def test_the_page_shows_what_the_control_api_tells(simulator):
    """It asks for nothing from elsewhere, and may not."""
    with urlopen(f"{simulator.url}/_simulator/", timeout=10) as answer:
        page, policy = answer.read().decode(), answer.headers["content-security-policy"]

    assert "/_simulator/lines?after=" in page
    assert "default-src 'none'" in policy
    assert "http" not in page.replace("http-equiv", "")


def test_keys_are_not_shown_whole(simulator):
    """Somebody may have pointed a client with a real key here."""
    with simulator.client("openai") as client:
        client.complete("openai/gpt-x", PROMPT)

    assert "sk-000…" == control(simulator, "GET", "lines")["lines"][0]["key"]


def served(application: Application, path: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    """What an ASGI application sends for one request."""
    inbox = [{"type": "http.request", "body": json.dumps(body).encode()}]
    sent: list[dict[str, Any]] = []

    async def receive():
        if not inbox:
            await asyncio.Event().wait()  # the client stays
        return inbox.pop()

    async def send(message):
        sent.append(message)

    headers = [(b"authorization", b"Bearer some-key-0000")]
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}
    asyncio.run(application(scope, receive, send))
    return sent


def test_the_asgi_form_answers_alike(simulator):
    """Whole and streamed, with what was sent on the bill."""
    body = {"model": "gpt-x", "stream": True, "messages": [{"role": "user", "content": PROMPT}]}

    sent = served(Application(simulator.app), "/v1/chat/completions", body)

    data = b"".join(message.get("body", b"") for message in sent)
    assert data.endswith(b"data: [DONE]\n\n")
    assert len(data) == next(iter(simulator.bill)).sent


def test_the_environment_names_every_provider(simulator):
    """Addresses, and keys that look like the provider's own."""
    found = simulator.environment()

    assert f"{simulator.url}/groq/openai/v1" == found["GROQ_BASE_URL"]
    assert 56 == len(found["GROQ_API_KEY"])
    assert found["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"].endswith("/bedrock")
