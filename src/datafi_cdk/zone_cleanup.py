"""ZoneCleanup: takes what ACM's DNS validation left out of a zone before the zone is deleted."""

from __future__ import annotations

import hashlib

from aws_cdk import CustomResource, Duration, RemovalPolicy, Tags
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_route53 as route53
from constructs import Construct

from .bundled_function import bundled_function
from .function_settings import FunctionSettings
from .synthesis import concrete

__all__ = ["ZoneCleanup"]

_MARK = "datafi:validation-records"
_TIMEOUT = Duration.minutes(2)
# Lambda tries a failed invocation twice more, one and two minutes later.
_SERVICE_TIMEOUT = Duration.minutes(6)


class ZoneCleanup(Construct):
    """A custom resource that removes ACM's validation records when it is deleted.

    CloudFormation has ACM write them, but nothing removes them, and Route 53 refuses to delete a
    zone that holds more than its own NS and SOA records. Sources:
    https://github.com/aws/aws-cdk/issues/7063,
    https://docs.aws.amazon.com/Route53/latest/APIReference/API_DeleteHostedZone.html

    The certificate must depend on it, so that at deletion the certificate goes first, then the
    records, then the zone. The zone gets a tag, without which nothing is removed: if the zone is to
    be kept one day, the tag goes before this resource does, and the records stay, as ACM needs them
    to renew the certificate.

    Args:
        scope: Where the construct is made.
        construct_id: Its id in `scope`.
        zone: A zone of the same stack that is deleted with it.
        settings: What the user says of the function. Default: nothing.

    Example:
        ```python
        cleanup = ZoneCleanup(self, "ZoneCleanup", zone=zone)
        certificate.node.add_dependency(cleanup)
        ```
    """

    function: lambda_.Function
    """The Lambda that removes the records and answers CloudFormation."""
    log_group: logs.LogGroup
    """Where its log goes."""
    resource: CustomResource
    """The custom resource."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        zone: route53.PublicHostedZone,
        settings: FunctionSettings | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        Tags.of(zone).add(_MARK, "deleted-with-the-zone")
        self.function, role, self.log_group, _ = bundled_function(
            self,
            asset="zone_cleanup",
            handler="cleanup_handler.handler",
            description="Removes ACM's validation records before their zone is deleted",
            timeout=_TIMEOUT,
            removal_policy=RemovalPolicy.DESTROY,
            settings=settings or FunctionSettings(),
        )
        rights = self._rights(role, zone)
        self.resource = CustomResource(
            self,
            "Records",
            resource_type="Custom::AcmValidationRecords",
            service_token=self.function.function_arn,
            service_timeout=_SERVICE_TIMEOUT,
            properties={"HostedZoneId": zone.hosted_zone_id},
        )
        # At deletion, the role keeps its rights until the records are removed.
        self.resource.node.add_dependency(role, rights)

    def _rights(self, role: iam.Role, zone: route53.PublicHostedZone) -> iam.ManagedPolicy:
        """Read the one zone, and delete CNAME records there whose names start with `_`.

        The policy is one of its own for each domain: a domain that changes makes a new zone, and
        the rights on the old one must last until that is cleared. Source of the condition keys:
        https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html
        """
        domain = concrete(zone.zone_name) or ""
        return iam.ManagedPolicy(
            self,
            f"Rights{hashlib.sha256(domain.encode()).hexdigest()[:8]}",
            roles=[role],
            statements=[
                iam.PolicyStatement(
                    actions=["route53:ListResourceRecordSets", "route53:ListTagsForResource"],
                    resources=[zone.hosted_zone_arn],
                ),
                iam.PolicyStatement(
                    actions=["route53:ChangeResourceRecordSets"],
                    resources=[zone.hosted_zone_arn],
                    conditions={
                        "ForAllValues:StringEquals": {
                            "route53:ChangeResourceRecordSetsActions": ["DELETE"],
                            "route53:ChangeResourceRecordSetsRecordTypes": ["CNAME"],
                        },
                        "ForAllValues:StringLike": {
                            "route53:ChangeResourceRecordSetsNormalizedRecordNames": ["_*"],
                        },
                    },
                ),
            ],
        )
