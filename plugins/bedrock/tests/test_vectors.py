"""Published vectors of the vendor's protocols: signatures, hosts, names of exceptions, escaped labels."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import pytest
from jackfield_bedrock.chain import Given, _signer, signed
from jackfield_bedrock.converse import Converse
from jackfield_bedrock.failures import plain_code
from jackfield_bedrock.places import endpoint

from jackfield.wire import Call, Dialect, Headers, Reply

VECTORS = Path(__file__).parents[4] / "shared" / "vectors"
STAMP = "%Y-%m-%dT%H:%M:%SZ"


def require(path):
    if not path.exists():
        pytest.skip(f"no vectors at {path}")


def cases(path, wanted):
    return wanted(json.loads((VECTORS / path).read_bytes())) if (VECTORS / path).is_file() else []


# -- signatures ------------------------------------------------------------------------------------

SIGNED = VECTORS / "sigv4"


def requests():
    """The cases that hold for this service: it normalises paths, and has no query without a value."""
    found = sorted(path for path in SIGNED.iterdir() if path.is_dir()) if SIGNED.is_dir() else []
    return [path for path in found if json.loads((path / "context.json").read_bytes())["normalize"]]


def request_in(folder):
    head, _, body = (folder / "request.txt").read_text().partition("\n\n")
    first, *lines = head.split("\n")
    method, _, rest = first.partition(" ")
    target = rest.rpartition(" ")[0]
    headers: dict[str, str] = {}
    for line in filter(None, lines):
        name, _, value = line.partition(":")
        headers[name.strip()] = ",".join(filter(None, (headers.get(name.strip(), ""), value.strip())))
    return method, target, headers, body


@pytest.mark.parametrize("folder", requests() or [SIGNED / "absent"], ids=lambda path: path.name)
def test_signatures_are_the_published_ones(folder, monkeypatch):
    """Our signer is the vendor's, but for the clock."""
    require(folder)
    from botocore.awsrequest import AWSRequest

    context = json.loads((folder / "context.json").read_bytes())
    keys = context["credentials"]
    method, target, headers, body = request_in(folder)
    wanted = datetime.strptime(context["timestamp"], STAMP).replace(tzinfo=UTC)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: wanted - timedelta(hours=1))
    given = Given(keys["access_key_id"], keys["secret_access_key"], keys.get("token"))
    signer = _signer()(given, (context["service"], context["region"]), timedelta(hours=1))
    if context["sign_body"]:
        headers["X-Amz-Content-Sha256"] = sha256(body.encode()).hexdigest()
    path, mark, query = target.partition("?")
    url = f"https://{headers['Host']}{path}{mark}{quote(query, safe='=&%~')}"
    request = AWSRequest(method, url, {n: v for n, v in headers.items() if n != "Host"}, body)

    signer.add_auth(request)

    expected = (folder / "header-signature.txt").read_text().strip()
    assert request.headers["Authorization"].endswith(f"Signature={expected}")


def test_a_call_of_ours_is_signed_over_the_escaped_path_escaped_again(monkeypatch):
    """The colon of a model's name is %3A to the host, and %253A to the signature."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest

    now = datetime(2026, 11, 21, tzinfo=UTC)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: now)
    base = "https://bedrock-runtime.us-east-1.amazonaws.com"
    call = Call("POST", ("model", "a.b-v1:0", "converse"), b"{}", Headers({"content-type": "x"}), base=base)
    given = Given("AKID", "secret", "token")

    ours = signed(call, given, ("bedrock", "us-east-1"), timedelta(0))

    request = AWSRequest("POST", f"{base}/model/a.b-v1%3A0/converse", {"content-type": "x"}, b"{}")
    theirs = SigV4Auth(given, "bedrock", "us-east-1")
    theirs.add_auth(request)
    assert request.headers["Authorization"] == ours.headers["authorization"]
    assert "/model/a.b-v1%253A0/converse" in theirs.canonical_request(request)
    assert ("20261121T000000Z", "token") == (ours.headers["x-amz-date"], ours.headers["x-amz-security-token"])


# -- hosts -----------------------------------------------------------------------------------------


def hosts(service):
    return [
        pytest.param(service, case["params"], case["expect"]["endpoint"]["url"], id=f"{service}-{number}")
        for number, case in enumerate(
            cases(f"aws-endpoints/{service}.json", lambda found: found["testCases"])
        )
        if "endpoint" in case["expect"] and "Endpoint" not in case["params"]
    ]


@pytest.mark.parametrize(
    ("service", "params", "url"),
    [*hosts("bedrock-runtime"), *hosts("bedrock"), *hosts("bedrock-agent-runtime")],
)
def test_hosts_are_the_published_ones(service, params, url):
    """By region and partition, for FIPS and IPv6."""
    found = endpoint(service, params["Region"], fips=params["UseFIPS"], dual_stack=params["UseDualStack"])

    assert url == found


def test_there_are_hosts_to_judge():
    """A loader that finds none would pass the test above."""
    require(VECTORS / "aws-endpoints")
    assert 48 <= sum(len(hosts(name)) for name in ("bedrock-runtime", "bedrock", "bedrock-agent-runtime"))


# -- exceptions and labels -------------------------------------------------------------------------


def failures(found):
    return [case for suite in found for case in suite["cases"] if "errorCode" in case]


@pytest.mark.parametrize(
    "case", cases("aws-rest-json/output-rest-json.json", failures), ids=lambda case: case["id"]
)
def test_exceptions_are_named_as_published(case):
    """In a header or the body, with a namespace before the name and an address behind it."""
    response = case["response"]
    headers = Headers({name.lower(): value for name, value in response["headers"].items()})
    reply = Reply(response["status_code"], headers, response.get("body", "").encode())

    error = Converse(Dialect(provider="bedrock")).parse_error(reply)

    assert (case["errorCode"], response["status_code"]) == (error.code, error.status)
    if "errorMessage" in case:
        assert case["errorMessage"] == error.message


def labels(found):
    return [
        case
        for suite in found
        for case in suite["cases"]
        if case.get("id") in ("RestJsonHttpRequestLabelEscaping", "RestJsonHttpRequestWithGreedyLabelInPath")
    ]


@pytest.mark.parametrize(
    "case", cases("aws-rest-json/input-rest-json.json", labels), ids=lambda case: case["id"]
)
def test_labels_are_escaped_as_published(case):
    """Whatever a model is called, it stays one step of the path."""
    value = case["params"].get("string", case["params"].get("foo"))

    url = Call("POST", ("model", value, "converse"), base="https://x.test").url

    escaped = url.removeprefix("https://x.test/model/").removesuffix("/converse")
    assert escaped in case["serialized"]["uri"]


def test_names_of_exceptions_are_cut_out():
    """Of what stands around them."""
    assert "FooError" == plain_code("a.b#FooError:http://x/") == plain_code("FooError")
