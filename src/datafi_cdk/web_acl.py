"""WebAcl: a firewall of AWS WAF in front of a load balancer."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import ArnFormat, Fn, Names, RemovalPolicy, Stack
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from .log_encryption import new_log_group
from .validation import RESERVED_NAMES

# Managed rule groups, and the rules of each that only count what they find.
_RULE_GROUPS: tuple[tuple[str, Sequence[str]], ...] = (
    ("AWSManagedRulesAmazonIpReputationList", ()),
    ("AWSManagedRulesKnownBadInputsRuleSet", ()),
    (
        "AWSManagedRulesCommonRuleSet",
        (
            "CrossSiteScripting_BODY",
            "EC2MetaDataSSRF_BODY",
            "GenericLFI_BODY",
            "GenericRFI_BODY",
            "NoUserAgent_HEADER",
            "SizeRestrictions_BODY",
        ),
    ),
)
_MOST_UPDATE_REQUESTS = 600
_WINDOW_SECONDS = 300
_TOO_MANY_REQUESTS = 429
_SECRET_HEADERS = ("authorization", "cookie", "x-api-key")
# A prefix that AWS demands.
_LOG_GROUP_PREFIX = "aws-waf-logs-"


class WebAcl(Construct):
    """A web ACL with AWS's own rules, a rate limit on the update API, and a log of all requests.

    It blocks what AWS knows as bad addresses, as exploits, and as attacks of a general kind, and
    one address that sends more than 600 requests in five minutes to the names of the update API:
    one that follows a rollout every two seconds sends 150.

    A data plane is sent long bodies that hold SQL, markup or addresses, by programs that name no
    user agent. So rules of the common rule set about these only count. WAF sees the first 8 KB of a
    body anyway, and no body of gRPC, to which all other rules apply. Sources:
    https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html and
    https://docs.aws.amazon.com/waf/latest/developerguide/web-acl-setting-body-inspection-limit.html

    The headers that carry keys and tokens are left out of the log. Samples of requests, which would
    show them, are not taken. AWS WAF itself adds its right to write the log to a resource policy of
    CloudWatch Logs, for which whoever deploys needs `logs:CreateLogDelivery`,
    `logs:DescribeLogGroups`, `logs:DescribeResourcePolicies` and `logs:PutResourcePolicy`. Sources:
    https://docs.aws.amazon.com/waf/latest/APIReference/API_LoggingConfiguration.html and
    https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html

    Args:
        scope: Where the construct is made.
        construct_id: Its id in `scope`.
        load_balancer: What it protects.
        root_domain: The domain under which the update API has its names.
        encryption_key: The customer's key for the log group. `None` leaves the encryption to AWS.
        removal_policy: What becomes of the log group when it leaves the stack.
    """

    web_acl: wafv2.CfnWebACL
    """The web ACL."""
    log_group: logs.LogGroup
    """What it did with each request."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        load_balancer: elbv2.IApplicationLoadBalancer,
        root_domain: str,
        encryption_key: kms.IKey | None,
        removal_policy: RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        hosts = [f"{name}.{root_domain}" for name in RESERVED_NAMES]
        self.web_acl = wafv2.CfnWebACL(
            self,
            "Resource",
            scope="REGIONAL",
            default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_metrics(Names.unique_resource_name(self, max_length=128)),
            rules=[
                _rate_limit(hosts),
                *(
                    _managed(priority, name, counting)
                    for priority, (name, counting) in enumerate(_RULE_GROUPS, start=1)
                ),
            ],
        )
        self.log_group = new_log_group(
            self,
            "LogGroup",
            log_group_name=self._log_group_name(),
            retention=logs.RetentionDays.ONE_MONTH,
            encryption_key=encryption_key,
            removal_policy=removal_policy,
        )
        wafv2.CfnLoggingConfiguration(
            self,
            "Logging",
            resource_arn=self.web_acl.attr_arn,
            log_destination_configs=[self._log_group_arn()],
            redacted_fields=[
                wafv2.CfnLoggingConfiguration.FieldToMatchProperty(single_header={"Name": header})
                for header in _SECRET_HEADERS
            ],
        )
        wafv2.CfnWebACLAssociation(
            self,
            "Association",
            resource_arn=load_balancer.load_balancer_arn,
            web_acl_arn=self.web_acl.attr_arn,
        )

    def _log_group_name(self) -> str:
        """A name with the prefix that AWS demands, another for each stack that is made.

        The log group of a deployment that has been deleted may be kept, and does not get in the way
        of the next one.
        """
        name = Names.unique_resource_name(self, max_length=200, separator="-")
        stack_uuid = Fn.select(2, Fn.split("/", Stack.of(self).stack_id))
        return f"{_LOG_GROUP_PREFIX}{name}-{stack_uuid}"

    def _log_group_arn(self) -> str:
        """Its ARN as WAF wants it: without the `:*` at the end."""
        return Stack.of(self).format_arn(
            service="logs",
            resource="log-group",
            resource_name=self.log_group.log_group_name,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )


def _rate_limit(hosts: Sequence[str]) -> wafv2.CfnWebACL.RuleProperty:
    """Blocks an address that sends too many requests to some host names, with or without a port.

    Source: https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based-high-level-settings.html
    """
    return wafv2.CfnWebACL.RuleProperty(
        name="UpdateApiRate",
        priority=0,
        action=wafv2.CfnWebACL.RuleActionProperty(
            block=wafv2.CfnWebACL.BlockActionProperty(
                custom_response=wafv2.CfnWebACL.CustomResponseProperty(
                    response_code=_TOO_MANY_REQUESTS
                )
            )
        ),
        statement=wafv2.CfnWebACL.StatementProperty(
            rate_based_statement=wafv2.CfnWebACL.RateBasedStatementProperty(
                aggregate_key_type="IP",
                limit=_MOST_UPDATE_REQUESTS,
                evaluation_window_sec=_WINDOW_SECONDS,
                scope_down_statement=wafv2.CfnWebACL.StatementProperty(
                    or_statement=wafv2.CfnWebACL.OrStatementProperty(
                        statements=[_begins_with(host) for host in hosts]
                    )
                ),
            )
        ),
        visibility_config=_metrics("UpdateApiRate"),
    )


def _begins_with(host: str) -> wafv2.CfnWebACL.StatementProperty:
    return wafv2.CfnWebACL.StatementProperty(
        byte_match_statement=wafv2.CfnWebACL.ByteMatchStatementProperty(
            field_to_match=wafv2.CfnWebACL.FieldToMatchProperty(single_header={"Name": "host"}),
            positional_constraint="STARTS_WITH",
            search_string=host,
            text_transformations=[
                wafv2.CfnWebACL.TextTransformationProperty(priority=0, type="LOWERCASE")
            ],
        )
    )


def _managed(priority: int, name: str, counting: Sequence[str]) -> wafv2.CfnWebACL.RuleProperty:
    """A rule group that AWS keeps up to date."""
    return wafv2.CfnWebACL.RuleProperty(
        name=name,
        priority=priority,
        override_action=wafv2.CfnWebACL.OverrideActionProperty(none={}),
        statement=wafv2.CfnWebACL.StatementProperty(
            managed_rule_group_statement=wafv2.CfnWebACL.ManagedRuleGroupStatementProperty(
                vendor_name="AWS",
                name=name,
                rule_action_overrides=[
                    wafv2.CfnWebACL.RuleActionOverrideProperty(
                        name=rule, action_to_use=wafv2.CfnWebACL.RuleActionProperty(count={})
                    )
                    for rule in counting
                ]
                or None,
            )
        ),
        visibility_config=_metrics(name),
    )


def _metrics(name: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )
