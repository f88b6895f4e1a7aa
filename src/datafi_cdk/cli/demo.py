"""`datafi-cdk demo`: the whole life of a deployment, on an embedded AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..bundled import bundled
from ..errors import LocalAwsError
from ..local import CdkCli, EmbeddedAws, LoadBalancerResponse
from .live_routes import live_image_tag, live_routes

_STACK = "DatafiEdge"
_SERVER = "es"
_NEW_TAG = "v2"
_WRONG_KEY = "not-the-key"


def run_demo(console: Console, *, port: int | None = None) -> None:
    """Deploy the quickstart, send requests through its load balancer, update it, and destroy it.

    Args:
        console: Where progress and results are shown.
        port: The loopback port of the embedded AWS. Default: a free one.

    Raises:
        LocalAwsError: A step did not do what it must. Nothing is left running.
    """
    console.print("[bold]The Datafi quickstart on an embedded AWS[/] (no account, no Docker)\n")
    steps = _Steps(console)
    with steps.step("start the embedded AWS"):
        aws = EmbeddedAws(port=port)
        aws.start()
    try:
        with steps.step("get the cdk command"):
            cdk = CdkCli(aws, bundled("examples/quickstart"), on_line=steps.detail)
        with steps.step("cdk bootstrap"):
            cdk.bootstrap()
        with steps.step("cdk deploy"):
            cdk.deploy()
        with steps.step("read the deployment back"):
            deployment = _Deployment.find(aws)
        _try_requests(steps, deployment)
        _try_update(steps, deployment)
        with steps.step("read every route back"):
            routes = _routes_table(deployment)
        console.print(routes)
        with steps.step("cdk destroy --all"):
            cdk.destroy()
            _check_nothing_is_left(aws)
    finally:
        aws.stop()
    console.print(
        f"\n[bold green]Every step held[/] ({steps.seconds:.0f} s). Nothing is left running."
    )


class _Steps:
    """Says what is done, how long it took, and what went wrong."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._start = monotonic()
        self._status = console.status("")
        self._name = ""

    @property
    def seconds(self) -> float:
        return monotonic() - self._start

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        start = monotonic()
        self._name = name
        self._status.update(escape(name))
        try:
            with self._status:
                yield
        except (LocalAwsError, BotoCoreError, ClientError) as error:
            self._console.print(f"[bold red]✗[/] {escape(name)}")
            raise LocalAwsError(f"{name}: {error}") from error
        seconds = monotonic() - start
        self._console.print(f"[bold green]✓[/] {escape(name)} [dim]{seconds:.1f} s[/]")

    def detail(self, line: str) -> None:
        """Show a line of a running command beside its step."""
        width = max(20, self._console.width - len(self._name) - 6)
        self._status.update(f"{escape(self._name)} [dim]{escape(line.strip()[:width])}[/]")


@dataclass(frozen=True)
class _Deployment:
    """What the deployed stack says of itself."""

    aws: EmbeddedAws
    load_balancer_name: str
    outputs: dict[str, str]

    @classmethod
    def find(cls, aws: EmbeddedAws) -> _Deployment:
        (stack,) = aws.client("cloudformation").describe_stacks(StackName=_STACK)["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        load_balancers = aws.client("elbv2").describe_load_balancers()["LoadBalancers"]
        name = next(
            load_balancer["LoadBalancerName"]
            for load_balancer in load_balancers
            if load_balancer["DNSName"] == outputs["LoadBalancerDnsName"]
        )
        return cls(aws, name, outputs)

    @property
    def root_domain(self) -> str:
        return self.outputs["EsUrl"].removeprefix(f"https://{_SERVER}.")

    def send(
        self, method: str, name: str, port: int, path: str = "/", **kwargs: Any
    ) -> LoadBalancerResponse:
        host = f"{name}.{self.root_domain}:{port}"
        return self.aws.load_balancer_request(self.load_balancer_name, method, host, path, **kwargs)

    def update(self, key: str) -> LoadBalancerResponse:
        return self.send(
            "POST",
            "update",
            443,
            f"/{_SERVER}",
            headers={"x-api-key": key, "content-type": "application/json"},
            body=json.dumps({"imageTag": _NEW_TAG}),
        )


def _try_requests(steps: _Steps, deployment: _Deployment) -> None:
    with steps.step("HTTP is redirected to HTTPS"):
        response = deployment.send("GET", _SERVER, 80)
        _expect(response.status == 301, "301", response)
        location = response.headers.get("location", "")
        _expect(location.startswith("https://"), "a location on https", response)
    with steps.step("an unknown host gets the fixed response"):
        _expect_status(deployment.send("GET", "nobody", 443), 404)
    with steps.step("the update API refuses a wrong key"):
        tag = live_image_tag(deployment.aws, _SERVER)
        _expect_status(deployment.update(_WRONG_KEY), 401)
        if live_image_tag(deployment.aws, _SERVER) != tag:
            raise LocalAwsError("the refused update changed the tag that runs")


def _try_update(steps: _Steps, deployment: _Deployment) -> None:
    before = live_image_tag(deployment.aws, _SERVER)
    with steps.step(f"the update API moves {_SERVER} from {before} to {_NEW_TAG}"):
        secret = deployment.aws.client("secretsmanager").get_secret_value(
            SecretId=deployment.outputs["EsUpdateSecretArn"]
        )
        _expect_status(deployment.update(secret["SecretString"]), 200)
        after = live_image_tag(deployment.aws, _SERVER)
        if after != _NEW_TAG:
            raise LocalAwsError(f"the live tag must be {_NEW_TAG} after the update, got {after}")


def _expect_status(response: LoadBalancerResponse, status: int) -> None:
    _expect(response.status == status, str(status), response)


def _expect(holds: bool, expected: str, response: LoadBalancerResponse) -> None:
    if not holds:
        raise LocalAwsError(
            f"the load balancer must answer {expected}, got {response.status}: "
            f"{response.body[:200]}"
        )


def _routes_table(deployment: _Deployment) -> Table:
    table = Table(
        title="\nWhat is reachable, as the embedded AWS tells it",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    for column in ("name", "port", "rule", "target", "live tag"):
        table.add_column(column, overflow="fold")
    for route in live_routes(deployment.aws, deployment.load_balancer_name):
        table.add_row(route.name, str(route.port), route.rule, route.target, route.image_tag)
    return table


def _check_nothing_is_left(aws: EmbeddedAws) -> None:
    clusters = aws.client("ecs").list_clusters()["clusterArns"]
    left = {
        "load balancers": aws.client("elbv2").describe_load_balancers()["LoadBalancers"],
        "clusters": clusters,
        "hosted zones": aws.client("route53").list_hosted_zones()["HostedZones"],
        "secrets": aws.client("secretsmanager").list_secrets()["SecretList"],
        "buckets": [
            bucket
            for bucket in aws.client("s3").list_buckets()["Buckets"]
            if not bucket["Name"].startswith("cdk-")
        ],
    }
    kinds = ", ".join(kind for kind, resources in left.items() if resources)
    if kinds:
        raise LocalAwsError(f"cdk destroy must delete everything, but left {kinds}")
