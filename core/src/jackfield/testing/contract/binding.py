"""Binding a model: four hooks, asked once; and what the bound wire must have."""

from __future__ import annotations

from jackfield.capability import Capability
from jackfield.catalogue import FreePrices, PriceBook
from jackfield.client import Binding
from jackfield.client.answers import CoreAnswers
from jackfield.errors import JackfieldError, ProviderConflict
from jackfield.hookspecs import hookimpl
from jackfield.options import OPERATIONS
from jackfield.registry.entries import EXTENSIONS, Entry
from jackfield.registry.faces import Faces, Party, faces_of
from jackfield.testing.answers import ANSWER, PROMPT
from jackfield.testing.rules import ALWAYS, expect, rule, same, unmet
from jackfield.testing.subject import Subject

CLIENT_HALF = ("framing", "render_completion", "parse_completion", "stream_parser", "parse_error")
SERVER_HALF = ("read_completion", "write_completion", "stream_writer", "write_error", "operations")
FACTS = ("name", "media_type", "defaults", "routes", "dialect")
VERBS = ("render", "parse", "read", "write")


class _Answering:
    """An extension that answers one hook."""

    @hookimpl
    def pricing(self) -> PriceBook:
        """An answer."""
        return FreePrices()


class BindingRules:
    """Rules about what the hooks answer."""

    @rule(
        "bronze",
        "a model that cannot be bound cannot be called",
        "mend the hook or the setting that is named; settings tests need stand under [quality.settings]",
        flags=ALWAYS,
    )
    def test_it_can_be_bound(self, subject: Subject) -> None:
        """The hooks answer for a model of the provider."""
        expect(not subject.fault, f"`{subject.named(subject.model())}` cannot be bound: {subject.fault}")

    @rule(
        "bronze",
        "a model in the list is a promise",
        "mend the facts of the model in models.toml",
    )
    def test_every_listed_model_can_be_bound(self, subject: Subject) -> None:
        """The hooks answer for each model of the list; where there is no code, for one of each kind."""
        for model in subject.kinds:
            try:
                subject.bind(model)
            except JackfieldError as exc:
                unmet(f"`{model}` cannot be bound: {exc.summary}")

    @rule(
        "bronze",
        "the server half is what tests, gateways and simulators are made of",
        "give the wire both halves; docs/hooks.md and `jackfield.plugin.Wire` list the verbs",
    )
    def test_its_wire_has_both_halves(self, subject: Subject) -> None:
        """The wire has every verb of both halves, and states its facts."""
        wire = subject.bind(subject.model()).wire
        missing = [name for name in (*CLIENT_HALF, *SERVER_HALF) if not callable(getattr(wire, name, None))]
        missing += [name for name in FACTS if not hasattr(wire, name)]
        expect(not missing, f"wire `{wire.name}` has no {', '.join(missing)}")

    @rule(
        "bronze",
        "an operation has all of its verbs or none: half of one cannot be tested, nor served",
        "write the missing verb, or take the operation out",
    )
    def test_every_operation_has_all_of_its_verbs(self, subject: Subject) -> None:
        """Each exchange of each operation can be rendered, parsed, read and written."""
        for name, operation in subject.bind(subject.model()).wire.operations().items():
            for exchange in operation.exchanges:
                missing = [verb for verb in VERBS if not callable(getattr(exchange, verb, None))]
                expect(not missing, f"`{name}` has no {', '.join(missing)}")

    @rule(
        "bronze",
        "what the profile says it can is offered to callers, and filtered by",
        "give the wire the operation, or state the capability as `not_implemented`",
    )
    def test_what_is_stated_is_there(self, subject: Subject) -> None:
        """For each capability that is an operation the wire has one."""
        for capability in dict.fromkeys(spec.capability for spec in OPERATIONS.values()):
            model = subject.model(capability)
            if subject.supported(capability) and model:
                wire = subject.bind(model).wire
                names = [name for name, spec in OPERATIONS.items() if spec.capability is capability]
                found = wire.operations().keys() & set(names)
                expect(found, f"`{capability}` is stated, but wire `{wire.name}` has no {' or '.join(names)}")

    @rule(
        "bronze",
        "bindings are kept, so that a call costs no hook",
        "answer hooks with objects; a wire holds no state but its dialect",
    )
    def test_it_is_bound_once(self, subject: Subject) -> None:
        """A model is bound at first use, and the same binding serves all calls."""
        asked: list[str] = []
        registry, hooks = subject.registry, subject.registry.hooks
        client = subject.fresh()
        name = subject.named(subject.model())
        first = client.bind(name)

        def counted(provider: str, core: object) -> Faces:
            asked.append(provider)
            return hooks(provider, core)

        registry.hooks = counted  # type: ignore[method-assign]  # the instance's own, for a moment
        try:
            second = client.bind(name)
        finally:
            del registry.hooks  # the class's shows again
        expect(first is second and not asked, "the second call asked the hooks again")

    @rule(
        "bronze",
        "a wire is shared by all calls and threads: what it keeps of one would be seen by another",
        "keep nothing on the wire; a stream's state belongs to its parser",
        Capability.CHAT,
    )
    def test_calls_leave_no_trace(self, subject: Subject) -> None:
        """The same call twice is rendered alike, whatever was called in between."""
        first, _ = subject.rendered()
        subject.ask("Something else.", ANSWER)
        second, _ = subject.rendered()
        same(first, second, "the call rendered anew")
        same(first.body, second.body, "the body of the call rendered anew")

    @rule(
        "bronze",
        "two packages that answer for one provider must be chosen between by people, not by chance",
        "nothing to be done in the provider: `prefer` in the configuration pins one",
    )
    def test_two_extensions_need_a_pin(self, subject: Subject) -> None:
        """A second extension that answers the same hook is refused, and both are named."""
        entries = [Entry(EXTENSIONS, name, name, stated=(f"kit-{name}", "1")) for name in ("one", "two")]
        parties = [Party("extension", _Answering(), entry) for entry in entries]
        faces = faces_of(subject.provider, [Party("core", CoreAnswers()), *parties], {})
        try:
            faces.pricing(profile=subject.profile, model=subject.bind(subject.model()).model, settings=None)
        except ProviderConflict as exc:
            expect("kit-one" in str(exc) and "kit-two" in str(exc), f"the error does not name both: {exc}")
        else:
            unmet("both were taken")

    @rule(
        "bronze",
        "people have gateways and proxies: a call that goes past one takes its key along",
        "take the address from the dialect: `base=self.dialect.base`",
        Capability.CHAT,
    )
    def test_the_address_a_user_sets_is_used(self, subject: Subject) -> None:
        """With `base_url` set, calls go there."""
        base = "https://gateway.example/kit"
        binding = subject.bind(subject.model(), subject.client_of("", {"base_url": base}))
        found = _place(subject, binding)
        expect(found.startswith(f"{base}/"), f"it is set to {base}, and the call goes to {found}")

    @rule(
        "bronze",
        "a name of a model comes from callers: one with dots and slashes must not reach another address",
        "put names into paths as segments, never into a path that is made of text",
        Capability.CHAT,
    )
    def test_no_name_of_a_model_changes_the_address(self, subject: Subject) -> None:
        """A hostile name is refused, or is one segment of the same path."""
        usual = _place(subject, subject.bind(subject.model()))
        for hostile in ("..%2f..%2fadmin", "a/../../admin", "a?b=c#d", "a b\u00e9"):
            try:
                found = _place(subject, subject.bind(hostile))
            except JackfieldError:
                continue  # refused before anything is sent
            path = found.partition("?")[0]
            kept = "/../" not in f"{path}/" and found.count("?") <= usual.count("?") and "#" not in found
            expect(kept, f"the name `{hostile}` leads to {found}")


def _place(subject: Subject, binding: Binding) -> str:
    """Where a completion of a model is asked for."""
    from jackfield.client.plan import plan_completion

    plan = plan_completion(binding, PROMPT, {}, stream=False)
    return binding.wire.render_completion(plan.request, stream=False).url
