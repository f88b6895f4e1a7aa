"""Each check of the demo fails when what it names does not hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from datafi_cdk.cli import demo_checks
from datafi_cdk.cli.deployment import Deployment
from datafi_cdk.errors import LocalAwsError
from datafi_cdk.local import LoadBalancerResponse

KEY = "the-key-of-this-test"

NOBODY = (404, {}, "There is no server at this address.")
NO_TARGET = (503, {}, '{"message": "No registered targets in target group"}')
REDIRECT = (301, {"location": "https://es.edge.test:443/a?b=c"}, "")


class FakeAws:
    """An AWS with one service, whose load balancer answers as it should, but for `changes`."""

    def __init__(self, changes: Mapping[str, Any] | None = None) -> None:
        """With tag `v1`."""
        self.answers: dict[str, Any] = {
            "es.edge.test:80": REDIRECT,
            "nobody.edge.test:443": NOBODY,
            "nobody.edge.test:50051": NOBODY,
            "es.edge.test:443": NO_TARGET,
            "es.edge.test:50051": NO_TARGET,
            **(changes or {}),
        }
        self.tag = "v1"
        self.accepts = lambda key: key == KEY
        self.moves_on: tuple[int, ...] = (200,)

    def load_balancer_request(
        self,
        _name: str,
        _method: str,
        host: str,
        _path: str,
        headers: Mapping[str, str] | None,
        _body: str | None,
    ) -> LoadBalancerResponse:
        """The answer of the load balancer."""
        if host == "update.edge.test:443":
            assert headers is not None
            status = 200 if self.accepts(headers["x-api-key"]) else 401
            if status in self.moves_on:
                self.tag = "v2"
            return LoadBalancerResponse(status, {}, "{}")
        return LoadBalancerResponse(*self.answers[host])

    def client(self, _service: str) -> FakeAws:
        """Every service in one."""
        return self

    def get_secret_value(self, **_arguments: str) -> dict[str, str]:
        """The key."""
        return {"SecretString": KEY}


@pytest.fixture(autouse=True)
def tag(monkeypatch: pytest.MonkeyPatch) -> None:
    """The live tag is that of the fake."""
    monkeypatch.setattr(demo_checks, "live_image_tag", lambda aws, _server: aws.tag)


def deployment(aws: Any) -> Deployment:
    """A deployment on a fake."""
    return Deployment(aws, "balancer", "edge.test", "es", "arn")


CHECKS = (
    demo_checks.check_redirect,
    demo_checks.check_unknown_host,
    demo_checks.check_server_is_routed,
    demo_checks.check_wrong_key,
    demo_checks.check_update,
)


def test_every_check_holds() -> None:
    """On a deployment that is as it should be."""
    for check in CHECKS:
        check(deployment(FakeAws()))


@pytest.mark.parametrize(
    ("check", "changes"),
    [
        (demo_checks.check_redirect, {"es.edge.test:80": (302, REDIRECT[1], "")}),
        (demo_checks.check_redirect, {"es.edge.test:80": (301, {}, "")}),
        (
            demo_checks.check_redirect,
            {"es.edge.test:80": (301, {"location": "https://evil.test:443/a?b=c"}, "")},
        ),
        (demo_checks.check_unknown_host, {"nobody.edge.test:443": (404, {}, "")}),
        (demo_checks.check_unknown_host, {"nobody.edge.test:50051": NO_TARGET}),
        (demo_checks.check_server_is_routed, {"es.edge.test:443": NOBODY}),
        (demo_checks.check_server_is_routed, {"es.edge.test:50051": NOBODY}),
        (demo_checks.check_server_is_routed, {"es.edge.test:443": (503, {}, "")}),
    ],
)
def test_refuses_an_answer(check: Callable[[Deployment], None], changes: Mapping[str, Any]) -> None:
    """The message holds what was expected and what came."""
    with pytest.raises(LocalAwsError, match=r"must answer .*, but answered \d+"):
        check(deployment(FakeAws(changes)))


@pytest.mark.parametrize(
    ("check", "accepts", "moves_on", "message"),
    [
        (demo_checks.check_wrong_key, lambda _key: True, (), "must answer 401"),
        (demo_checks.check_wrong_key, lambda key: key == KEY, (401,), "must leave the tag v1"),
        (demo_checks.check_update, lambda _key: False, (), "must answer 200"),
        (demo_checks.check_update, lambda key: key == KEY, (), "must be v2"),
    ],
)
def test_refuses_an_update_api(
    check: Callable[[Deployment], None],
    accepts: Callable[[str], bool],
    moves_on: tuple[int, ...],
    message: str,
) -> None:
    """One that takes any key, refuses the right one, or does something else than it says."""
    aws = FakeAws()
    aws.accepts, aws.moves_on = accepts, moves_on
    with pytest.raises(LocalAwsError, match=message) as refusal:
        check(deployment(aws))
    assert KEY not in str(refusal.value)


def test_refuses_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """By kind and name; what was there before may stay."""
    before = {"buckets": {"assets"}, "log groups": set[str]()}
    left = {"buckets": {"assets", "data"}, "log groups": {"es"}}
    monkeypatch.setattr(demo_checks, "inventory", lambda _aws: before)
    demo_checks.check_nothing_is_left(before, deployment(FakeAws()).aws)
    monkeypatch.setattr(demo_checks, "inventory", lambda _aws: left)
    with pytest.raises(LocalAwsError, match=r"left buckets: data; log groups: es$"):
        demo_checks.check_nothing_is_left(before, deployment(FakeAws()).aws)


def test_refuses_a_stack_without_its_outputs() -> None:
    """A missing output is named."""

    class WithoutOutputs(FakeAws):
        def describe_stacks(self, **_arguments: str) -> dict[str, Any]:
            return {"Stacks": [{"Outputs": [{"OutputKey": "EsUrl", "OutputValue": "x"}]}]}

    aws: Any = WithoutOutputs()
    with pytest.raises(LocalAwsError, match="no output LoadBalancerDnsName and no EsUpdateSecre"):
        Deployment.find(aws, "DatafiEdge", "es")
