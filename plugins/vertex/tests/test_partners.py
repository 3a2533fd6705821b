"""What the models of all publishers have in common: where they are, whose credentials they need, how the host fails."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import jackfield
from jackfield.wire import Headers, Reply

TOKEN = "ya29.not-a-real-token"
SETTINGS = {"access_token": TOKEN, "project": "river-project"}

PROVIDERS = {
    "vertex": ("gemini-3.5-flash", "v1"),
    "vertex-anthropic": ("claude-haiku-4-5", "v1"),
    "vertex-mistral": ("mistral-medium-3", "v1"),
    "vertex-llama": ("llama-4-scout-17b-16e-instruct-maas", "v1"),
    "vertex-deepseek": ("deepseek-v4.1-flash-maas", "v1"),
    "vertex-ai21": ("jamba-1.5-mini", "v1beta1"),
}


@pytest.fixture(params=PROVIDERS)
def partner(request, monkeypatch):
    """The id of each."""
    for name in ("GOOGLE_CLOUD_PROJECT", "ANTHROPIC_VERTEX_PROJECT_ID", "CLOUD_ML_REGION"):
        monkeypatch.delenv(name, raising=False)
    package = f"jackfield_{request.param.replace('-', '_')}"
    pytest.importorskip(package)
    return request.param


def bound_to(partner, model="", **settings):
    client = jackfield.Client({"providers": {partner: settings}})
    return client.bind(f"{partner}/{model or PROVIDERS[partner][0]}")


def address_of(partner, **settings):
    binding = bound_to(partner, **SETTINGS, **settings)
    request = jackfield.Request(binding.model.id, (jackfield.Message("user", "hi"),))
    return binding.wire.render_completion(request, stream=False).url


# -- binding ---------------------------------------------------------------------------------------


def test_all_models_of_the_list_bind(partner):
    """By their aliases too."""
    profile = jackfield.Registry().profile(partner)
    names = {name: model.id for model in profile.models for name in (model.id, *model.aliases)}

    assert names
    assert names == {name: bound_to(partner, name, **SETTINGS).model.id for name in names}


def test_the_library_of_the_vendor_waits_for_a_call(partner):
    """Neither the package, which is there in no time, nor a bound model needs it."""
    settings = {"providers": {partner: SETTINGS}}
    code = (
        "import sys, time, jackfield.plugin; begun = time.process_time();"
        f"import jackfield_{partner.replace('-', '_')}; took = time.process_time() - begun;"
        f"jackfield.Client({settings}).bind('{partner}/{PROVIDERS[partner][0]}');"
        "print('google.auth' in sys.modules or 'requests' in sys.modules, took < 0.2)"
    )
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, capture_output=True, text=True, check=True, timeout=300)

    assert "False True" == done.stdout.strip()


def test_the_hooks_stay_what_they_are(partner):
    """Whatever modules of the package are imported meanwhile."""
    found = [bound_to(partner, **SETTINGS).describe() for _ in range(2)]

    assert found[0] == found[1]
    assert "AccessToken" == found[0]["auth"]


# -- where calls go --------------------------------------------------------------------------------


def test_a_private_endpoint_is_a_base_url(partner):
    """Its path is the version, unless it has one."""
    base, version = "https://river.p.googleapis.com", PROVIDERS[partner][1]

    assert address_of(partner, base_url=base).startswith(
        f"{base}/{version}/projects/river-project/locations/"
    )
    assert address_of(partner, base_url=f"{base}/v9").startswith(f"{base}/v9/projects/")


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("us-east5", "us-east5-aiplatform.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
        ("global", "aiplatform.googleapis.com"),
    ],
)
def test_another_region_is_another_host(monkeypatch, partner, location, host):
    """And another path."""
    monkeypatch.setenv("GOOGLE_CLOUD_LOCATION", location)

    url = address_of(partner)

    assert url.startswith(
        f"https://{host}/{PROVIDERS[partner][1]}/projects/river-project/locations/{location}/"
    )


def test_without_a_project_it_is_told_how_to_set_one(partner):
    """Before anything is sent."""
    with pytest.raises(jackfield.BadConfig, match="GOOGLE_CLOUD_PROJECT"):
        bound_to(partner, access_token=TOKEN)


# -- requests --------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True])
def test_what_is_rendered_is_read(partner, stream):
    """Of the version that the path names, where the body does not."""
    binding = bound_to(partner, **SETTINGS)
    turns = (jackfield.Message("user", "hi"),)
    request = jackfield.Request(binding.model.id, turns, options={"max_tokens": 5})

    call = binding.wire.render_completion(request, stream)

    assert (request, stream) == binding.wire.read_completion(call)
    assert "@" not in json.loads(call.body).get("model", "")


@pytest.mark.parametrize("chat_alone", ["vertex-mistral", "vertex-llama", "vertex-deepseek", "vertex-ai21"])
def test_chat_is_all_there_is(chat_alone):
    """Though the format has more elsewhere."""
    assert {} == bound_to(chat_alone, **SETTINGS).wire.operations()


# -- failures --------------------------------------------------------------------------------------

FAILURES = [
    (401, "UNAUTHENTICATED", "ACCESS_TOKEN_EXPIRED", jackfield.Unauthorized),
    (403, "PERMISSION_DENIED", "IAM_PERMISSION_DENIED", jackfield.Unauthorized),
    (403, "PERMISSION_DENIED", "BILLING_DISABLED", jackfield.OutOfCredit),
    (404, "NOT_FOUND", "", jackfield.ModelNotFound),
    (400, "INVALID_ARGUMENT", "", jackfield.InvalidRequest),
    (429, "RESOURCE_EXHAUSTED", "", jackfield.RateLimited),
    (499, "CANCELLED", "", jackfield.Unavailable),
    (503, "UNAVAILABLE", "", jackfield.Unavailable),
    (504, "DEADLINE_EXCEEDED", "", jackfield.Unavailable),
]


@pytest.mark.parametrize(("status", "code", "reason", "leaf"), FAILURES)
@pytest.mark.parametrize("listed", [False, True])
def test_the_hosts_own_failures_are_told_apart(partner, status, code, reason, leaf, listed):
    """By status, and by a reason where there is one; some come as a list of one."""
    error = {"code": status, "message": "no luck", "status": code, "details": [{"reason": reason}]}
    body = [{"error": error}] if listed else {"error": error}
    reply = Reply(status, Headers({"content-type": "application/json"}), json.dumps(body).encode())

    found = bound_to(partner, **SETTINGS).wire.parse_error(reply).to_exception()

    assert (leaf, "no luck") == (type(found), found.info.message)
    assert found.code in (code, reason)
