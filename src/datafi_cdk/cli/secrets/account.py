"""The account of a configuration, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...config import DatafiEdgeConfig
from ...errors import CommandError

if TYPE_CHECKING:
    from ..aws_access import AwsAccess


def account_of(
    config: DatafiEdgeConfig, *, profile: str | None, region: str | None, local: bool
) -> AwsAccess:
    """The account and region that a configuration is for.

    Args:
        config: The configuration.
        profile: The profile of the AWS configuration, if one was named.
        region: The region, if one was named.
        local: Whether it is the embedded AWS.

    Raises:
        CommandError: The credentials are of another account, or another region was named.
    """
    from ..aws_access import AwsAccess

    wanted = config.aws
    if wanted and region and region != wanted.region:
        raise CommandError(
            f"--region must be that of the configuration, {wanted.region}, got {region};"
            " leave it out, or change aws.region"
        )
    aws = AwsAccess(
        profile=profile,
        region=region,
        config_region=wanted.region if wanted else None,
        local=local,
    )
    if wanted and aws.account != wanted.account:
        raise CommandError(
            f"the credentials must be of the account {wanted.account}, which the configuration"
            f" names, got {aws.account}; choose another --profile, or change aws.account"
        )
    return aws
