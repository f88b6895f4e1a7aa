"""The AWS account that a subcommand works on: the user's, or the embedded one."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..errors import CommandError

if TYPE_CHECKING:
    from ..local import EmbeddedAws


class AwsAccess:
    """Clients of one account and region.

    Args:
        profile: The profile of the AWS configuration. Default: what boto3 finds.
        region: The region. Default: `config_region`, AWS_REGION, or what boto3 finds.
        config_region: The region that the configuration names. Default: none.
        local: Whether to use the embedded AWS that `datafi-cdk local up` started.

    Raises:
        CommandError: `local` with a profile, or no embedded AWS runs.

    Example:
        >>> aws = AwsAccess(region="eu-central-1")
        >>> aws.client("sts").get_caller_identity()["Account"]
        '111111111111'
    """

    def __init__(
        self,
        *,
        profile: str | None = None,
        region: str | None = None,
        config_region: str | None = None,
        local: bool = False,
    ) -> None:
        """Find out where the clients lead; nothing is sent."""
        self._profile = profile
        # boto3 itself reads AWS_DEFAULT_REGION only.
        self._region = region or config_region or os.environ.get("AWS_REGION") or None
        self.embedded = _embedded_aws(profile, self._region) if local else None
        self._clients: dict[str, Any] = {}

    @cached_property
    def session(self) -> Any:
        """The boto3 session with the user's credentials.

        Raises:
            botocore.exceptions.ProfileNotFound: There is no such profile.
        """
        import boto3

        return boto3.Session(profile_name=self._profile, region_name=self._region)

    @property
    def credentials(self) -> Any:
        """The credentials, for requests that boto3 does not sign.

        Raises:
            botocore.exceptions.NoCredentialsError: There are none.
        """
        from botocore.exceptions import NoCredentialsError

        found = (self.embedded or self.session).get_credentials()
        if found is None:
            raise NoCredentialsError
        return found

    @property
    def region(self) -> str | None:
        """The region of the clients, or `None` if none is named anywhere."""
        if self.embedded:
            return self.embedded.region
        region: str | None = self.session.region_name
        return region or None

    @cached_property
    def account(self) -> str:
        """The account's number, as AWS tells it."""
        return str(self.client("sts").get_caller_identity()["Account"])

    def client(self, service_name: str) -> Any:
        """A boto3 client, the same each time.

        Args:
            service_name: As for `boto3.client`.

        Raises:
            botocore.exceptions.NoRegionError: No region is named anywhere.
        """
        if service_name not in self._clients:
            source = self.embedded or self.session
            self._clients[service_name] = source.client(service_name)
        return self._clients[service_name]


def _embedded_aws(profile: str | None, region: str | None) -> EmbeddedAws:
    if profile:
        raise CommandError(f"--local must stand without --profile, got {profile}; leave one out")
    from ..local.background import attach_to_background

    aws = attach_to_background()
    if region and region != aws.region:
        raise CommandError(
            f"the embedded AWS is {aws.region}, got the region {region};"
            f" start another: datafi-cdk local down; datafi-cdk local up --region {region}"
        )
    return aws
