"""Whole answers: text, usage, finish, raw payload; and answers that cannot be read."""

from __future__ import annotations

import attrs

from jackfield.capability import Capability
from jackfield.errors import JackfieldError, Malformed
from jackfield.testing.answers import ANSWER, CACHED, PROMPT, SCRIPTS, USAGE, WORDS, said
from jackfield.testing.rules import expect, rule, same, unmet
from jackfield.testing.subject import Subject
from jackfield.types import Usage
from jackfield.wire import Headers, Reply

NOT_ANSWERS = (
    *(b"", b"null", b"[]", b"{", b'{"choices": 7}', b'"text"', b"\xff\xfe", b'{"unexpected": {}}'),
    b'{"error": {"message": "no", "code": "no"}}',
)
"""The last is said by vendors that fail under a status of success."""


class Completing:
    """Rules about whole answers."""

    @rule("bronze", "this is what it is for", "mend the wire's `parse_completion`", Capability.CHAT)
    def test_it_says_hello(self, subject: Subject) -> None:
        """The text of an answer comes back, with who gave it."""
        answer = subject.ask(PROMPT, ANSWER)
        same(WORDS, answer.text, "the text")
        same(subject.profile.id, answer.provider, "the provider")

    @rule(
        "bronze",
        "the same answer must be the same whichever half wrote it down",
        "mend the half that loses something",
        Capability.CHAT,
    )
    def test_answers_survive_both_halves(self, subject: Subject) -> None:
        """What the server half writes the client half parses to the same parts."""
        answer = said(SCRIPTS)
        same(answer.parts, subject.ask(PROMPT, answer).parts, "the parts")

    @rule(
        "bronze",
        "callers decide by it whether an answer is whole",
        "map the vendor's words in the wire's table, and keep them in `Finish.raw`",
        Capability.CHAT,
    )
    def test_it_says_why_it_stopped(self, subject: Subject) -> None:
        """A reason to stop is told in our word, with the vendor's beside it."""
        means: dict[str | None, str] = {}  # a format may have one word for several
        for reason in ("stop", "length", "content_filter"):
            finish = subject.ask(PROMPT, said(WORDS, finish=reason)).finish
            expected = means.setdefault(finish.raw, reason)
            same(expected, finish.reason, f"the reason, where it says `{finish.raw}`")
            expect(finish.raw, f"the vendor's word for `{reason}` is lost")
        cut = next((word for word, reason in means.items() if reason == "length"), None)
        expect(cut, "it says the same where an answer is cut off")
        unheard = _with_word(subject, cut)
        if unheard is not None:
            found = subject.ask(PROMPT, unheard).finish.reason
            same("unknown", found, "the reason, where the word for it is new")

    @rule(
        "silver",
        "people are billed by these figures: counted twice is wrong, not known is `unknown`",
        "put tokens into disjoint buckets",
        Capability.CHAT,
    )
    def test_usage_is_exact(self, subject: Subject) -> None:
        """Tokens that went in and came out add up to what was used, and no bucket is negative."""
        used = subject.ask(PROMPT, said(WORDS, usage=USAGE)).usage
        same((12, 7, "reported"), (used.total_input, used.total_output, used.source), "the usage")
        _sound(used)

    @rule(
        "silver",
        "cached and reasoned tokens are part of the vendor's totals, and have prices of their own",
        "subtract what is in another bucket",
        Capability.CHAT,
    )
    def test_usage_is_counted_once(self, subject: Subject) -> None:
        """Tokens from a cache, and of reasoning, are not counted again among the others."""
        used = subject.ask(PROMPT, said(WORDS, usage=CACHED)).usage
        counted_once(used)

    @rule(
        "bronze",
        "what no type describes yet is in the raw payload",
        "return the decoded body from `parse_completion`",
        Capability.CHAT,
    )
    def test_the_raw_payload_is_kept(self, subject: Subject) -> None:
        """The completion holds what the provider sent."""
        expect(subject.ask(PROMPT, ANSWER).raw, "`raw` is empty")

    @rule(
        "bronze",
        "proxies and outages answer in all forms; callers are told so in one",
        "raise `Malformed` where a reply cannot be read, never answer with nothing",
        Capability.CHAT,
    )
    def test_what_is_no_answer_is_malformed(self, subject: Subject) -> None:
        """A success whose body is no answer is an error, of a kind that callers know."""
        headers = Headers({"content-type": "application/json"})
        for body in NOT_ANSWERS:
            try:
                answer = subject.ask(PROMPT, Reply(200, headers, body))
            except JackfieldError:
                continue
            except Exception as exc:  # noqa: BLE001  # this is what must not come
                unmet(f"{body!r} raises {type(exc).__name__}")
            unmet(f"{body!r} is taken for the answer {answer.text!r}")

    @rule(
        "bronze",
        "a login page is not an answer",
        "nothing to be done in the provider",
        Capability.CHAT,
    )
    def test_a_web_page_is_no_answer(self, subject: Subject) -> None:
        """A page in place of an answer is `Malformed`."""
        page = Reply(200, Headers({"content-type": "text/html"}), b"<html><h1>Log in</h1></html>")
        try:
            subject.ask(PROMPT, page)
        except Malformed:
            return
        unmet("it was taken for an answer")

    @rule(
        "bronze",
        "one call is one request: each is charged",
        "ask for nothing in hooks, auth or wire that core does not ask for",
        Capability.CHAT,
    )
    def test_one_call_is_one_request(self, subject: Subject) -> None:
        """A completion makes exactly one request."""
        subject.ask(PROMPT, ANSWER)
        same(1, len(subject.stage.calls), "the number of requests")

    @rule(
        "silver",
        "async callers get what sync callers get",
        "nothing to be done in the provider, if its code is free of I/O",
        Capability.CHAT,
    )
    def test_it_is_the_same_for_tasks(self, subject: Subject) -> None:
        """The asynchronous client makes the same completion of the same answer."""
        import asyncio

        expected = subject.ask(PROMPT, ANSWER)
        stage, model = subject.stage, subject.model()
        client = subject.async_client()
        client._bound[subject.named(model)] = subject.bind(model)
        stage.play(subject.bind(model).wire, ANSWER)
        found = asyncio.run(client.complete(subject.named(model), PROMPT))
        same(expected.parts, found.parts, "the parts")


def counted_once(used: Usage) -> None:
    """Tokens of a cache and of reasoning are among the others, or apart; in both they are counted once."""
    _sound(used)
    expect(used.total_input in {8, 12}, f"{used.total_input} tokens went in; 12 did, 4 of a cache")
    expect(used.total_output in {4, 7}, f"{used.total_output} tokens came out; 7 did, 3 of reasoning")


def _sound(used: Usage) -> None:
    """No bucket is negative."""
    figures = {name: value for name, value in attrs.asdict(used).items() if isinstance(value, int)}
    below = [name for name, value in figures.items() if value < 0]
    expect(not below, f"below 0: {', '.join(below)}")


def _with_word(subject: Subject, known: str | None) -> Reply | None:
    """An answer that stopped for a reason nobody has heard of, in place of one that is known."""
    reply = subject.bind(subject.model()).wire.write_completion(said(WORDS, finish="length"))
    body = reply.body.replace(f'"{known}"'.encode(), b'"kit_word"')
    return None if body == reply.body else Reply(reply.status, reply.headers, body)
