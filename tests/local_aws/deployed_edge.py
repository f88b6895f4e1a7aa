"""Two edge servers and a coordinator, deployed by the `cdk` command and updated by their APIs."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from datafi_cdk.local import CdkCli, EmbeddedAws

STACK = "Edge"
ROOT_DOMAIN = "edge.example.com"
SERVERS = ("es", "es2", "co")
APP = """
import json
import pathlib
from aws_cdk import App
from datafi_cdk import DatafiEdgeConfig, DatafiEdgeStack

app = App()
data = json.loads(pathlib.Path("deployment.json").read_text())
DatafiEdgeStack(app, "Edge", config=DatafiEdgeConfig.model_validate(data))
app.synth()
"""
QUICKLY = ("--require-approval", "never", "--method", "direct", "--concurrency", "2")


class Edge:
    """A deployment.

    Args:
        aws: The embedded AWS, bootstrapped by `deploy`.
        folder: Where its app is written.
        servers: Which of the servers it has.
    """

    def __init__(self, aws: EmbeddedAws, folder: Path, servers: Sequence[str] = SERVERS) -> None:
        self.aws = aws
        self._folder = folder
        (folder / "app.py").write_text(APP)
        self.code: dict[str, dict[str, Any]] = {name: {} for name in servers}
        self.further: dict[str, Any] = {}
        self.serverless: list[dict[str, Any]] = []
        self.secret_arn = ""
        self.app = f"{sys.executable} app.py"
        self.cdk = CdkCli(aws, folder, app=self.app)

    def bootstrap(self) -> None:
        """Make what `cdk deploy` needs, and the coordinator's secret."""
        secrets = self.aws.client("secretsmanager")
        keys = json.dumps({"KEYVAL": "not-a-redis", "JWT_KID": "not-a-kid", "JWT_KEY": "not-a-key"})
        self.secret_arn = secrets.create_secret(Name="co", SecretString=keys)["ARN"]
        self._write()
        self.cdk.bootstrap()

    def deploy(self, **code: Mapping[str, Any]) -> list[str]:
        """Deploy after changing the keys of servers in the code; returns what `cdk` said.

        Raises:
            LocalAwsError: The deployment failed.
        """
        for name, keys in code.items():
            self.code[name] |= keys
        self._write()
        return self.cdk.run("deploy", "--all", *QUICKLY)

    def _write(self) -> None:
        names = [name for name in self.code if name != "co"]
        data = {
            "deployment_name": "acme",
            "allow_delete_resources": True,
            "dns": {"root_domain": ROOT_DOMAIN},
            "edge_servers": {
                "long_running": [{"name": each, **self.code[each]} for each in names],
                "serverless": self.serverless,
            },
            **self.further,
        }
        if "co" in self.code:
            data["coordinator"] = {
                "secret_arn": self.secret_arn,
                "registry_credentials_secret_arn": self.secret_arn,
                **self.code["co"],
            }
        (self._folder / "deployment.json").write_text(json.dumps(data))

    def outputs(self) -> dict[str, str]:
        """The outputs of the stack."""
        (stack,) = self.aws.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}

    def key(self, name: str) -> str:
        """The key of a server's update API."""
        arn = self.outputs()[f"{name.capitalize()}UpdateSecretArn"]
        secrets = self.aws.client("secretsmanager")
        return str(secrets.get_secret_value(SecretId=arn)["SecretString"])

    def send(
        self,
        method: str,
        path: str,
        key: str,
        body: Mapping[str, Any] | None = None,
        host: str = "update",
    ) -> dict[str, Any]:
        """Send a request through the load balancer; the answer with its status."""
        (balancer,) = self.aws.client("elbv2").describe_load_balancers()["LoadBalancers"]
        response = self.aws.load_balancer_request(
            balancer["LoadBalancerName"],
            method,
            f"{host}.{ROOT_DOMAIN}:443",
            path,
            {"x-api-key": key},
            None if body is None else json.dumps(body),
        )
        return {"status": response.status, **json.loads(response.body)}

    def update(self, name: str, tag: str, **members: Any) -> dict[str, Any]:
        """Ask for a version."""
        return self.send("POST", f"/{name}", self.key(name), {"imageTag": tag, **members})

    def report(self, name: str) -> dict[str, Any]:
        """Ask how a server is."""
        return self.send("GET", f"/{name}", self.key(name))

    def settled(self, name: str) -> dict[str, Any]:
        """Wait until no rollout goes on and its end is recorded."""
        return eventually(
            lambda: self.report(name),
            lambda report: report["rolloutState"] != "IN_PROGRESS" and self.is_recorded(name),
        )

    def is_recorded(self, name: str) -> bool:
        """Whether the newest version of a server's parameter has its label."""
        ssm = self.aws.client("ssm")
        pages = ssm.get_paginator("get_parameter_history").paginate(Name=self.parameter(name))
        versions = [version for page in pages for version in page["Parameters"]]
        return bool(versions[-1]["Labels"])

    def parameter(self, name: str) -> str:
        """The name of a server's parameter."""
        return f"/datafi/{STACK}/{'Coordinator' if name == 'co' else f'EdgeServer-{name}'}"

    def wanted(self, name: str) -> str:
        """What a server's parameter holds."""
        answer = self.aws.client("ssm").get_parameter(Name=self.parameter(name))
        return str(answer["Parameter"]["Value"])

    def service(self, name: str) -> dict[str, Any]:
        """A server's ECS service."""
        ecs = self.aws.client("ecs")
        (cluster,) = ecs.list_clusters()["clusterArns"]
        found = ecs.describe_services(
            cluster=cluster, services=ecs.list_services(cluster=cluster)["serviceArns"]
        )["services"]
        return next(each for each in found if self._container(each)["name"] == name)

    def running(self, name: str) -> tuple[str, str]:
        """The tag or the digest of a server, and its CPU units."""
        service = self.service(name)
        definition = self._definition(service)
        image = self._container(service)["image"]
        reference = image.partition("@")[2] or image.rpartition(":")[2]
        return reference, definition["cpu"]

    def _definition(self, service: Mapping[str, Any]) -> dict[str, Any]:
        ecs = self.aws.client("ecs")
        found = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])
        return dict(found["taskDefinition"])

    def _container(self, service: Mapping[str, Any]) -> dict[str, Any]:
        return dict(self._definition(service)["containerDefinitions"][0])

    def log(self, construct: str) -> list[dict[str, Any]]:
        """The lines that the function of a construct has logged."""
        logs = self.aws.client("logs")
        lines = []
        for group in logs.describe_log_groups()["logGroups"]:
            if construct in group["logGroupName"]:
                found = logs.filter_log_events(logGroupName=group["logGroupName"])["events"]
                lines += [json.loads(e["message"]) for e in found if e["message"].startswith("{")]
        return lines


def patiently(ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Ask again while an event of the update before is acted on."""
    answer: dict[str, Any] = eventually(ask, lambda answer: answer["status"] != 409)
    return answer


def eventually(look: Callable[[], Any], is_so: Callable[[Any], bool], seconds: int = 30) -> Any:
    """Look until it is so, and return what was seen; fails after these seconds."""
    deadline = time.monotonic() + seconds
    while not is_so(seen := look()):
        assert time.monotonic() < deadline, f"last seen: {seen}"
        time.sleep(0.1)
    return seen
