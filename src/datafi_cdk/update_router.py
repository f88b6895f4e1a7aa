"""UpdateRouter: answers updates that name no service in their path, as older callers send them."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from .bundled_function import bundled_function
from .errors import Fault
from .function_settings import FunctionSettings
from .ingress_base import IngressBase
from .lambda_target import lambda_target_group
from .places import stack_of
from .synthesis import concrete, refuse, removal_policy_faults
from .update_api import UpdateApi, update_hosts
from .update_api_faults import refuse_ingress
from .update_environment import service_type
from .validation import kind_of, priority_faults

__all__ = ["UpdateRouter"]

# More than the functions that it waits for have.
_TIMEOUT = Duration.seconds(130)


class UpdateRouter(Construct):
    """Leads updates that are posted to `/` to the service that they mean, one per ingress.

    A load balancer cannot route by a body. `"target": "CO"` means the coordinator, `"target": "ES"`
    or none the edge server, if there is one only; with several it answers 400 and names their
    paths. It checks no key: the function that it hands the request to does. It may invoke those
    functions and do nothing else.

    Args:
        scope: Where the construct is made.
        construct_id: Its id in `scope`.
        ingress: The load balancer.
        update_apis: The update APIs behind it, at least one; none with `callers`.
        vpc: A VPC with a way to AWS, in which its function runs. The load balancer reaches it
            without. Default: none.
        vpc_subnets: Its subnets there, private ones. Default: private ones with a way out.
        dead_letter_queue: Where events go that the function could not deal with. Default: a queue
            that all functions of the library share in the stack.
        encryption_key: The customer's key for its log group and variables. Default: keys of AWS.
        reserved_concurrent_executions: How many requests it answers at once, 1 or more. Default:
            what the account has left.
        http_rule_priority: The priority of its rule, 1 to 50000. Default: it follows from hosts and
            path.
        removal_policy: What becomes of its log group when it leaves the stack. Default: retained.

    Raises:
        InvalidInputError: An argument cannot work, or the ingress has a router already.

    Example:
        ```python
        UpdateRouter(self, "UpdateRouter", ingress=ingress, update_apis=[es_updates, co_updates])
        ```
    """

    function: lambda_.Function
    """The Lambda that answers."""
    log_group: logs.LogGroup
    """Where its log goes."""
    target_group: elbv2.ApplicationTargetGroup
    """The target group that leads to the Lambda."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        ingress: IngressBase,
        update_apis: Sequence[UpdateApi],
        vpc: ec2.IVpc | None = None,
        vpc_subnets: ec2.SubnetSelection | None = None,
        dead_letter_queue: sqs.IQueue | None = None,
        encryption_key: kms.IKey | None = None,
        reserved_concurrent_executions: int | None = None,
        http_rule_priority: int | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        settings = FunctionSettings(
            vpc=vpc,
            vpc_subnets=vpc_subnets,
            dead_letter_queue=dead_letter_queue,
            encryption_key=encryption_key,
            reserved_concurrent_executions=reserved_concurrent_executions,
        )
        refuse_ingress(self, ingress)
        refuse(
            self,
            [
                *_api_faults(update_apis, ingress),
                *settings.faults(),
                *priority_faults("http_rule_priority", concrete(http_rule_priority)),
                *removal_policy_faults(removal_policy),
            ],
        )
        functions: dict[str, dict[str, str]] = {"ES": {}, "CO": {}}
        for api in update_apis:
            for service in api.services:
                functions[service_type(service)][service.name] = api.function.function_name
        self.function, role, self.log_group, _ = bundled_function(
            self,
            asset="update_api",
            handler="router_handler.handler",
            description="Leads Datafi updates to the service that they mean",
            timeout=_TIMEOUT,
            removal_policy=removal_policy,
            settings=settings,
            environment={"FUNCTIONS": stack_of(self).to_json_string(functions)},
        )
        role.add_to_principal_policy(
            iam.PolicyStatement(
                actions=["lambda:InvokeFunction"],
                resources=[api.function.function_arn for api in update_apis],
            )
        )
        self.target_group = lambda_target_group(self, "TargetGroup", self.function)
        ingress.add_http_rule(
            self,
            "Rule",
            hosts=update_hosts(ingress),
            paths=["/"],
            target_group=self.target_group,
            priority=http_rule_priority,
        )


def _api_faults(update_apis: Sequence[UpdateApi], ingress: IngressBase) -> list[Fault]:
    allowed, remedy = "a list of at least one UpdateApi", "hand in the update APIs"
    if not isinstance(update_apis, Sequence) or isinstance(update_apis, str):
        return [Fault("update_apis", allowed, kind_of(update_apis), remedy)]
    if not update_apis:
        return [Fault("update_apis", allowed, "an empty one", remedy)]
    faults = []
    for api in update_apis:
        if not isinstance(api, UpdateApi):
            given = f"a list with {kind_of(api)} in it"
            faults.append(Fault("update_apis", allowed, given, remedy))
        elif api.ingress is not ingress:
            allowed = f"those of {ingress.node.path}"
            given = f"{api.node.path} of {api.ingress.node.path}"
            faults.append(Fault("update_apis", allowed, given, "hand in their ingress"))
        elif api.function_url is not None:
            allowed = "those that ask for a key, as the router checks nobody"
            given = f"{api.node.path} with callers"
            faults.append(Fault("update_apis", allowed, given, "leave it out"))
    return faults
