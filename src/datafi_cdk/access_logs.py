"""Logs of all requests to a load balancer, in a bucket."""

from __future__ import annotations

from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from .places import stack_of

_WRITER = "logdelivery.elasticloadbalancing.amazonaws.com"


def write_access_logs(load_balancer: elbv2.ApplicationLoadBalancer, bucket: s3.IBucket) -> None:
    """Let a load balancer write its access logs to a bucket.

    CDK's own method names the account that AWS writes from, which differs by region, and so needs
    to know the region. The service's name is the same everywhere. Source:
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html

    Args:
        load_balancer: The load balancer. It waits for the bucket's policy, as it writes to the
            bucket once when it is made, and goes before a bucket that is emptied at deletion.
        bucket: The bucket. The policy of an imported one is left to its owner.
    """
    account = stack_of(load_balancer).account
    result = bucket.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal(_WRITER)],
            actions=["s3:PutObject"],
            resources=[bucket.arn_for_objects(f"AWSLogs/{account}/*")],
        )
    )
    if result.policy_dependable:
        load_balancer.node.add_dependency(result.policy_dependable, bucket)
    load_balancer.set_attribute("access_logs.s3.enabled", "true")
    load_balancer.set_attribute("access_logs.s3.bucket", bucket.bucket_name)
