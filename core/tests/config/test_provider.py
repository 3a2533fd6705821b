"""What a user may write for an address."""

from __future__ import annotations

import pytest

from jackfield.config.provider import completed_base_url

HERE = "http://127.0.0.1:11434"


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("gpu.lan", "http://gpu.lan:11434"),
        ("10.0.0.5:8080", "http://10.0.0.5:8080"),
        (":8080", "http://127.0.0.1:8080"),
        ("", "http://127.0.0.1:11434"),
        ("0.0.0.0", HERE),
        ("[::]:8080", "http://[::1]:8080"),
        ("[::1]", "http://[::1]:11434"),
        ("gpu.lan:8080/behind/", "http://gpu.lan:8080/behind/"),
        ("https://gpu.lan", "https://gpu.lan"),
    ],
)
def test_a_host_is_completed_from_the_address_of_a_local_server(given, address):
    """Its scheme and its port are those of the provider's own."""
    assert address == completed_base_url(given, HERE)


@pytest.mark.parametrize("own", ["https://api.acme.example/v1", ""])
def test_other_addresses_stay_as_they_are(own):
    """A host alone is no address of a provider far away."""
    assert "gpu.lan:8080" == completed_base_url("gpu.lan:8080", own)
