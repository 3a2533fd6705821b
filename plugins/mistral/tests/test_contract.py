"""mistral is held to the contract."""

from jackfield.testing import ProviderContract


class TestMistral(ProviderContract):
    """Chosen by its profile."""

    provider = "mistral"
