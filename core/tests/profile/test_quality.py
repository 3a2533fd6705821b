"""What a profile says of its own quality."""

from __future__ import annotations

import pytest

from jackfield import BadConfig, Capability
from jackfield.profile import read_profile

PROFILE = """
spec = 1
id = "acme"
name = "Acme"
wire = "chat_completions"
base_url = "https://acme.test"

[quality]
level = "platinum"

[quality.examples]
{key} = "acme-2"

[quality.settings]
region = "eu"
"""


def test_examples_and_settings_are_read(tmp_path):
    """Models by capability; settings as they stand."""
    (tmp_path / "profile.toml").write_text(PROFILE.format(key="tools"))

    quality = read_profile(tmp_path).quality

    assert ({Capability.TOOLS: "acme-2"}, {"region": "eu"}) == (quality.examples, quality.settings)
    assert ("platinum", "gold") == (quality.level, quality.shown)


def test_an_example_of_nothing_is_refused(tmp_path):
    """With what may be meant."""
    (tmp_path / "profile.toml").write_text(PROFILE.format(key="tolls"))

    with pytest.raises(BadConfig, match=r"quality\.examples\.tolls: unknown capability"):
        read_profile(tmp_path)
