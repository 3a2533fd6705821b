"""No configuration and no credentials of the machine's own."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _no_cloud(monkeypatch, tmp_path):
    """Only what a test sets; the metadata of a machine in the cloud is never asked."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
