"""The files of a new CDK app with a `DatafiEdgeStack`."""

from __future__ import annotations

import importlib.util
import json
import re
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from ..config import DatafiEdgeConfig
from ..config_schema import SCHEMA_PATH
from ..errors import CommandError
from .secrets.draft import stand_in_for, with_stand_ins

_FLAGS = "package/recommended-feature-flags.json"
_PLAIN_SCALAR = re.compile(r"[a-z][a-z0-9.-]*[a-z0-9]")
_NOT_STRINGS = {"true", "false", "null", "yes", "no", "on", "off"}

_APP = '''\
"""The Datafi data plane, as datafi.yaml beside this file describes it."""

import os
from pathlib import Path

from datafi_cdk import DatafiEdgeConfig, DatafiEdgeStack
from aws_cdk import App

app = App(outdir=os.environ.get("CDK_OUTDIR", "cdk.out"))
config = DatafiEdgeConfig.from_file(Path(__file__).parent / "datafi.yaml")
DatafiEdgeStack(app, "{stack_name}", config=config)
app.synth()
'''
_CONFIG = """\
# yaml-language-server: $schema=datafi.schema.json
# The Datafi data plane of this deployment. Editors that know the schema complete and explain
# every key; `datafi-cdk check` tells what cannot work.
deployment_name: {name}
{aws}
dns:
  # Servers are <name>.<root_domain>. Without more keys a new hosted zone is made: the first
  # deployment waits until the parent domain delegates to it.
  root_domain: {root_domain}
  # hosted_zone_id: Z0123456789ABCDEFGHIJ      # an existing zone
  # certificate_arn: arn:aws:acm:…             # an existing certificate for <root> and *.<root>

# vpc: {{vpc_id: vpc-0123456789abcdef0}}         # an existing network; without it a new one
# private: true                                # no public address

edge_servers:
  long_running:
{servers}
{coordinator}
# Zone, buckets, logs and secrets outlive the stack, unless this is true:
# allow_delete_resources: true
"""
_SERVER = """\
    - name: {name}
      image_tag: latest
      cpu: 1024
      memory_mib: 2048
      storage: true                            # a bucket for query results
      # secret_arn: written by `datafi-cdk secrets import`
      environment: {{TIMEOUT: "1200", CACHE_LIFE: "1800"}}   # seconds
"""
_COORDINATOR = """\
coordinator:
  # secret_arn, registry_credentials_secret_arn: written by `datafi-cdk secrets import`
  environment: {TOKEN_ISSUER: "https://login.example.com/"}   # who signs your users in (OIDC)
"""
_NO_COORDINATOR = """\
# coordinator:                                 # Datafi's authentication, catalog and policies
#   environment: {TOKEN_ISSUER: "https://login.example.com/"}
"""
_GITIGNORE = """\
.venv/
__pycache__/
cdk.out/
# What holds secret values:
*.env
env.sh
"""


@dataclass(frozen=True)
class NewApp:
    """What a new app is made of.

    Args:
        name: The name of the deployment.
        root_domain: The domain under which the servers have their names.
        servers: The names of the edge servers.
        coordinator: Whether there is a coordinator.
        account: The AWS account. Default: whoever deploys decides.
        region: The AWS region; given if the account is.

    Raises:
        InvalidInputError: A value cannot stand in a datafi.yaml; with every fault.
    """

    name: str
    root_domain: str
    servers: Sequence[str] = ("es",)
    coordinator: bool = False
    account: str | None = None
    region: str | None = None

    def __post_init__(self) -> None:
        """Refuse what the configuration would refuse."""
        data: dict[str, object] = {
            "deployment_name": self.name,
            "dns": {"root_domain": self.root_domain},
            "edge_servers": {"long_running": [{"name": name} for name in self.servers]},
        }
        if self.coordinator:
            data["coordinator"] = {}
        if self.account is not None or self.region is not None:
            given = {"account": self.account, "region": self.region}
            data["aws"] = {key: value for key, value in given.items() if value is not None}
        DatafiEdgeConfig.model_validate(with_stand_ins(data, stand_in_for(data)))

    def files(self) -> dict[str, str]:
        """The text of each file by its name.

        Raises:
            CommandError: aws-cdk-lib is not installed as it should be.
        """
        settings = {"app": "python app.py", "context": _recommended_flags()}
        return {
            "app.py": _APP.format(stack_name=f"DatafiEdge-{self.name}"),
            "cdk.json": json.dumps(settings, indent=2) + "\n",
            "datafi.yaml": self._config(),
            "datafi.schema.json": SCHEMA_PATH.read_text(encoding="utf-8"),
            "requirements.txt": f"datafi-cdk[cli]~={metadata.version('datafi-cdk')}\n",
            ".gitignore": _GITIGNORE,
        }

    def _config(self) -> str:
        aws = (
            f'aws: {{account: "{self.account}", region: {self.region}}}\n'
            if self.account
            else '# aws: {account: "111111111111", region: us-east-1}   # else of who deploys\n'
        )
        return _CONFIG.format(
            name=_scalar(self.name),
            aws=aws,
            root_domain=_scalar(self.root_domain),
            servers="\n".join(_SERVER.format(name=_scalar(name)) for name in self.servers),
            coordinator=_COORDINATOR if self.coordinator else _NO_COORDINATOR,
        )


def _scalar(text: str) -> str:
    """A string as YAML that no reader takes for anything else."""
    is_plain = _PLAIN_SCALAR.fullmatch(text) and text not in _NOT_STRINGS
    return text if is_plain else json.dumps(text)


def _recommended_flags() -> dict[str, object]:
    """The feature flags that the installed aws-cdk-lib recommends to new apps."""
    spec = importlib.util.find_spec("aws_cdk")
    for location in (spec and spec.submodule_search_locations) or []:
        for archive in Path(location).glob("_jsii/aws-cdk-lib@*.tgz"):
            with tarfile.open(archive) as package:
                file = package.extractfile(_FLAGS)
                if file:
                    flags: dict[str, object] = json.load(file)
                    return flags
    raise CommandError(
        "the installed aws-cdk-lib lacks its list of recommended feature flags;"
        " install it again with: pip install --force-reinstall aws-cdk-lib"
    )
