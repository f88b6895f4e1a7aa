"""What the checks share: the configuration, and a way to ask AWS that changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

from ...config import DatafiEdgeConfig
from ...config_services import ServiceConfig
from ..aws_access import AwsAccess
from ..aws_errors import aws_error_sentence, error_code, is_about_credentials, is_denied
from ..secrets.uses import Server, servers
from .finding import NotCheckedError
from .resolver import Resolver

_IAM_PREFIXES = {
    "elbv2": "elasticloadbalancing",
    "resourcegroupstaggingapi": "tag",
    "service-quotas": "servicequotas",
}
_IAM_ACTIONS = {("s3", "HeadBucket"): "s3:ListBucket"}


def iam_action(service: str, operation: str) -> str:
    """The IAM action that allows an operation.

    Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html

    Args:
        service: As for `boto3.client`.
        operation: The operation, as AWS writes it.

    Example:
        >>> iam_action("elbv2", "DescribeRules")
        'elasticloadbalancing:DescribeRules'
    """
    prefix = _IAM_PREFIXES.get(service, service)
    return _IAM_ACTIONS.get((service, operation), f"{prefix}:{operation}")


@contextmanager
def answered(service: str, operation: str) -> Iterator[None]:
    """Tell of a question to AWS that gets no answer.

    Args:
        service: As for `boto3.client`.
        operation: The operation, as AWS writes it.

    Raises:
        NotCheckedError: There is no answer.
        botocore.exceptions.BotoCoreError: AWS does not take the credentials at all.
        botocore.exceptions.ClientError: The same.
    """
    action = iam_action(service, operation)
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        if is_about_credentials(error):
            raise
        if isinstance(error, BotoCoreError):
            reason = aws_error_sentence(error) or type(error).__name__
            raise NotCheckedError(reason, f"see that {service} can be reached") from None
        if is_denied(error):
            reason = f"these credentials may not call {action}"
            raise NotCheckedError(reason, f"allow {action}, and check again") from None
        reason = f"AWS refused {action} ({error_code(error)})"
        raise NotCheckedError(reason, "check again later, or look it up by hand") from None


class Context:
    """One run of the checks.

    Args:
        config: The configuration.
        aws: The account.
        resolver: Who is asked for names.
    """

    def __init__(self, config: DatafiEdgeConfig, aws: AwsAccess, resolver: Resolver) -> None:
        """Keep them; nothing is asked."""
        self.config = config
        self.aws = aws
        self.resolver = resolver

    def ask(
        self, service: str, operation: str, *, missing: Collection[str] = (), **parameters: Any
    ) -> Any:
        """Ask AWS one question.

        Args:
            service: As for `boto3.client`.
            operation: The operation, as AWS writes it: `DescribeVpcs`.
            missing: The codes of errors by which AWS says that there is no such thing.
            **parameters: What the operation takes.

        Returns:
            The answer, or `None` if there is no such thing.

        Raises:
            NotCheckedError: There is no answer.
            botocore.exceptions.ClientError: AWS does not take the credentials at all.
        """
        return self._answer(service, operation, missing, parameters, whole=False)

    def ask_all(
        self,
        service: str,
        operation: str,
        key: str,
        *,
        missing: Collection[str] = (),
        **parameters: Any,
    ) -> list[Any]:
        """Ask AWS for a list, with all its pages; empty if there is no such thing.

        Args:
            service: As for `boto3.client`.
            operation: The operation, as AWS writes it.
            key: Where the answer has the list.
            missing: The codes of errors by which AWS says that there is no such thing.
            **parameters: What the operation takes.

        Raises:
            NotCheckedError: There is no answer.
            botocore.exceptions.ClientError: AWS does not take the credentials at all.
        """
        answer = self._answer(service, operation, missing, parameters, whole=True)
        return list(answer.get(key) or []) if answer else []

    def _answer(
        self,
        service: str,
        operation: str,
        missing: Collection[str],
        parameters: dict[str, Any],
        *,
        whole: bool,
    ) -> Any:
        method = xform_name(operation)
        with answered(service, operation):
            client = self.aws.client(service)
            try:
                if whole and client.can_paginate(method):
                    return client.get_paginator(method).paginate(**parameters).build_full_result()
                return getattr(client, method)(**parameters)
            except ClientError as error:
                if error_code(error) in missing:
                    return None
                raise

    @property
    def account(self) -> str:
        """The number of the caller's account."""
        return self.aws.account

    @property
    def is_embedded(self) -> bool:
        """Whether the embedded AWS is asked, whose zones are in no DNS."""
        return self.aws.embedded is not None

    @property
    def region(self) -> str:
        """The region that is asked.

        Raises:
            botocore.exceptions.NoRegionError: None is named anywhere.
        """
        if self.aws.region is None:
            raise NoRegionError
        return self.aws.region

    @property
    def servers(self) -> list[tuple[str, Server]]:
        """All servers, each with the place of its section in the file."""
        return [(place.rstrip("."), server) for place, server in servers(self.config)]

    @property
    def services(self) -> list[ServiceConfig]:
        """The servers on Fargate."""
        return [server for _, server in self.servers if isinstance(server, ServiceConfig)]

    @cached_property
    def deployed(self) -> frozenset[str]:
        """The ARNs of what a deployment of this name has made already.

        Raises:
            NotCheckedError: There is no answer.
        """
        tag = {"Key": "datafi:deployment", "Values": [self.config.deployment_name]}
        found = self.ask_all(
            "resourcegroupstaggingapi", "GetResources", "ResourceTagMappingList", TagFilters=[tag]
        )
        return frozenset(str(each["ResourceARN"]) for each in found)

    @property
    def deployed_vpcs(self) -> frozenset[str]:
        """The ids of the VPCs that a deployment of this name has made already.

        Raises:
            NotCheckedError: There is no answer.
        """
        return frozenset(arn.partition(":vpc/")[2] for arn in self.deployed if ":vpc/" in arn)
