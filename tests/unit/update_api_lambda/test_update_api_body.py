"""What a body may say, and how it is refused otherwise."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

LIMIT = 10 * 1024


def padded(size: int) -> str:
    """A right body of that many bytes."""
    body = '{"imageTag": "v2"}'
    return body + " " * (size - len(body))


def encoded(raw: bytes) -> dict[str, Any]:
    """The members of an event for a body in base64."""
    return {"body": base64.b64encode(raw).decode(), "isBase64Encoded": True}


@pytest.mark.parametrize(
    "event",
    [
        {"body": '{"imageTag": "v2"}'},
        {"body": '{"imageTag": "v2", "target": "ES"}'},
        {"body": '{"imageTag": "v2", "target": null}'},
        {"body": '{"imageTag": "v2", "reason": "release", "x": [{}]}'},
        {"body": padded(LIMIT)},
        encoded(b'{"imageTag": "v2"}'),
        encoded(padded(LIMIT).encode()),
    ],
)
def test_accepts(world: Any, event: dict[str, Any]) -> None:
    """Plain or base64, with or without a target, with members it does not know."""
    assert world.send(**event)["statusCode"] == 200
    assert world.ecs.image() == "datafi/es:v2"


DIGEST = "sha256:" + "a" * 64
ONE = 'The body must have one of "imageTag" and "imageDigest".'
OBJECT = 'The body must be a JSON object such as {"imageTag": "v2"}.'
TARGET = 'target must be "ES" or left out.'
LENGTH = "The body must be at most 10240 bytes long."
BASE64 = "The body must be valid base64."
UTF8 = "The body must be valid UTF-8."


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({"body": None}, OBJECT),
        ({"body": ""}, OBJECT),
        ({"body": {"imageTag": "v2"}}, OBJECT),
        ({"body": "v2"}, OBJECT),
        ({"body": '"v2"'}, OBJECT),
        ({"body": '[{"imageTag": "v2"}]'}, OBJECT),
        ({"body": "null"}, OBJECT),
        ({"body": '{"imageTag": "v2"'}, OBJECT),
        ({"body": '\ufeff{"imageTag": "v2"}'}, OBJECT),
        ({"body": "[" * LIMIT}, OBJECT),
        ({"body": '{"imageTag":"v2","x":' + '{"x":' * 2000}, OBJECT),
        ({"body": "9" * LIMIT}, OBJECT),
        ({"body": padded(LIMIT + 1)}, LENGTH),
        ({"body": "é" * (LIMIT // 2 + 1)}, LENGTH),
        ({"body": '{"imageTag": "\ud800"}'}, UTF8),
        (encoded(padded(LIMIT + 1).encode()), LENGTH),
        (encoded(padded(LIMIT * 9).encode()), LENGTH),
        (encoded(b'{"imageTag": "\xff"}'), UTF8),
        (encoded(b"\x1f\x8b\x08gzip"), UTF8),
        ({"body": "e30", "isBase64Encoded": True}, BASE64),
        ({"body": "e3!0=", "isBase64Encoded": True}, BASE64),
        ({"body": "é===", "isBase64Encoded": True}, BASE64),
        ({"body": "\ud800", "isBase64Encoded": True}, BASE64),
        ({"body": '{"imageTag": "v2", "target": "CO"}'}, TARGET),
        ({"body": '{"imageTag": "v2", "target": "es"}'}, TARGET),
        ({"body": '{"imageTag": "v2", "target": ["ES"]}'}, TARGET),
        ({"body": '{"imageTag": "v2", "target": ""}'}, TARGET),
        ({"body": "{}"}, ONE),
        ({"body": '{"imageTag": null}'}, ONE),
        ({"body": json.dumps({"imageTag": "v2", "imageDigest": DIGEST})}, ONE),
        ({"body": '{"imageTag": "v2", "force": "yes"}'}, "force must be true or false."),
        ({"body": '{"imageTag": "v2", "force": 1}'}, "force must be true or false."),
        ({"body": '{"imageTag": "v2", "dryRun": []}'}, "dryRun must be true or false."),
    ],
)
def test_refuses(world: Any, event: dict[str, Any], message: str) -> None:
    """400 says what is allowed, and ECS is not asked."""
    answer = world.send(**event)
    assert answer["statusDescription"] == "400 Bad Request"
    assert json.loads(answer["body"]) == {"error": "Bad Request", "message": message}
    assert world.ecs.calls == []


@pytest.mark.parametrize("tag", ["a", "_", "0", "v2", "V1.2-rc_3", "a.", "a-", "x" * 128])
def test_accepts_a_tag_of_the_oci_grammar(asset: Any, tag: str) -> None:
    """Any first character but a dot or a dash, up to 128 characters."""
    assert asset.image_reference.is_tag(tag)


@pytest.mark.parametrize(
    "tag",
    [
        "",
        ".a",
        "-a",
        "a b",
        "a\n",
        "a:b",
        "a/b",
        "a@b",
        "é",
        "x" * 129,
        "v2\u0660",
        2,
        ["v2"],
    ],
)
def test_refuses_another_tag(world: Any, tag: object) -> None:
    """400 says what a tag is made of, does not repeat what was sent, and logs no tag."""
    answer = world.order(imageTag=tag)
    assert answer["statusCode"] == 400
    assert json.loads(answer["body"])["message"] == (
        "imageTag must be a string of 1 to 128 characters from A-Z, a-z, 0-9, '_', '.' and '-', "
        "the first one not '.' or '-'."
    )
    assert "to" not in world.log[0]
    assert world.ecs.calls == []


@pytest.mark.parametrize(
    "digest", ["", "sha256:", "sha256:" + "A" * 64, "sha512:" + "a" * 64, DIGEST + "a", 7, "v2"]
)
def test_refuses_another_digest(world: Any, digest: object) -> None:
    """400 says what a digest is made of."""
    answer = world.order(imageDigest=digest)
    assert answer["statusCode"] == 400
    assert json.loads(answer["body"])["message"] == (
        "imageDigest must be 'sha256:' and 64 characters from 0-9 and a-f."
    )


def test_a_digest_takes_the_place_of_a_tag_and_back(world: Any) -> None:
    """The separator follows; the parameter holds the digest as it is."""
    assert world.order(imageDigest=DIGEST)["statusCode"] == 200
    assert world.ecs.image() == f"datafi/es@{DIGEST}"
    assert world.ssm.value == DIGEST
    assert world.report()["live"] == {"imageDigest": DIGEST}
    assert world.order(imageTag="v3")["statusCode"] == 200
    assert world.ecs.image() == "datafi/es:v3"


@pytest.mark.parametrize(
    ("tag", "status"),
    [("v2", 200), ("release-7", 200), ("release-10", 400), ("xv2", 400), ("next", 400)],
)
def test_only_allowed_tags_are_taken(world: Any, tag: str, status: int) -> None:
    """`*` stands for any characters and `?` for one; the answer names the patterns."""
    world.build(ALLOWED_TAGS='["v*", "release-?"]')
    answer = world.update(tag)
    assert answer["status"] == status
    if status == 400:
        assert answer["message"] == "imageTag must match one of: v*, release-?"


def test_with_allowed_tags_no_digest_is_taken(world: Any) -> None:
    """It could be that of any tag."""
    world.build(ALLOWED_TAGS='["v*"]')
    answer = world.order(imageDigest=DIGEST)
    assert answer["statusCode"] == 400
    assert "allowed tags" in json.loads(answer["body"])["message"]
