"""The official clients in processes of their own, told nothing but `eval "$(jackfield simulate --env)"`."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

TURN = '[{"role": "user", "content": "hello"}]'
# What a reader of each library's first page would write.
CLIENTS = {
    "openai": f"""
print(openai.OpenAI().chat.completions.create(model="gpt-x", messages={TURN}).choices[0].message.content)
assert openai.AzureOpenAI(api_version="2024-10-21").models.list().data
""",
    "anthropic": f"""
print(anthropic.Anthropic().messages.create(model="claude-x", max_tokens=9, messages={TURN}).content[0].text)
""",
    "google.genai": """
client = google.genai.Client()  # it closes as soon as nobody holds it
print(client.models.generate_content(model="gemini-2.5-flash", contents="hello").text)
""",
    "cohere": f"""
print(cohere.ClientV2().chat(model="command-a-03-2025", messages={TURN}).message.content[0].text)
""",
    "boto3": """
assert boto3.client("bedrock").list_foundation_models()["modelSummaries"]
assert boto3.client("sts").assume_role(RoleArn="arn:aws:iam::123456789012:role/x", RoleSessionName="me")
turns = [{"role": "user", "content": [{"text": "hello"}]}]
answer = boto3.client("bedrock-runtime").converse(modelId="amazon.nova-lite-v1:0", messages=turns)
print(answer["output"]["message"]["content"][0]["text"])
""",
    "ollama": f"""
print(ollama.chat(model="llama3.3", messages={TURN}).message.content)
""",
    "jackfield": """
print(jackfield.complete("vertex/gemini-2.5-flash", "hello").text)
""",
}


@pytest.fixture(scope="module")
def environment():
    """The variables of a shell that has evaluated what the command prints, beside a simulator."""
    from jackfield_simulator import Simulator

    with Simulator() as simulator:
        port = simulator.url.rpartition(":")[2]
        command = f'eval "$("{sys.executable}" -m jackfield.cli simulate --env --port {port})" && env -0'
        told = subprocess.run(["bash", "-c", command], capture_output=True, check=True).stdout
        yield dict(pair.split("=", 1) for pair in told.decode().split("\0") if "=" in pair)


@pytest.mark.parametrize("package", CLIENTS)
def test_official_clients_need_nothing_else(package, environment):
    """Neither an address nor a key, a region or a project; nor do their neighbouring services."""
    pytest.importorskip(package)
    command = [sys.executable, "-c", f"import {package}\n{CLIENTS[package]}"]

    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )

    assert 0 == done.returncode, done.stderr[-2000:]
    assert "hello" == done.stdout.strip()
