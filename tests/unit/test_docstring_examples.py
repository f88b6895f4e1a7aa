"""The examples in the docstrings of the library work as they stand there."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import datafi_cdk
import pytest
from datafi_cdk import testing, topology
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from docstring_examples import examples, run

IMPORTED = {
    **{name: getattr(datafi_cdk, name) for name in datafi_cdk.__all__},
    **{name: getattr(testing, name) for name in testing.__all__},
    **{name: getattr(topology, name) for name in topology.__all__ if name != "Stack"},
    "App": App,
    "Duration": Duration,
    "Path": Path,
    "ec2": ec2,
    "ecr": ecr,
    "ecs": ecs,
    "elbv2": elbv2,
    "route53": route53,
    "secretsmanager": secretsmanager,
    "sns": sns,
}
QUICKSTART = Path(__file__).parents[2] / "examples/quickstart"
SECRETS = "arn:aws:secretsmanager:us-east-1:111111111111:secret:datafi/"


class Surroundings(dict[str, Any]):
    """What an example takes as given, made when it is asked for.

    Args:
        app: The app in which the examples stand.
        stack_id: The id of the stack that the example is to write to.
    """

    def __init__(self, app: App, stack_id: str) -> None:
        super().__init__(IMPORTED)
        self["app"] = app
        self["self"] = Stack(app, stack_id)
        self.given = Stack(app, f"Given{stack_id}")

    def __missing__(self, name: str) -> Any:
        """Make it, and what it needs."""
        self[name] = MAKERS[name](self)
        return self[name]

    def secret(self, name: str) -> secretsmanager.ISecret:
        """A secret that is there."""
        arn = f"{SECRETS}{name}-AbCdEf"
        return secretsmanager.Secret.from_secret_complete_arn(self.given, name, arn)

    def server(self, name: str) -> datafi_cdk.EdgeServer:
        """An edge server that is there."""
        return datafi_cdk.EdgeServer(
            self.given, name, cluster=self["cluster"], ingress=self["ingress"], name=name
        )

    def updates(self, name: str) -> datafi_cdk.UpdateApi:
        """The update API of a server."""
        return datafi_cdk.UpdateApi(
            self.given, f"{name}Api", ingress=self["ingress"], services=[self.server(name)]
        )


class MyStack(Stack):
    """One edge server."""

    def __init__(self, scope: App, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        vpc = ec2.Vpc(self, "Vpc", max_azs=2)
        dns = datafi_cdk.EdgeDns(self, "Dns", root_domain="edge.example.com")
        datafi_cdk.EdgeServer(
            self,
            "Es",
            cluster=ecs.Cluster(self, "Cluster", vpc=vpc),
            ingress=datafi_cdk.SharedIngress(self, "Ingress", vpc=vpc, dns=dns),
            name="es",
        )


MAKERS: dict[str, Callable[[Surroundings], Any]] = {
    "vpc": lambda names: ec2.Vpc(names.given, "Vpc", max_azs=2),
    "cluster": lambda names: ecs.Cluster(names.given, "Cluster", vpc=names["vpc"]),
    "dns": lambda names: datafi_cdk.EdgeDns(
        names.given, "Dns", root_domain="datafi-edge.example.com"
    ),
    "ingress": lambda names: datafi_cdk.SharedIngress(
        names.given, "Ingress", vpc=names["vpc"], dns=names["dns"]
    ),
    "es_secret": lambda names: names.secret("es"),
    "co_secret": lambda names: names.secret("co"),
    "acr_secret": lambda names: names.secret("registry"),
    "edge": lambda names: names.server("edge"),
    "server": lambda names: names.server("server"),
    "coordinator": lambda names: datafi_cdk.Coordinator(
        names.given,
        "Coordinator",
        cluster=names["cluster"],
        ingress=names["ingress"],
        name="co",
        secret=names["co_secret"],
        registry_credentials=names["acr_secret"],
    ),
    "updates": lambda names: datafi_cdk.UpdateApi(
        names.given, "Updates", ingress=names["ingress"], services=[names["edge"]]
    ),
    "topic_arn": lambda names: "arn:aws:sns:us-east-1:111111111111:alarms",
    "es_updates": lambda names: names.updates("first"),
    "co_updates": lambda names: names.updates("second"),
    "load_balancer": lambda names: elbv2.ApplicationLoadBalancer(
        names.given, "LoadBalancer", vpc=names["vpc"]
    ),
    "https_listener": lambda names: names["ingress"].https_listener,
    "https_listener_arn": lambda names: (
        "arn:aws:elasticloadbalancing:us-east-1:111111111111"
        ":listener/app/shared/0123456789abcdef/0123456789abcdef"
    ),
}
LIBRARY = examples("datafi_cdk")
READERS = {**examples("datafi_cdk.topology"), **examples("datafi_cdk.testing")}


@pytest.fixture(scope="module")
def app() -> Iterator[App]:
    """The app in which the examples stand, synthesized at the end."""
    app = App()
    yield app
    app.synth()


def _taken(example: str) -> set[str]:
    """The names that an example uses and does not make itself."""
    if example.startswith(">>>"):
        return set()
    names = [node for node in ast.walk(ast.parse(example)) if isinstance(node, ast.Name)]
    made = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    return {node.id for node in names} - made


def test_examples_are_found() -> None:
    """Those of constructs, of functions, of methods and of packages."""
    assert {
        "datafi_cdk.edge_server.EdgeServer",
        "datafi_cdk.existing_ingress.from_listeners",
        "datafi_cdk.errors.Fault",
    } <= LIBRARY.keys()
    assert "datafi_cdk.topology" in READERS
    assert "datafi_cdk.testing.assertions.assert_reachable" in READERS


@pytest.mark.parametrize("path", LIBRARY)
def test_the_library_does_what_its_examples_show(
    path: str, app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each runs, in an app that synthesizes when all have run."""
    names = Surroundings(app, path.replace(".", "-").replace("_", "-"))
    for given in MAKERS.keys() & _taken(LIBRARY[path]):
        names[given]
    (tmp_path / "datafi.yaml").write_bytes((QUICKSTART / "datafi.yaml").read_bytes())
    monkeypatch.chdir(tmp_path)
    run(path, LIBRARY[path], names)


@pytest.mark.parametrize("path", READERS)
def test_what_reads_templates_does_what_its_examples_show(
    path: str, synthesized: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each runs beside the `cdk.out` of an example app."""
    cdk_out = synthesized("quickstart")
    (tmp_path / "cdk.out").symlink_to(cdk_out)
    reachable = Path(__file__).with_name("reachable") / "quickstart.md"
    (tmp_path / "reachable.md").write_bytes(reachable.read_bytes())
    monkeypatch.chdir(tmp_path)
    given = {"MyStack": MyStack, "assembly": topology.read_assembly(cdk_out)}
    run(path, READERS[path], IMPORTED | given)


def test_wrong_examples_fail() -> None:
    """One that prints something else, and one whose test does not hold."""
    with pytest.raises(AssertionError, match="Got:\n    2"):
        run("wrong", ">>> 1 + 1\n3\n", {})
    with pytest.raises(AssertionError):
        run("wrong", "def test_it():\n    assert False\n", {})
