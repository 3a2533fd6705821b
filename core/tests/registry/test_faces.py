"""Who answers the four hooks for a provider, and in what order they are asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from traceback import walk_tb
from types import ModuleType

import pytest

from jackfield.errors import MissingCredentials, PluginFailed, ProviderConflict
from jackfield.hookspecs import hookimpl
from jackfield.registry import Registry
from jackfield.registry.faces import Party, checked

Install = Callable[..., Path]

FACTS = {"profile": None, "model": None, "settings": None}


class Book:
    """A price book as core has one."""

    source = "core"

    def charge(self, usage: object, at: object) -> None:
        """Nothing is known."""


class Core:
    """Answers of core, as far as a test needs them."""

    @hookimpl
    def pricing(self) -> Book:
        """The list price."""
        return Book()

    @hookimpl
    def auth(self) -> str:
        """No key."""
        raise MissingCredentials("no key")

    @hookimpl
    def completion(self) -> str:
        """A mistake in core."""
        raise ValueError("core's own")


def says(word: str, *, options: str = "") -> str:
    """The code of a plugin whose price book has that source; without a word it has no answer."""
    book = f"class Book:\n    source = {word!r}\n    def charge(self, usage, at): ...\n\n" if word else ""
    return book + answers("Book()" if word else "None", options=options)


def answers(code: str, *, hook: str = "pricing", options: str = "") -> str:
    """The code of a plugin that answers one hook with the value of an expression."""
    return f"from jackfield import hookimpl\n\n@hookimpl{options}\ndef {hook}():\n    return {code}\n"


def priced(registry: Registry) -> object:
    """Who answered the question for prices."""
    return registry.hooks("acme", Core()).pricing(**FACTS).source


def test_core_answers_what_nobody_else_does(install: Install, registry: Registry) -> None:
    """A provider of data only is answered for from its profile."""
    install("acme")

    assert "core" == priced(registry)


@pytest.mark.parametrize("options", ["", "(trylast=True)"])
def test_a_plugin_is_asked_before_core(install: Install, registry: Registry, options: str) -> None:
    """Whatever place its author asked for."""
    install("acme", code=says("plugin", options=options))

    assert "plugin" == priced(registry)


def test_an_extension_is_asked_first(install: Install, registry: Registry) -> None:
    """Even where the provider's own plugin wants to be."""
    install("acme", code=says("plugin", options="(tryfirst=True)"))
    install("deal", group="extensions", code=says("negotiated"), module="ext_deal")

    assert "negotiated" == priced(registry)


def test_an_extension_may_leave_it_to_the_next(install: Install, registry: Registry) -> None:
    """``None`` is no answer."""
    install("acme", code=says("plugin"))
    install("deal", group="extensions", code=says(""), module="ext_deal")

    assert "plugin" == priced(registry)


def test_two_extensions_with_one_answer_are_a_conflict(install: Install, registry: Registry) -> None:
    """Both are named, and the setting that chooses."""
    install("acme")
    install("deal", group="extensions", code=says("a"), module="ext_a")
    install("offer", group="extensions", code=says("b"), module="ext_b", version="2.0")

    with pytest.raises(ProviderConflict) as caught:
        priced(registry)

    expected = "`jackfield-deal` 1.0 and `jackfield-offer` 2.0 both answer `pricing` for `acme`"
    assert expected == str(caught.value).splitlines()[0]
    assert '[prefer] "acme.pricing" = "jackfield-deal"' in str(caught.value)


def test_two_extensions_of_which_one_answers_are_none(install: Install, registry: Registry) -> None:
    """What counts is who answers for this provider."""
    install("acme")
    install("deal", group="extensions", code=says(""), module="ext_a")
    install("offer", group="extensions", code=says("b"), module="ext_b")

    assert "b" == priced(registry)


@pytest.mark.parametrize("pin", ["jackfield-offer", "offer"])
def test_a_pin_chooses_an_extension(install: Install, pin: str) -> None:
    """By its distribution or by its name."""
    install("acme")
    install("deal", group="extensions", code=says("a"), module="ext_a")
    install("offer", group="extensions", code=says("b"), module="ext_b")

    assert "b" == priced(Registry(prefer={"acme.pricing": pin}))


def test_a_blocked_extension_is_not_imported(install: Install) -> None:
    """It does not answer either."""
    install("acme")
    install("deal", group="extensions", code="raise SystemExit", module="ext_a")

    assert "core" == priced(Registry(blocked=["deal"]))


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("from jackfield import hookimpl\n@hookimpl\ndef pricing(modle): ...\n", "modle"),
        ("from jackfield import hookimpl\n@hookimpl\ndef prices(model): ...\n", "no hook `prices`"),
    ],
)
def test_a_misspelt_hook_is_told_with_its_owner(
    install: Install, registry: Registry, code: str, fault: str
) -> None:
    """Distribution, version, hook and fault."""
    install("acme", code=code)

    with pytest.raises(PluginFailed) as caught:
        priced(registry)

    assert all(word in str(caught.value) for word in ("`jackfield-acme` 1.0", "pric", fault))


@pytest.mark.parametrize(
    "code", ["1/0", "from jackfield import hookimpl\n@hookimpl\ndef pricing(modle): ...\n"]
)
def test_a_broken_extension_is_a_finding(
    install: Install, registry: Registry, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is skipped and told of, and providers work on."""
    install("acme")
    install("deal", group="extensions", code=code, module="ext_a")

    assert "core" == priced(registry)
    assert ["jackfield-deal"] == [finding.subject for finding in registry.findings()]
    assert "plugin `jackfield-deal` 1.0" in caplog.text


def test_what_a_hook_raises_names_its_owner_and_shows_no_values(install: Install, registry: Registry) -> None:
    """The place is told, the text of the exception and its frames are not."""
    install("acme", code=says("x").replace("return", "key = 'sk-canary'; raise ValueError(key);"))

    with pytest.raises(PluginFailed, match=r"`jackfield-acme` 1.0 .*ValueError at .*acme_module") as caught:
        priced(registry)

    assert "canary" not in str(caught.value)
    assert (None, None) == (caught.value.__cause__, caught.value.__context__)


def test_errors_of_ours_pass(install: Install, registry: Registry) -> None:
    """What is told already is not told again."""
    install("acme")

    with pytest.raises(MissingCredentials, match="no key"):
        registry.hooks("acme", Core()).auth(**FACTS)


def test_a_mistake_of_core_is_not_blamed_on_a_plugin(install: Install, registry: Registry) -> None:
    """It is raised as it is."""
    install("acme", code=says("plugin"))

    with pytest.raises(ValueError, match="core's own"):
        registry.hooks("acme", Core()).completion(**FACTS)


def test_answers_are_kept_for_the_same_core(install: Install, registry: Registry) -> None:
    """Registering is paid for once."""
    install("acme")
    core = Core()

    assert registry.hooks("acme", core) is registry.hooks("acme", core)


@pytest.mark.parametrize(
    ("face", "code", "fault"),
    [
        (
            "auth",
            "'sk-canary-0123456789'",
            "type `str`, which has no `sign` and no `rejected` and no `accepted`",
        ),
        ("completion", "object()", "type `object`, which has no `render_completion`"),
        ("streaming", "5", "type `int`, which has no `__call__`"),
        ("pricing", "5", "type `int`, which has no `charge` and no `source`"),
    ],
)
def test_an_answer_that_cannot_be_used_names_its_owner(
    install: Install, registry: Registry, face: str, code: str, fault: str
) -> None:
    """When a model is bound, and not when a call is under way; the answer is not shown."""
    install("acme", code=answers(code, hook=face))
    facts = FACTS | ({"wire": None} if face == "streaming" else {})

    with pytest.raises(PluginFailed) as caught:
        getattr(registry.hooks("acme", Core()), face)(**facts)

    assert (
        f"plugin `jackfield-acme` 1.0 (acme_module), hook `{face}`, answered with something of {fault}"
        in str(caught.value)
    )
    assert "canary" not in "".join(
        repr(frame.f_locals) for frame, _ in walk_tb(caught.tb) if frame.f_code.co_filename != __file__
    )


def test_an_answer_that_is_spoilt_on_its_way_names_who_did_it(install: Install, registry: Registry) -> None:
    """A wrapper sees the answers of others; theirs was right."""
    spoils = answers("(yield) and 5", options="(wrapper=True)")
    install("acme", code=says("plugin"))
    install("deal", group="extensions", code=spoils, module="ext_deal")

    with pytest.raises(PluginFailed, match=r"extension `jackfield-deal` 1.0 .*answered with .* `int`"):
        priced(registry)


def test_an_unusable_answer_of_core_is_not_blamed_on_a_plugin(install: Install, registry: Registry) -> None:
    """Core answers for itself in its own tests."""
    install("acme", code=says("plugin"))

    class Odd(Core):
        @hookimpl
        def streaming(self) -> int:
            """Nothing that could be called."""
            return 5

    assert 5 == registry.hooks("acme", Odd()).streaming(**FACTS, wire=None)


def test_a_module_in_the_place_of_a_hook_is_refused() -> None:
    """A package's submodule of that name replaces the function as soon as it is imported."""
    plugin = ModuleType("jackfield_acme")
    plugin.auth = ModuleType("jackfield_acme.auth")  # type: ignore[attr-defined]

    with pytest.raises(PluginFailed, match="its module `auth` takes the place of the hook; rename it"):
        checked(Party("plugin", plugin, None))
