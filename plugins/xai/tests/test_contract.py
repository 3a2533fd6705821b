"""xai is held to the contract."""

from jackfield.testing import ProviderContract


class TestXai(ProviderContract):
    """Chosen by its profile."""

    provider = "xai"
