"""The subcommand `check`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...errors import CommandError, InvalidInputError
from ..command import ANSWER_IS_NO
from ..options import (
    DEFAULT_CONFIG,
    ConfigOption,
    JsonOption,
    LocalOption,
    ProfileOption,
    RegionOption,
)
from ..output import error_console
from .finding import Finding, Status, failed, passed, warned

if TYPE_CHECKING:
    from ...config import DatafiEdgeConfig


def check(
    config: ConfigOption = DEFAULT_CONFIG,
    offline: Annotated[
        bool, typer.Option("--offline", help="Look at the file only, and do not ask AWS.")
    ] = False,
    live: Annotated[
        bool,
        typer.Option("--live", help="In place of AWS, try the deployed names from this machine."),
    ] = False,
    connect_to: Annotated[
        list[str] | None,
        typer.Option(
            "--connect-to",
            metavar="HOST1:PORT1:HOST2:PORT2",
            help="With --live: for HOST1:PORT1 connect to HOST2:PORT2; what is left empty is any, "
            "or stays. Can be repeated.",
        ),
    ] = None,
    ca_bundle: Annotated[
        Path | None,
        typer.Option(
            "--ca-bundle",
            metavar="FILE",
            help="With --live: the authorities that are trusted, as PEM.",
            show_default="SSL_CERT_FILE, or the system's",
        ),
    ] = None,
    resolver: Annotated[
        str | None,
        typer.Option(
            "--resolver",
            metavar="HOST[:PORT]",
            help="The DNS resolver that is asked.",
            show_default="the system's",
        ),
    ] = None,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
    as_json: JsonOption = False,
) -> None:
    """Look for what would make a deployment fail, or makes one not work.

    Checks the configuration and, with AWS credentials, what it needs of AWS; nothing is changed.
    With `--live`, tries the names of a deployment as their users do. Ends with 3 if anything fails.
    """
    if offline and live:
        raise typer.BadParameter("--offline and --live exclude each other")
    if (connect_to or ca_bundle) and not live:
        raise typer.BadParameter("--connect-to and --ca-bundle need --live")
    read, findings = _read(config)
    if read and live:
        from .live import try_names

        with error_console().status("trying the names"):
            findings += try_names(read, connect_to or [], ca_bundle, resolver)
    elif read and not offline:
        with error_console().status("asking AWS"):
            findings += _ask_aws(read, resolver, profile, region, local)
    from .report import show

    show(config, findings, as_json=as_json)
    if any(finding.status is Status.FAIL for finding in findings):
        raise typer.Exit(ANSWER_IS_NO)


def _read(path: Path) -> tuple[DatafiEdgeConfig | None, list[Finding]]:
    """The configuration, or `None` if it has faults; and what is found in it."""
    from ...config import DatafiEdgeConfig

    try:
        config = DatafiEdgeConfig.from_file(path)
    except InvalidInputError as error:
        if not path.is_file():
            raise CommandError(str(error)) from None
        return None, [
            failed(fault.place, f"must be {fault.allowed}, got {fault.given}", fault.remedy)
            for fault in error.faults
        ]
    return config, list(_summary(path, config))


def _summary(path: Path, config: DatafiEdgeConfig) -> Iterator[Finding]:
    servers = config.edge_servers
    parts = [
        f"{len(names)} {kind}: {', '.join(names)}"
        for kind, names in (
            ("on Fargate", [server.name for server in servers.long_running]),
            ("on Lambda", [server.name for server in servers.serverless]),
            ("coordinator", [config.coordinator.name] if config.coordinator else []),
        )
        if names
    ]
    yield passed(str(path), "; ".join(["valid", *parts]))
    if config.disable_stack:
        text = "disable_stack is true, so that nothing is deployed"
        yield warned(str(path), text, "set it to false to deploy")


def _ask_aws(
    config: DatafiEdgeConfig,
    resolver: str | None,
    profile: str | None,
    region: str | None,
    local: bool,
) -> list[Finding]:
    from ..aws_access import AwsAccess
    from .context import Context
    from .preflight import preflight
    from .resolver import Resolver

    config_region = config.aws.region if config.aws else None
    aws = AwsAccess(profile=profile, region=region, config_region=config_region, local=local)
    if not local and aws.session.get_credentials() is None:
        text = "was not asked: no credentials"
        remedy = "run `aws sso login` or `aws configure`, name a --profile, or say --offline"
        return [warned("AWS", text, remedy)]
    return list(preflight(Context(config, aws, Resolver(resolver))))
