"""Functions that CDK itself adds to a stack, to which nobody can give options."""

from __future__ import annotations

from aws_cdk import CfnResource
from constructs import Construct

from .acknowledgments import skip_check
from .places import stack_of
from .provider_logs import Provider

_PROVIDERS = (Provider.EMPTY_BUCKET, Provider.DEFAULT_SECURITY_GROUP)
_CHECKS = {
    "CKV_AWS_115": "CDK's function: it runs in deployments only, once for each resource.",
    "CKV_AWS_116": "CDK's function: CloudFormation waits for its answer and reports what fails.",
    "CKV_AWS_117": "CDK's function: it calls AWS APIs only and nothing in a VPC.",
}


def skip_provider_checks(scope: Construct) -> None:
    """Have checkov leave out what cannot be set on the functions that CDK has made so far.

    Args:
        scope: Anything in the stack.
    """
    for provider in _PROVIDERS:
        made = stack_of(scope).node.try_find_child(provider.value)
        function = made.node.try_find_child("Handler") if made else None
        if isinstance(function, CfnResource):
            for check, reason in _CHECKS.items():
                skip_check(function, check, reason)
