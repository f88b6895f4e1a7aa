"""What a fragment of an app takes for granted: a stack, its parts, and the library's names."""

from __future__ import annotations

import ast
import importlib
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import datafi_cdk
import aws_cdk
from aws_cdk import App, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager

SECRETS = "arn:aws:secretsmanager:us-east-1:111111111111:secret:datafi/"


class Surroundings:
    """The parts of one stack, each made when it is first asked for."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}
        self._makers: Mapping[str, Callable[[], Any]] = {
            "app": lambda: App(outdir=tempfile.mkdtemp()),
            "stack": lambda: Stack(self["app"], "DataPlatform"),
            "self": lambda: self["stack"],
            "arn": lambda: f"{SECRETS}es-AbCdEf",
            "vpc": lambda: ec2.Vpc(self["stack"], "Vpc", max_azs=2),
            "cluster": lambda: ecs.Cluster(self["stack"], "Cluster", vpc=self["vpc"]),
            "key": lambda: kms.Key(self["stack"], "SurroundingKey"),
            "dns": lambda: datafi_cdk.EdgeDns(
                self["stack"], "Dns", root_domain="datafi-edge.example.com"
            ),
            "ingress": lambda: datafi_cdk.SharedIngress(
                self["stack"], "Ingress", vpc=self["vpc"], dns=self["dns"]
            ),
            "edge": lambda: datafi_cdk.EdgeServer(
                self["stack"], "Edge", cluster=self["cluster"], ingress=self["ingress"], name="es"
            ),
            "coordinator": lambda: datafi_cdk.Coordinator(
                self["stack"],
                "Coordinator",
                cluster=self["cluster"],
                ingress=self["ingress"],
                secret=self["co_secret"],
                registry_credentials=self["acr_secret"],
            ),
            "es_secret": lambda: self._secret("es"),
            "co_secret": lambda: self._secret("co"),
            "acr_secret": lambda: self._secret("registry"),
            "secret": lambda: self["es_secret"],
            "updates": lambda: datafi_cdk.UpdateApi(
                self["stack"], "Updates", ingress=self["ingress"], services=[self["edge"]]
            ),
        }

    def __contains__(self, name: str) -> bool:
        """Whether it has a part of this name."""
        return name in self._makers

    def __getitem__(self, name: str) -> Any:
        """A part, the same each time."""
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def app_if_made(self) -> App | None:
        """The app, if a part was asked for."""
        return self._made.get("app")

    def _secret(self, name: str) -> secretsmanager.ISecret:
        return secretsmanager.Secret.from_secret_complete_arn(
            self["stack"], f"{name}-secret", f"{SECRETS}{name}-AbCdEf"
        )


def free_names(code: str) -> set[str]:
    """The names that a piece of code reads and nowhere assigns.

    Args:
        code: The code.
    """
    nodes = list(ast.walk(ast.parse(code)))
    read = {node.id for node in nodes if isinstance(node, ast.Name) and type(node.ctx) is ast.Load}
    stored = {
        node.id for node in nodes if isinstance(node, ast.Name) and type(node.ctx) is ast.Store
    }
    stored |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    stored |= {
        alias.asname or alias.name
        for node in nodes
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    return read - stored


def of_library(name: str) -> Any:
    """What a name of the library or of CDK stands for: `EdgeServer`, `Duration`, `ecs`.

    Args:
        name: The name.

    Returns:
        It, or `None`.
    """
    if name in datafi_cdk.__all__:
        return getattr(datafi_cdk, name)
    if (Path(aws_cdk.__file__).parent / f"aws_{name}").is_dir():
        return importlib.import_module(f"aws_cdk.aws_{name}")
    return getattr(aws_cdk, name, None)
