"""Credentials: where they are read, what they add to a call, and that nothing ever shows them."""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from jackfield.auth.schemes import SCHEMES
from jackfield.client import Client
from jackfield.errors import JackfieldError, MissingCredentials, SetupError, Unauthorized
from jackfield.profile import AuthSpec
from jackfield.testing.answers import ANSWER, PROMPT
from jackfield.testing.rules import among, expect, rule, same, unmet
from jackfield.testing.stage import NotScripted
from jackfield.testing.subject import FAKE, Subject
from jackfield.wire import Headers, Reply

DECLARED: Mapping[str, Callable[[AuthSpec], set[str]]] = {
    "bearer": lambda spec: {"authorization"},
    "header": lambda spec: {spec.header.lower()},
}


class Signing:
    """Rules about credentials."""

    @rule(
        "bronze",
        "people without a key must learn where to put one, and where to get it",
        "state `env` under [auth], and `keys_url`",
    )
    def test_without_a_key_it_says_where_to_put_one(self, subject: Subject) -> None:
        """Without credentials nothing is sent; the error names the variables, and the page where keys are made."""
        if not subject.needs_key:
            return
        with without_variables(subject):
            try:
                _complete(subject, subject.fresh())
            except MissingCredentials as exc:
                text = str(exc)
            except SetupError as exc:
                unmet(f"it raises {type(exc).__name__}, not MissingCredentials: {exc.summary}")
            else:
                unmet("the call was made without credentials")
        for name in subject.profile.auth.env:
            among(name, text, "the error")
        among(subject.profile.keys_url, text, "the error")
        expect(subject.profile.keys_url, "`keys_url` is not stated")
        same([], subject.stage.calls, "calls sent")

    @rule(
        "bronze",
        "a variable that is documented but not read is a lost hour",
        "state under [auth] `env` what is really read",
    )
    def test_a_key_is_read_from_each_variable(self, subject: Subject) -> None:
        """A key in any of the variables the profile names signs the call."""
        for spec in subject.specs:
            for name in spec.env if spec.scheme in DECLARED else ():
                with without_variables(subject, **{name: f"{FAKE}-{name}"}):
                    _complete(subject, subject.fresh())
                sent = " ".join(subject.stage.calls[0].headers.values())
                expect(f"{FAKE}-{name}" in sent, f"the key in `{name}` did not sign the call")

    @rule(
        "bronze",
        "a header more is a secret in a place where nobody redacts it, or a request that is refused",
        "sign with the scheme the profile states",
    )
    def test_signing_adds_what_is_declared(self, subject: Subject) -> None:
        """A signature adds the declared headers, and changes nothing else of the call."""
        plain, signed = subject.rendered()
        spec = subject.profile.auth
        unsigned = " ".join((plain.url, *plain.headers.values(), plain.body.decode("utf-8", "replace")))
        expect(FAKE not in unsigned, "the wire puts the key into the call itself")
        added = {name for name, value in Headers(signed.headers).items() if plain.headers.get(name) != value}
        if spec.scheme in DECLARED and os.environ.get(next(iter(spec.env), "")):
            same(DECLARED[spec.scheme](spec), added, "the headers that signing adds")
        if spec.scheme in SCHEMES:
            same((plain.method, plain.url, plain.body), (signed.method, signed.url, signed.body), "the call")

    @rule(
        "bronze",
        "what shows a key once has published it: logs and reports are kept for years",
        "wrap keys in `Secret`, and keep them out of messages, reprs and local variables",
    )
    def test_a_key_is_shown_nowhere(self, subject: Subject) -> None:
        """No text of an error, traceback with local variables, repr or log record holds the key."""
        binding = subject.bind(subject.model(*subject.main))
        body = f'{{"error": {{"message": "Incorrect API key provided: {FAKE}", "code": "invalid_api_key"}}}}'
        reply = Reply(401, Headers({"content-type": "application/json"}), body.encode())
        texts: list[str] = []
        with logged() as records:
            try:
                subject.ask(PROMPT, reply, reply)
            except JackfieldError as exc:
                told = traceback.TracebackException.from_exception(exc, capture_locals=True)
                frames = [line for line in told.format() if "testing/" not in line.partition("\n")[0]]
                texts = [str(exc), repr(exc), repr(exc.info), "".join(frames)]
        texts += [repr(binding), repr(binding.auth), repr(subject.client), *records]
        for text in texts:
            at = text.find(FAKE)
            expect(at < 0, f"the key is shown: …{text[max(0, at - 60) : at]}…" if at >= 0 else "")

    @rule(
        "bronze",
        "a key that is not accepted does not get better by trying, and may be locked",
        "`rejected` of a scheme says whether another signature may fare better; core asks once",
    )
    def test_a_rejected_key_is_not_tried_for_ever(self, subject: Subject) -> None:
        """A 401 is `Unauthorized`; there is one more call at most, with another signature."""
        reply = Reply(401, Headers({"content-type": "application/json"}), b'{"error": {"message": "no"}}')
        try:
            subject.ask(PROMPT, reply, reply, reply, max_retries=2)
        except Unauthorized:
            expect(len(subject.stage.calls) <= 2, f"{len(subject.stage.calls)} calls were sent")
        except JackfieldError as exc:
            unmet(f"it raises {type(exc).__name__}, not Unauthorized")
        except NotScripted:
            unmet("it was tried more than three times")

    @rule(
        "bronze",
        "what a user misspells must not be passed over, nor sent to a provider",
        "state every setting under [settings]",
    )
    def test_an_unknown_setting_is_refused(self, subject: Subject) -> None:
        """A setting the profile does not have is an error that names it."""
        try:
            subject.fresh({"no_such_setting": "1"}).bind(subject.named(subject.model()))
        except SetupError as exc:
            among("no_such_setting", str(exc), "the error")
        else:
            unmet("it was taken")


def _complete(subject: Subject, client: Client) -> None:
    """A call of the provider's main model, answered."""
    model = subject.model()
    binding = subject.bind(model, client)
    subject.stage.play(binding.wire, ANSWER)
    client.complete(subject.named(model), PROMPT)


@contextmanager
def without_variables(subject: Subject, **values: str) -> Iterator[None]:
    """None of the provider's variables is set for a moment but those that are given; nor are its settings."""
    kept = {name: os.environ.pop(name, None) for name in subject.environment()}
    os.environ.update(values)
    try:
        yield
    finally:
        for name in values:
            os.environ.pop(name, None)
        os.environ.update({name: value for name, value in kept.items() if value is not None})


@contextmanager
def logged() -> Iterator[list[str]]:
    """Everything that is logged meanwhile."""
    records: list[str] = []
    keeper = logging.Handler(level=logging.DEBUG)
    keeper.emit = lambda record: records.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("jackfield")
    level = logger.level
    logger.addHandler(keeper)
    logger.setLevel(logging.DEBUG)
    try:
        yield records
    finally:
        logger.removeHandler(keeper)
        logger.setLevel(level)
