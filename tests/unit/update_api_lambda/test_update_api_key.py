"""Who may call: the key, its cache, its rotation."""

from __future__ import annotations

import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

KEY = "canary/Key+with=all"


@pytest.mark.parametrize(
    "headers",
    [
        {"headers": {"x-api-key": KEY}},
        {"headers": {"X-Api-Key": KEY}},
        {"headers": None, "multiValueHeaders": {"x-api-key": [KEY]}},
        {"headers": None, "multiValueHeaders": {"X-API-KEY": ["wrong", KEY]}},
    ],
)
def test_accepts_the_key(world: Any, headers: dict[str, Any]) -> None:
    """In either form of headers, in any case; of several values the last counts."""
    assert world.send(**headers)["statusCode"] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"headers": None},
        {"headers": {}},
        {"headers": {"x-api-key": ""}},
        {"headers": {"x-api-key": None}},
        {"headers": {"x-api-key": 7}},
        {"headers": {"x-api-key": "wrong"}},
        {"headers": {"x-api-key": KEY[:-1]}},
        {"headers": {"x-api-key": KEY.upper()}},
        {"headers": {"x-api-key": "schlüssel\ud800"}},
        {"headers": {"authorization": KEY}},
        {"headers": None, "multiValueHeaders": {"x-api-key": [KEY, "wrong"]}},
        {"headers": None, "multiValueHeaders": {"x-api-key": []}},
        {"headers": None, "multiValueHeaders": {"x-api-key": KEY}},
    ],
)
def test_refuses_a_missing_or_wrong_key(world: Any, headers: dict[str, Any]) -> None:
    """401 without a hint at the reason, before the body is looked at, and ECS is not asked."""
    answer = world.send(**headers, body="not JSON")
    assert answer["statusDescription"] == "401 Unauthorized"
    assert json.loads(answer["body"]) == {
        "error": "Unauthorized",
        "message": "The header x-api-key must hold the key.",
    }
    assert world.ecs.calls == []
    assert "canary" not in world.seen(answer)
    assert world.log[0]["status"] == 401


@pytest.mark.parametrize("value", ["", " \n"])
@pytest.mark.parametrize("key", ["", " ", " \n", "x"])
def test_an_empty_secret_accepts_nothing(world: Any, value: str, key: str) -> None:
    """Not even an empty key."""
    world.secrets.value = value
    assert world.send(headers={"x-api-key": key})["statusCode"] == 401


def test_white_space_around_the_secret_is_not_the_key(world: Any) -> None:
    """A secret made from a file ends with a line break, which no header can carry."""
    world.secrets.value = f"{KEY}\n"
    assert world.order(imageTag="v2")["statusCode"] == 200


@pytest.mark.parametrize(("key", "status"), [(KEY, 200), ("wrong", 401)])
def test_compares_in_constant_time(
    world: Any, monkeypatch: pytest.MonkeyPatch, key: str, status: int
) -> None:
    """Each comparison is one `hmac.compare_digest` over bytes."""
    compared: list[tuple[object, object]] = []
    genuine = hmac.compare_digest

    def spy(a: Any, b: Any) -> bool:
        compared.append((a, b))
        return genuine(a, b)

    monkeypatch.setattr(hmac, "compare_digest", spy)
    assert world.send(headers={"x-api-key": key})["statusCode"] == status
    assert compared == [(KEY.encode(), key.encode())]


def test_reads_the_secret_once_for_minutes(world: Any) -> None:
    """Five minutes on one read, then another."""
    for second, reads in [(0, 1), (1, 1), (299, 1), (300, 2), (599, 2), (600, 3)]:
        world.clock.seconds = second
        assert world.order(imageTag="v2")["statusCode"] == 200
        assert len(world.secrets.calls) == reads, second


def test_a_rotated_key_works_at_once(world: Any) -> None:
    """A key that does not match makes it look again, and the old key is then refused."""
    world.order(imageTag="v2")
    world.secrets.value = "new key"
    world.clock.seconds += 31
    assert world.send(headers={"x-api-key": "new key"})["statusCode"] == 200
    assert world.order(imageTag="v2")["statusCode"] == 401


def test_the_previous_key_works_while_a_rotation_runs(world: Any) -> None:
    """For fifteen minutes callers may have either; then only the new one."""
    world.order(imageTag="v2")
    world.clock.seconds += 31
    world.secrets.rotate("new key")
    assert world.send(headers={"x-api-key": "new key"})["statusCode"] == 200
    assert world.order(imageTag="v2")["statusCode"] == 200
    world.clock.seconds += 14 * 60
    assert world.order(imageTag="v2")["statusCode"] == 200
    world.clock.seconds += 61
    assert world.order(imageTag="v2")["statusCode"] == 401
    assert world.send(headers={"x-api-key": "new key"})["statusCode"] == 200


def test_without_a_recent_rotation_the_previous_key_is_not_read(world: Any) -> None:
    """It is accepted no more, and costs no call."""
    world.secrets.previous = "old key"
    assert world.send(headers={"x-api-key": "old key"})["statusCode"] == 401
    stages = [parameters["VersionStage"] for _, parameters in world.secrets.calls]
    assert stages == ["AWSCURRENT"]


def test_a_new_secret_has_no_previous_key(world: Any) -> None:
    """Secrets Manager says that there is no such version; that is no fault."""
    world.secrets.created = world.clock.now()
    assert world.order(imageTag="v2")["statusCode"] == 200
    assert world.send(headers={"x-api-key": ""})["statusCode"] == 401


def test_callers_that_aws_has_authenticated_need_no_key(world: Any) -> None:
    """Behind a function URL with IAM: the caller is the ARN that signed the request."""
    arn = "arn:aws:sts::111111111111:assumed-role/console/session"
    world.build(API_KEY_SECRET_ARN="")
    event = {
        "rawPath": "/es",
        "body": '{"imageTag": "v2"}',
        "isBase64Encoded": False,
        "requestContext": {
            "http": {"method": "POST", "sourceIp": "203.0.113.7"},
            "authorizer": {"iam": {"userArn": arn}},
        },
    }
    assert world.application.answer(event, "request-1")["statusCode"] == 200
    assert world.secrets.calls == []
    assert world.log[0]["caller"] == arn
    assert world.told()[0]["by"] == arn


def test_wrong_keys_cannot_flood_secrets_manager(world: Any) -> None:
    """A thousand wrong keys in a minute: the secret is read every 30 s, not for each."""
    for _ in range(1000):
        world.send(headers={"x-api-key": "wrong"})
        world.clock.seconds += 0.06
    assert len(world.secrets.calls) == 2


def test_a_failed_second_look_is_not_repeated_at_once(world: Any) -> None:
    """With Secrets Manager failing, wrong keys are no flood either, and the right key works."""
    world.order(imageTag="v2")
    world.clock.seconds += 31
    world.secrets.failures["GetSecretValue"] = world.refused("GetSecretValue")
    statuses = [world.send(headers={"x-api-key": "wrong"})["statusCode"] for _ in range(3)]
    assert statuses == [500, 401, 401]
    assert len(world.secrets.calls) == 2
    assert world.order(imageTag="v2")["statusCode"] == 200


def test_a_secret_that_cannot_be_read_is_not_asked_for_by_every_request(world: Any) -> None:
    """From the first request on: one read in five seconds, whatever the key; then it recovers."""
    world.secrets.failures["GetSecretValue"] = world.refused("GetSecretValue")
    assert {world.order(imageTag="v2")["statusCode"] for _ in range(20)} == {500}
    assert len(world.secrets.calls) == 1
    del world.secrets.failures["GetSecretValue"]
    world.clock.seconds += 5
    assert world.order(imageTag="v2")["statusCode"] == 200


def test_an_empty_key_does_not_match_an_empty_secret(asset: Any) -> None:
    """The comparison itself knows that nothing is no key."""

    class Empty:
        def get_secret_value(self, **_: str) -> dict[str, Any]:
            return {"SecretString": "", "CreatedDate": datetime(2020, 1, 1, tzinfo=UTC)}

    assert not asset.api_key.ApiKey(Empty(), "arn").accepts("")
