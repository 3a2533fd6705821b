"""azure-openai is held to the contract."""

from jackfield.testing import ProviderContract


class TestAzureOpenai(ProviderContract):
    """Chosen by its profile."""

    provider = "azure-openai"
