"""The function of a stack that hands events on to the update APIs that they are about."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, cast

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from .bundled_function import bundled_function
from .datafi_service import DatafiService
from .dead_letters import let_rules_send
from .errors import Fault
from .function_settings import FunctionSettings
from .managed_policy_role import Permission
from .places import outermost_stack, path_of, stack_of
from .synthesis import refuse
from .update_environment import MOST_BYTES, environment_size

_ID = "DatafiUpdateEvents"
_LONGEST_FUNCTION_NAME = 64
_TIMEOUT = Duration.seconds(30)
_STACK_AT_REST = [{"suffix": "_COMPLETE"}, {"suffix": "_FAILED"}]
_ROLLOUT_AT_REST = ["SERVICE_DEPLOYMENT_COMPLETED", "SERVICE_DEPLOYMENT_FAILED"]


def shared_events(
    scope: Construct, settings: FunctionSettings, removal_policy: RemovalPolicy
) -> SharedEvents:
    """What hands events on in the stack of a construct; it is made if there is none yet.

    Args:
        scope: Anything in the stack.
        settings: What the user says of functions, for a new one.
        removal_policy: What becomes of the log group of a new one.
    """
    stack = stack_of(scope)
    made = stack.node.try_find_child(_ID)
    return cast(SharedEvents, made) if made else SharedEvents(stack, settings, removal_policy)


class SharedEvents(Construct):
    """Two rules for all update APIs of a stack, and the function that they start.

    Rules of its own for each service would take three resources of the 500 that a stack has. A rule
    has at most five targets, so that the function leads each event to those that it is about. It
    may invoke them and do nothing else. Sources:
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html,
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html,
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/event-detail-stack-status-change.html

    Args:
        scope: The stack.
        settings: What the user says of its function.
        removal_policy: What becomes of its log group when it leaves the stack.
    """

    def __init__(
        self, scope: Construct, settings: FunctionSettings, removal_policy: RemovalPolicy
    ) -> None:
        super().__init__(scope, _ID)
        self._function, self._role, _, queue = bundled_function(
            self,
            asset="update_api",
            handler="events_handler.handler",
            description="Hands events on to the Datafi update APIs that they are about",
            timeout=_TIMEOUT,
            removal_policy=removal_policy,
            settings=settings,
            environment={},
        )
        let_rules_send(queue)
        self._function.add_permission(
            "Events",
            principal=iam.ServicePrincipal("events.amazonaws.com"),
            source_arn=stack_of(scope).format_arn(
                service="events", resource="rule", resource_name="*"
            ),
        )
        target = events.CfnRule.TargetProperty(
            id="Function",
            arn=self._function.function_arn,
            dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=queue.queue_arn),
        )
        self._rollouts, self._stacks = (
            events.CfnRule(self, name, state="ENABLED", targets=[target])
            for name in ("Rollouts", "Stacks")
        )
        self._services_of: dict[str, dict[str, str]] = {}
        self._stacks_told: dict[str, list[Any]] = {}
        self._bytes = 0

    def lead(
        self, api: Construct, function: lambda_.Function, services: Sequence[DatafiService]
    ) -> None:
        """Have the function of an update API told of its services.

        Args:
            api: The update API.
            function: Its function.
            services: The services, none of a fixed version.

        Raises:
            InvalidInputError: The stack has more update APIs than it can lead events to.
        """
        self._role.allow([Permission(["lambda:InvokeFunction"], [function.function_arn])])
        for service in services:
            self._listen(service)
        names = [each.service.service_name for each in services]
        stacks = list(self._stacks_told)
        numbers = sorted({stacks.index(outermost_stack(each).stack_name) for each in services})
        name = f"API_{hashlib.sha256(path_of(api).encode()).hexdigest()[:8]}"
        without_function = stack_of(self).to_json_string(["", names, numbers])
        self._bytes += _LONGEST_FUNCTION_NAME + environment_size(self, {name: without_function})
        refuse(api, [*self._role.faults, *self._faults()])
        said = stack_of(self).to_json_string([function.function_name, names, numbers])
        self._function.add_environment(name, said)

    def _faults(self) -> list[Fault]:
        if self._bytes <= MOST_BYTES:
            return []
        allowed = f"in a stack with so few update APIs that {MOST_BYTES} bytes name them"
        remedy = "let services share an update API, or make it in another stack"
        return [Fault("the update API", allowed, f"about {self._bytes} bytes", remedy)]

    def _listen(self, service: DatafiService) -> None:
        stack = outermost_stack(service)
        name = service.service.cluster.cluster_name
        if name not in self._services_of:
            prefix = stack.format_arn(service="ecs", resource="service", resource_name=f"{name}/")
            self._services_of[name] = {"prefix": prefix}
            self._rollouts.event_pattern = {
                "source": ["aws.ecs"],
                "detail-type": ["ECS Deployment State Change"],
                "resources": list(self._services_of.values()),
                "detail": {"eventName": _ROLLOUT_AT_REST},
            }
        if stack.stack_name in self._stacks_told:
            return
        arn = stack.format_arn(
            service="cloudformation", resource="stack", resource_name=stack.stack_name
        )
        # With the id of the stack behind its name, as it says, or without, as it shows.
        self._stacks_told[stack.stack_name] = [arn, {"prefix": f"{arn}/"}]
        self._function.add_environment(
            "STACKS", stack_of(self).to_json_string(list(self._stacks_told))
        )
        self._stacks.event_pattern = {
            "source": ["aws.cloudformation"],
            "detail-type": ["CloudFormation Stack Status Change"],
            "detail": {
                "stack-id": [each for pair in self._stacks_told.values() for each in pair],
                "status-details": {"status": _STACK_AT_REST},
            },
        }
