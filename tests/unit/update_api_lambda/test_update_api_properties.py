"""Whatever a load balancer hands over: a documented answer, no fault of ours, no secret told."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from conftest import World
from fake_aws import CANARY, ENVIRONMENT_CANARY
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

EXAMPLES = 10_000
DOCUMENTED = {200, 400, 401, 404, 405, 409}

text = st.text(max_size=40)
letters = st.sampled_from(["es", "ES", "co", "rollback", "", "..", "%2e", "es2", "/"])
paths = st.one_of(
    st.sampled_from(["/es", "/es/rollback", "/es/", "/", ""]),
    st.lists(letters, max_size=4).map(lambda parts: "/" + "/".join(parts)),
    text,
)
methods = st.one_of(
    st.sampled_from(["POST", "POST", "POST", "GET", "PUT", "HEAD", "OPTIONS", "post"]), text
)


def cased(name: str) -> st.SearchStrategy[str]:
    """A header's name in any mixture of cases."""
    flags = st.lists(st.booleans(), min_size=len(name), max_size=len(name))
    return flags.map(
        lambda upper: "".join(
            letter.upper() if flag else letter for letter, flag in zip(name, upper, strict=True)
        )
    )


keys = st.one_of(st.just(CANARY), st.just(CANARY), st.just(CANARY[:-1]), text)
headers = st.one_of(
    st.none(),
    st.dictionaries(text, text, max_size=3),
    st.builds(
        lambda name, key, others: {**others, name: key},
        cased("x-api-key"),
        keys,
        st.dictionaries(text, st.one_of(text, st.none(), st.integers()), max_size=3),
    ),
)
members = st.sampled_from(["imageTag", "imageDigest", "force", "dryRun", "target", "other"])
tags = st.one_of(st.sampled_from(["v1", "v2", "latest"]), st.text(max_size=140))
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), tags),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=5,
)
orders = st.one_of(
    st.builds(lambda tag: {"imageTag": tag}, tags),
    st.builds(lambda tag, rest: {"imageTag": tag, **rest}, tags, st.dictionaries(members, values)),
    st.dictionaries(members, values),
)
deep = st.integers(1, 5000).map(lambda depth: '{"imageTag":' * depth)
huge = st.integers(0, 20_000).map(lambda size: json.dumps({"imageTag": "v2", "x": "y" * size}))
bodies = st.one_of(orders.map(json.dumps), values.map(json.dumps), text, deep, huge, st.none())


def in_base64(raw: bytes) -> dict[str, Any]:
    """The members of an event for a body in base64."""
    return {"body": base64.b64encode(raw).decode(), "isBase64Encoded": True}


contents = st.one_of(
    bodies.map(lambda body: {"body": body}),
    bodies.map(lambda body: in_base64((body or "").encode("utf-8", "surrogatepass"))),
    st.binary(max_size=60).map(in_base64),
    text.map(lambda body: {"body": body, "isBase64Encoded": True}),
)
single = st.builds(lambda found: {"headers": found}, headers)
multiple = st.builds(
    lambda name, found: {"headers": None, "multiValueHeaders": {name: found}},
    cased("x-api-key"),
    st.lists(keys, max_size=3),
)
events = st.builds(
    lambda method, path, head, content: {"httpMethod": method, "path": path, **head, **content},
    methods,
    paths,
    st.one_of(single, multiple),
    contents,
)


@pytest.mark.parametrize("part", range(4))
def test_every_request_has_a_documented_answer(asset: Any, api_models: Any, part: int) -> None:
    """Ten thousand requests in four parts: no 5xx, as no call to AWS fails, and no secret."""
    statuses: list[int] = []

    @seed(part)
    @settings(
        max_examples=EXAMPLES // 4,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(event=events, takes_time=st.booleans())
    def check(event: dict[str, Any], *, takes_time: bool) -> None:
        world = World(asset, api_models)
        world.ecs.takes_time = takes_time
        answer = world.application.answer(event, "request-1")
        statuses.append(answer["statusCode"])
        assert answer["statusCode"] in DOCUMENTED
        assert ("multiValueHeaders" in answer) == ("multiValueHeaders" in event)
        body = json.loads(answer["body"])
        assert "message" in body or answer["statusCode"] == 200
        (entry,) = world.log
        assert json.dumps(entry).isascii()
        seen = world.seen(answer)
        for secret in (CANARY, ENVIRONMENT_CANARY):
            assert json.dumps(secret)[1:-1] not in seen
        assert list(world.ssm.parameters) == ["/datafi/Edge/es"]
        assert world.ssm.value == world.ecs.image().rpartition(":")[2]

    check()
    assert len(statuses) >= EXAMPLES // 4
    assert {200, 400, 401, 404, 405} <= set(statuses)
