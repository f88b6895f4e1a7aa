"""What values must be, and that no word about them holds one."""

import base64
import json
from typing import Any

import pytest
from datafi_cdk import DatafiError
from datafi_cdk.cli.keys.redis_key import make_keyval
from datafi_cdk.cli.secrets.rotation import make_update_secret
from datafi_cdk.cli.secrets.values import UPDATE_SECRET, normalized, value_problem
from hypothesis import given
from hypothesis import strategies as st

REDIS = {
    "kind": "redis",
    "addr": "redis.example.com:6379",
    "username": "default",
    "password": "not-a-real-password",
}


def encoded(data: Any) -> str:
    """base64 of JSON."""
    return base64.b64encode(json.dumps(data).encode()).decode()


@given(st.text(), st.text(min_size=1), st.booleans())
def test_keyval_gives_back_its_parts(password: str, username: str, secure: bool) -> None:
    """Whatever the password is, the coordinator reads it as it was given."""
    value = make_keyval("redis.example.com:6379", username, password, secure=secure)
    read = json.loads(base64.b64decode(value, validate=True))
    assert read == {
        "kind": "redis",
        "addr": "redis.example.com:6379",
        "username": username,
        "password": password,
        **({"secure": "true"} if secure else {}),
    }
    assert value_problem("KEYVAL", value) is None


@pytest.mark.parametrize("address", ["redis", "redis:", ":6379", "redis:0", "redis:65536", "a b:1"])
def test_refuses_an_address_without_host_or_port(address: str) -> None:
    """Where the Redis is must be host:port."""
    with pytest.raises(DatafiError, match="host:port"):
        make_keyval(address, "default", "not-a-real-password", secure=False)


@pytest.mark.parametrize("address", ["redis.example.com:6379", "10.0.0.1:1", "[fd00::1]:65535"])
def test_takes_names_and_addresses(address: str) -> None:
    """A host may be a name, an IPv4 and an IPv6 address."""
    value = make_keyval(address, "default", "not-a-real-password", secure=False)
    assert value_problem("KEYVAL", value) is None


@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        ({"kind": "memcached"}, "kind"),
        ({"addr": "redis"}, "host:port"),
        ({"addr": 7}, "host:port"),
        ({"username": ""}, "username"),
        ({"password": None}, "password"),
        ({"secure": True}, "secure"),
    ],
)
def test_refuses_other_keyvals(change: dict[str, Any], allowed: str) -> None:
    """Each part of a KEYVAL is looked at."""
    problem = str(value_problem("KEYVAL", encoded({**REDIS, **change})))
    assert allowed in problem
    assert "not-a-real" not in problem


def test_update_secret_is_that_of_openssl() -> None:
    """It is base64 of 32 bytes, each time another one."""
    made = {make_update_secret() for _ in range(10)}
    assert len(made) == 10
    assert all(len(base64.b64decode(each, validate=True)) == 32 for each in made)
    assert all(value_problem(UPDATE_SECRET, each) is None for each in made)


@pytest.mark.parametrize(
    ("variable", "value", "allowed"),
    [
        (UPDATE_SECRET, "x" * 31, "32 characters"),
        (UPDATE_SECRET, "x" * 32 + "\n", "one line"),
        (UPDATE_SECRET, "ä" * 40, "ASCII"),
        ("KEY", "two words", "one line"),
        ("EDGE_KEY", "two\nlines", "one line"),
        ("JWT_KID", "a-kid", "UUID"),
        ("JWT_KID", "{123e4567-e89b-42d3-a456-426614174000}", "UUID"),
        ("username", "two\nlines", "one line"),
        ("password", "", "not empty"),
        ("ANYTHING", "", "not empty"),
    ],
)
def test_refuses_what_cannot_be_meant(variable: str, value: str, allowed: str) -> None:
    """Each kind of value has its own form."""
    assert allowed in str(value_problem(variable, value))


def test_takes_what_shells_and_tools_add() -> None:
    """base64 may be broken into lines, and values may have white space around them."""
    assert normalized("JWT_KEY", "QUJD\nREVG\n") == "QUJDREVG"
    assert normalized("password", " two words\n") == "two words"
