"""huggingface is held to the contract."""

from jackfield.testing import ProviderContract


class TestHuggingface(ProviderContract):
    """Chosen by its profile."""

    provider = "huggingface"
