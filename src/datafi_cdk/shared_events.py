"""The function of a stack that hands events on to the update APIs that they are about."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, cast

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from .bundled_function import bundled_function
from .datafi_service import DatafiService
from .dead_letters import let_rules_invoke
from .errors import Fault
from .function_settings import FunctionSettings
from .managed_policy_role import Permission
from .places import outermost_stack, path_of, stack_of
from .synthesis import refuse
from .update_environment import MOST_BYTES, environment_size

_ID = "DatafiUpdateEvents"
_LONGEST_FUNCTION_NAME = 64
_LONGEST_PATTERN = 2048
_TIMEOUT = Duration.seconds(30)
_STACK_AT_REST = [{"suffix": "_COMPLETE"}, {"suffix": "_FAILED"}]
_ROLLOUT_AT_REST = ["SERVICE_DEPLOYMENT_COMPLETED", "SERVICE_DEPLOYMENT_FAILED"]


def shared_events(
    scope: Construct, settings: FunctionSettings, removal_policy: RemovalPolicy
) -> SharedEvents:
    """What hands events on in the stack of a construct; it is made if there is none yet.

    Args:
        scope: Anything in the stack.
        settings: What the user says of functions; those of the first update API hold.
        removal_policy: What becomes of the log group: it is kept if any update API says so.
    """
    stack = stack_of(scope)
    made = cast(SharedEvents | None, stack.node.try_find_child(_ID))
    if made is None:
        return SharedEvents(stack, settings, removal_policy)
    if removal_policy != RemovalPolicy.DESTROY:
        made.log_group.apply_removal_policy(removal_policy)
    return made


class SharedEvents(Construct):
    """The rules for all update APIs of a stack, and the function that they start.

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
        self._function, self._role, self.log_group, queue = bundled_function(
            self,
            asset="update_api",
            handler="events_handler.handler",
            description="Hands events on to the Datafi update APIs that they are about",
            timeout=_TIMEOUT,
            removal_policy=removal_policy,
            settings=settings,
            environment={},
        )
        let_rules_invoke(self._function, queue)
        target = events.CfnRule.TargetProperty(
            id="Function",
            arn=self._function.function_arn,
            dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=queue.queue_arn),
        )
        self._rollouts = _Rules(self, "Rollouts", target, _of_rollouts)
        self._stacks = _Rules(self, "Stacks", target, _of_stacks)
        self._clusters: set[str] = set()
        self._stack_names: list[str] = []
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
        said_of_stacks = stack_of(self).to_json_string(self._stack_names)
        self._function.add_environment("STACKS", said_of_stacks)
        names = [each.service.service_name for each in services]
        numbers = sorted(
            {self._stack_names.index(outermost_stack(each).stack_name) for each in services}
        )
        name = f"API_{hashlib.sha256(path_of(api).encode()).hexdigest()[:8]}"
        without_function = stack_of(self).to_json_string(["", names, numbers])
        self._bytes += _LONGEST_FUNCTION_NAME
        self._bytes += environment_size(self, services, {name: without_function})
        size = self._bytes + environment_size(self, (), {"STACKS": said_of_stacks})
        refuse(api, [*self._role.faults, *_size_faults(size)])
        said = stack_of(self).to_json_string([function.function_name, names, numbers])
        self._function.add_environment(name, said)

    def _listen(self, service: DatafiService) -> None:
        stack = outermost_stack(service)
        name = service.service.cluster.cluster_name
        if name not in self._clusters:
            self._clusters.add(name)
            arn = stack.format_arn(service="ecs", resource="service", resource_name=f"{name}/")
            self._rollouts.tell([{"prefix": arn}])
        if stack.stack_name not in self._stack_names:
            self._stack_names.append(stack.stack_name)
            arn = stack.format_arn(
                service="cloudformation", resource="stack", resource_name=stack.stack_name
            )
            # With the id of the stack behind its name, as it says, or without, as it shows.
            self._stacks.tell([arn, {"prefix": f"{arn}/"}])


class _Rules:
    """Rules of one kind, as many as it takes to name all that is told of.

    EventBridge takes 2048 characters in a pattern. Source:
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html

    Args:
        scope: Where they are made.
        name: The id of the first, with which those of the others begin.
        target: What they start.
        pattern: Makes the pattern of what is named.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        target: events.CfnRule.TargetProperty,
        pattern: Callable[[list[Any]], dict[str, Any]],
    ) -> None:
        self._scope, self._name, self._target, self._pattern = scope, name, target, pattern
        self._count = 0
        self._begin()

    def tell(self, named: list[Any]) -> None:
        """Name more.

        Args:
            named: What stands in a list of the pattern.
        """
        if self._named and self._size([*self._named, *named]) > _LONGEST_PATTERN:
            self._begin()
        self._named += named
        self._rule.event_pattern = self._pattern(self._named)

    def _begin(self) -> None:
        self._count += 1
        number = "" if self._count == 1 else str(self._count)
        self._rule = events.CfnRule(
            self._scope, f"{self._name}{number}", state="ENABLED", targets=[self._target]
        )
        self._named: list[Any] = []

    def _size(self, named: list[Any]) -> int:
        text = stack_of(self._scope).to_json_string(self._pattern(named))
        return environment_size(self._scope, (), {"": text})


def _of_rollouts(services: list[Any]) -> dict[str, Any]:
    return {
        "source": ["aws.ecs"],
        "detail-type": ["ECS Deployment State Change"],
        "resources": services,
        "detail": {"eventName": _ROLLOUT_AT_REST},
    }


def _of_stacks(ids: list[Any]) -> dict[str, Any]:
    return {
        "source": ["aws.cloudformation"],
        "detail-type": ["CloudFormation Stack Status Change"],
        "detail": {"stack-id": ids, "status-details": {"status": _STACK_AT_REST}},
    }


def _size_faults(size: int) -> list[Fault]:
    if size <= MOST_BYTES:
        return []
    allowed = f"in a stack with so few update APIs that {MOST_BYTES} bytes name them"
    remedy = "let services share an update API, or make it in another stack"
    return [Fault("the update API", allowed, f"about {size} bytes", remedy)]
