"""Nothing is public, settable or raisable without standing in the documentation."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import jackfield
from jackfield import hookspecs
from jackfield.config import keys as config_keys
from jackfield.errors import KINDS, LEAVES, ErrorInfo, JackfieldError
from jackfield.profile import reader
from jackfield.profile.rates import RATE_KEYS

ROOT = Path(__file__).resolve().parents[2]
DOCS = {file.name: file.read_text(encoding="utf-8") for file in (ROOT / "docs").glob("*.md")}
HOOKS = ["auth", "completion", "pricing", "streaming"]
RAISED = {kind.leaf for kind in KINDS.values()} | {jackfield.StreamInterrupted}
KEYS = {
    "profile": reader._PROFILE.keys,
    "auth": {**reader._AUTH, **{key: 0 for keys in reader._SCHEME_KEYS.values() for key in keys}},
    "option": reader._OPTION_RULE.keys,
    "setting": reader._SETTING.keys,
    "quality": reader._QUALITY.keys,
    "statement": reader._STATEMENT.keys,
    "model": reader._MODEL.keys,
    "rate": RATE_KEYS,
}


@pytest.mark.parametrize("name", jackfield.__all__)
def test_public_name_is_documented(name):
    """Every public name stands in the list of names, and says what it is."""
    found = getattr(jackfield, name)

    assert f"| `{name}` |" in DOCS["api.md"]
    assert inspect.getdoc(found) or not (inspect.isclass(found) or inspect.isfunction(found))


def test_all_names_are_bound_for_type_checkers():
    """What is bound lazily is what type checkers see, no more and no less."""
    source = inspect.getsource(jackfield).partition("if TYPE_CHECKING:")[2].partition("__version__")[0]

    seen = re.findall(r"\b([A-Za-z_]+)\b", re.sub(r"from \S+ import", "", source))

    assert sorted(jackfield.__all__) == sorted(seen)


@pytest.mark.parametrize("leaf", sorted(RAISED, key=lambda leaf: leaf.number), ids=lambda leaf: leaf.__name__)
def test_error_has_a_page(leaf):
    """Every error stands in the table with its codes, and has a paragraph that says what to do."""
    row = re.search(
        rf"^\| {leaf.number} \| `{leaf.__name__}` \| .* \| (.*) \| (\d+) \|$", DOCS["errors.md"], re.MULTILINE
    )

    assert f"**{leaf.number} `{leaf.__name__}`**" in DOCS["errors.md"]
    assert row is not None
    assert str(leaf.gateway_status) == row[2]


@pytest.mark.parametrize("kind", KINDS)
def test_error_is_raised_from_its_kind(kind):
    """Every kind of failure becomes the exception the table names, with the facts it was made from."""
    info = ErrorInfo(kind, "what failed", hint="what mends it", status=418)

    with pytest.raises(KINDS[kind].leaf, match=r"what failed(?s:.)*\nhint: what mends it") as caught:
        raise info.to_exception()

    assert 418 == caught.value.status


def test_error_codes_are_distinct():
    """A code names one exception."""
    codes = [leaf.number for leaf in RAISED]

    assert sorted(set(codes)) == sorted(codes)


def test_every_family_is_documented():
    """A family of errors, too, is told what to do about."""
    families = {leaf.__name__ for leaf in LEAVES.values() if leaf not in RAISED} - {"JackfieldError"}

    assert {name for name in families if f"| `{name}` |" in DOCS["errors.md"]} == families


@pytest.mark.parametrize("leaf", sorted(RAISED, key=lambda leaf: leaf.number), ids=lambda leaf: leaf.__name__)
def test_error_is_public(leaf):
    """Every error can be caught by a name of the package, and by its root."""
    assert leaf is getattr(jackfield, leaf.__name__)
    assert issubclass(leaf, JackfieldError)


@pytest.mark.parametrize("name", HOOKS)
def test_hook_is_documented(name):
    """Every hook stands in the documentation with each of its arguments and an example."""
    hook = getattr(hookspecs, name)
    section = DOCS["hooks.md"].partition(f"### `{name}(")[2].partition("\n### ")[0]

    assert [] == [
        argument for argument in inspect.signature(hook).parameters if f"- `{argument}`: " not in section
    ]
    assert "@hookimpl" in section


def test_there_are_four_hooks():
    """No hook exists beside those that are documented."""
    found = [name for name, value in vars(hookspecs).items() if hasattr(value, "jackfield_spec")]

    assert sorted(found) == HOOKS


@pytest.mark.parametrize("table", KEYS)
def test_profile_key_is_documented(table):
    """Every key a profile may have stands in its documentation."""
    assert [] == [key for key in KEYS[table] if f"`{key}`" not in DOCS["profile.md"] and f"`[{key}" not in DOCS["profile.md"]
                  and f"`[[{key}]]`" not in DOCS["profile.md"]]  # fmt: skip


@pytest.mark.parametrize("key", [*config_keys.FILE.keys, *config_keys.PROVIDER_KEYS])
def test_setting_is_documented(key):
    """Every key of a configuration file stands in its documentation."""
    assert f"`{key}`" in DOCS["configuration.md"] or f"[{key}." in DOCS["configuration.md"]


@pytest.mark.parametrize("page", ["errors.md", "library.md", "profile.md", "hooks.md", "api.md", "cli.md"])
def test_page_exists(page):
    """The pages the tests above read are there."""
    assert DOCS[page].startswith(("# ", "<!-- generated"))


def test_generated_blocks_are_fresh():
    """The generated pages and tables, the command line's help among them, say what the code says."""
    command = [sys.executable, str(ROOT / ".ci" / "docs.py"), "--check"]

    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)

    assert 0 == done.returncode, done.stderr
