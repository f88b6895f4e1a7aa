"""A Lambda function as the target of a load balancer."""

from __future__ import annotations

from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_elasticloadbalancingv2_targets as elbv2_targets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from .places import stack_of

_LOAD_BALANCERS = "elasticloadbalancing.amazonaws.com"


def lambda_target_group(
    scope: Construct, construct_id: str, function: lambda_.Function
) -> elbv2.ApplicationTargetGroup:
    """A target group that leads to a function, which only load balancers of this account invoke.

    The ARN of the target group cannot be demanded as well: the permission must be there before
    the target group takes the function. Source:
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html

    Args:
        scope: Where the target group is made.
        construct_id: Its id in `scope`.
        function: The function, which has no other target group.
    """
    target_group = elbv2.ApplicationTargetGroup(
        scope,
        construct_id,
        target_type=elbv2.TargetType.LAMBDA,
        targets=[elbv2_targets.LambdaTarget(function)],
    )
    for child in function.node.children:
        if isinstance(child, lambda_.CfnPermission) and child.principal == _LOAD_BALANCERS:
            child.source_account = stack_of(scope).account
    return target_group
