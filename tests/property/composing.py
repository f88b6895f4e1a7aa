"""Makes an app of several stacks from a composition, as the data say."""

from __future__ import annotations

import functools
import importlib.resources
import json
import tarfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

from datafi_cdk import (
    Coordinator,
    EdgeDns,
    EdgeMonitoring,
    EdgeNetwork,
    EdgeServer,
    EdgeStorage,
    IngressBase,
    PullThroughCache,
    ServerlessEdgeServer,
    SharedIngress,
    UpdateApi,
    UpdateRouter,
)
from arguments import Maker
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_servicediscovery as servicediscovery
from config_values import ACCOUNT, EXAMPLES, REGION, SECRETS

Host = tuple[str, bool]


@functools.cache
def recommended_flags() -> dict[str, Any]:
    """Every feature flag with its recommended value, as the installed CDK lists them."""
    (archive,) = (
        Path(str(entry))
        for entry in importlib.resources.files("aws_cdk._jsii").iterdir()
        if entry.name.endswith(".tgz")
    )
    with tarfile.open(archive) as package:
        listed = package.extractfile("package/recommended-feature-flags.json")
        assert listed is not None
        flags: dict[str, Any] = json.load(listed)
    return flags


def compose(data: Any, folder: Path) -> Collection[Host]:
    """Synthesize a composition.

    Args:
        data: What `compositions` generates.
        folder: Where the cloud assembly is written.

    Returns:
        The servers that must be reachable.
    """
    made = _Composition(data, folder)
    hosts = made.compose()
    made.app.synth()
    return hosts


class _Composition:
    def __init__(self, data: Any, folder: Path) -> None:
        self._data = data
        self.app = App(
            outdir=str(folder),
            analytics_reporting=False,
            context=recommended_flags() if data["flags"] else None,
        )
        self._env = Environment(account=ACCOUNT, region=REGION) if data["env"] else None
        self._vpc: ec2.IVpc | None = None
        self._makers: dict[str, Maker] = {}

    def _stack(self, part: str) -> Stack:
        name = f"Stack{self._data['stacks'].get(part, 0)}"
        found = self.app.node.try_find_child(name)
        return found if isinstance(found, Stack) else Stack(self.app, name, env=self._env)

    def _arguments(self, part: str, given: Any) -> dict[str, Any]:
        stack = self._stack(part)
        maker = self._makers.setdefault(stack.node.path, Maker(stack, self._vpc))
        return {key: maker.decoded(value) for key, value in given.items()}

    def compose(self) -> list[Host]:
        data = self._data
        self._vpc = self._network(data["network"])
        cluster = ecs.Cluster(
            self._stack("cluster"),
            "Cluster",
            vpc=self._vpc,
            enable_fargate_capacity_providers=data["capacity_providers"],
        )
        dns = EdgeDns(
            self._stack("dns"),
            "Dns",
            **{"root_domain": "edge.example.com", **self._arguments("dns", data["dns"])},
        )
        ingress = self._ingress(data["ingress"], dns)
        around: dict[str, Any] = {"cluster": cluster, "ingress": ingress}
        around["cloud_map_namespace"] = self._namespace() if data["namespace"] else None
        cache = None
        if data["cache"] is not None:
            cache = PullThroughCache(
                self._stack("cache"), "Cache", **self._arguments("cache", data["cache"])
            )
        services: list[Any] = []
        servers: list[Any] = []
        hosts: list[Host] = []
        for index, server in enumerate(data["servers"]):
            one = self._server(index, server, around, cache)
            servers.append(one)
            if server["kind"] != "serverless":
                services.append(one)
            hosts.append((one.host, server["kind"] != "serverless"))
        apis = self._updates(services, ingress)
        self._monitor(servers, ingress, apis)
        return hosts

    def _network(self, network: Any) -> ec2.IVpc:
        stack = self._stack("network")
        if network["kind"] == "edge":
            arguments = self._arguments("network", network["arguments"])
            return EdgeNetwork(stack, "Network", **arguments).vpc
        if network["kind"] == "own":
            return ec2.Vpc(stack, "Vpc", max_azs=2, nat_gateways=1)
        return ec2.Vpc.from_vpc_attributes(
            stack,
            "Vpc",
            vpc_id=EXAMPLES["vpc_id"][0],
            vpc_cidr_block="10.1.0.0/16",
            availability_zones=EXAMPLES["availability_zones"],
            public_subnet_ids=EXAMPLES["public_subnet_ids"],
            private_subnet_ids=EXAMPLES["private_subnet_ids"],
        )

    def _ingress(self, ingress: Any, dns: EdgeDns) -> IngressBase:
        stack = self._stack("front")
        arguments = self._arguments("front", ingress["arguments"])
        if ingress["kind"] == "new":
            return SharedIngress(stack, "Ingress", **{"vpc": self._vpc, "dns": dns, **arguments})
        if ingress["kind"] == "attributes":
            existing = {
                "https_listener_arn": EXAMPLES["https_listener_arn"][0],
                "grpc_listener_arn": EXAMPLES["grpc_listener_arn"][0],
                "load_balancer_arn": EXAMPLES["load_balancer_arn"][0],
                "load_balancer_dns_name": EXAMPLES["dns_name"][0],
                "load_balancer_canonical_hosted_zone_id": "Z35SXDOTRQ7X7K",
                "security_group_ids": EXAMPLES["security_group_ids"],
                "vpc": self._vpc,
            }
            return SharedIngress.from_attributes(
                stack, "Ingress", **{**existing, "dns": dns, **arguments}
            )
        assert self._vpc
        balancer = elbv2.ApplicationLoadBalancer(
            self._stack("balancer"),
            "Balancer",
            vpc=self._vpc,
            internet_facing="private_zone_vpc" not in self._data["dns"],
        )
        listeners = [
            balancer.add_listener(
                f"Port{port}",
                port=port,
                protocol=elbv2.ApplicationProtocol.HTTPS,
                certificates=[elbv2.ListenerCertificate.from_arn(EXAMPLES["certificate_arn"][0])],
                default_action=elbv2.ListenerAction.fixed_response(404),
            )
            for port in (443, 50051)
        ]
        own = {"https_listener": listeners[0], "grpc_listener": listeners[1], "dns": dns}
        return SharedIngress.from_listeners(stack, "Ingress", **{**own, **arguments})

    def _namespace(self) -> servicediscovery.INamespace:
        assert self._vpc
        return servicediscovery.PrivateDnsNamespace(
            self._stack("cluster"), "Names", name="internal.example.com", vpc=self._vpc
        )

    def _server(
        self, index: int, server: Any, around: dict[str, Any], cache: PullThroughCache | None
    ) -> Any:
        part = f"server{index}"
        stack = self._stack(part)
        given = {"name": server["name"], **self._arguments(part, server["arguments"])}
        if server["storage"] is not None:
            given["storage"] = EdgeStorage(
                self._stack(f"storage{index}"),
                f"Storage{index}",
                **self._arguments(f"storage{index}", server["storage"]),
            )
        if server["from_cache"]:
            given["pull_through_cache"] = cache
        if server["kind"] == "edge":
            return EdgeServer(stack, f"Server{index}", **{**around, **given})
        if server["kind"] == "coordinator":
            needed = {"secret": SECRETS[1], "registry_credentials": SECRETS[2]}
            secrets = {
                key: secretsmanager.Secret.from_secret_complete_arn(stack, f"{key}{index}", value)
                for key, value in needed.items()
            }
            return Coordinator(stack, f"Server{index}", **{**around, **secrets, **given})
        images = ecr.Repository.from_repository_name(stack, f"Images{index}", "datafi-es")
        needed_here = {"ingress": around["ingress"], "repository": images}
        in_vpc = {"vpc": self._vpc} if server["in_vpc"] else {}
        return ServerlessEdgeServer(stack, f"Server{index}", **{**needed_here, **in_vpc, **given})

    def _updates(self, services: list[Any], ingress: IngressBase) -> list[UpdateApi]:
        updates = self._data["updates"]
        if updates["kind"] == "none" or not services:
            return []
        groups = [services] if updates["kind"] == "shared" else [[each] for each in services]
        apis = []
        for index, group in enumerate(groups):
            part = f"update{index}"
            given = self._arguments(part, updates["arguments"])
            apis.append(
                UpdateApi(
                    self._stack(part),
                    f"Updates{index}",
                    **{"ingress": ingress, "services": group, **given},
                )
            )
        if updates["router"] is not None:
            given = self._arguments("router", updates["router"])
            UpdateRouter(
                self._stack("router"),
                "Router",
                **{"ingress": ingress, "update_apis": apis, **given},
            )
        return apis

    def _monitor(self, servers: list[Any], ingress: IngressBase, apis: list[UpdateApi]) -> None:
        if self._data["monitoring"] is None:
            return
        given = self._arguments("monitoring", self._data["monitoring"])
        parts = {"services": servers, "ingress": ingress, "update_apis": apis}
        EdgeMonitoring(self._stack("monitoring"), "Monitoring", **{**parts, **given})
