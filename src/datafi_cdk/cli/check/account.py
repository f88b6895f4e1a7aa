"""Checks of the account: whether it is the one of the configuration, and ready for the cdk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from ...config import DatafiEdgeConfig
from ...errors import InvalidInputError
from .context import Context
from .finding import Finding, failed, passed, warned

BOOTSTRAP_PARAMETER = "/cdk-bootstrap/{}/version"
"""The parameter by which `cdk bootstrap` tells the version of what it made, by its qualifier.

Source: https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html
"""

_QUALIFIER, _OWN_QUALIFIER = "hnb659fds", "@aws-cdk/core:bootstrapQualifier"

BOOTSTRAP_VERSION = 6
"""The lowest version that aws-cdk-lib asks for in what it synthesizes."""

LOOKUP_BOOTSTRAP_VERSION = 8
"""The same for the role by which the cdk looks a VPC up."""


def check_home(context: Context) -> Iterator[Finding]:
    """Account and region are those of the configuration."""
    given = context.config.aws
    region = context.region
    here = f"account {context.account}, region {region}"
    if given is None:
        elsewhere = list(_elsewhere(context))
        yield from elsewhere
        if not elsewhere:
            yield passed("account", f"{here}; the configuration takes any")
        return
    if context.account != given.account:
        yield failed(
            "account",
            f"these credentials are of {context.account}, aws.account is {given.account}",
            "use credentials of that account (--profile), or change aws.account",
        )
    if context.region != given.region:
        yield failed(
            "region",
            f"{context.region} was asked for, aws.region is {given.region}",
            "leave out --region, or change aws.region",
        )
    if (context.account, context.region) == (given.account, given.region):
        yield passed("account", here)


def _elsewhere(context: Context) -> Iterator[Finding]:
    """What the configuration names in another account or region than it would be deployed to."""
    here = {"account": context.account, "region": context.region}
    try:
        DatafiEdgeConfig.model_validate(
            {**context.config.model_dump(exclude_unset=True), "aws": here}
        )
    except InvalidInputError as error:
        for fault in error.faults:
            text = f"is {fault.given}, not in {context.account}, {context.region}"
            remedy = "name one that is there, or say where it is (--profile, --region)"
            yield failed(fault.place, text, remedy)


def check_bootstrap(context: Context) -> Iterator[Finding]:
    """The account is bootstrapped for the cdk, with a version that is new enough."""
    remedy = f"run: cdk bootstrap aws://{context.account}/{context.region}"
    name = BOOTSTRAP_PARAMETER.format(_qualifier(Path("cdk.json")))
    found = context.ask("ssm", "GetParameter", missing=("ParameterNotFound",), Name=name)
    if found is None and context.is_embedded:
        yield passed("bootstrap", "not needed yet: `datafi-cdk local deploy` does it")
        return
    if found is None:
        yield failed("bootstrap", f"there is no parameter {name}", remedy)
        return
    value = str(found["Parameter"]["Value"])
    version = int(value) if value.isdecimal() else 0
    vpc = context.config.vpc
    if version < BOOTSTRAP_VERSION:
        text = f"is of version {value}, and must be of {BOOTSTRAP_VERSION} or higher"
        yield failed("bootstrap", text, remedy)
    elif version < LOOKUP_BOOTSTRAP_VERSION and vpc and not vpc.availability_zones:
        text = f"is of version {value}; to look the VPC up takes {LOOKUP_BOOTSTRAP_VERSION}"
        yield warned("bootstrap", text, remedy)
    else:
        yield passed("bootstrap", f"version {value}")


def _qualifier(settings: Path) -> str:
    """The qualifier of an app's bootstrap stack, which its cdk.json may name."""
    try:
        own = json.loads(settings.read_text(encoding="utf-8"))["context"][_OWN_QUALIFIER]
    except (OSError, ValueError, LookupError, TypeError):
        return _QUALIFIER
    return str(own)
