"""Where events go that a function could not deal with."""

from __future__ import annotations

from typing import cast

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from .acknowledgments import acknowledge, skip_check
from .errors import Fault
from .places import stack_of
from .secret_access import grant_key
from .synthesis import elsewhere_faults, refuse
from .validation import interface_faults

_QUEUE = "DatafiDeadLetters"
_LONGEST = Duration.days(14)


def dead_letter_faults(queue: sqs.IQueue | None) -> list[Fault]:
    """A queue that Lambda and EventBridge cannot write to.

    Sources: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html,
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html and
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
    """
    if queue is None:
        return []
    allowed = "a queue of SQS (IQueue)"
    faults = interface_faults("dead_letter_queue", queue, "queue_arn", allowed)
    if not faults and queue.fifo:
        remedy = "hand in a standard queue"
        faults = [Fault("dead_letter_queue", "a standard queue", "a FIFO queue", remedy)]
    if not faults and queue.encryption_type == sqs.QueueEncryption.KMS_MANAGED:
        allowed = "encrypted by SQS or with a customer-managed key, as EventBridge can use no other"
        remedy = "hand in a queue with encryption=sqs.QueueEncryption.SQS_MANAGED"
        given = "one with the key that AWS manages (aws/sqs)"
        faults = [Fault("dead_letter_queue", allowed, given, remedy)]
    return faults


def dead_letters(
    scope: Construct, given: sqs.IQueue | None, removal_policy: RemovalPolicy
) -> sqs.IQueue:
    """The user's queue, or the one of the stack, which all functions share.

    Args:
        scope: Whose stack it is.
        given: The user's queue.
        removal_policy: What becomes of the stack's when it leaves the stack: it is kept if any
            function says so.

    Raises:
        InvalidInputError: The user's queue is of another app or region.
    """
    refuse(scope, elsewhere_faults(scope, dead_letter_queue=given))
    if given:
        return given
    stack = stack_of(scope)
    queue = queue_of(stack) or _new_queue(stack)
    if removal_policy != RemovalPolicy.DESTROY:
        queue.apply_removal_policy(removal_policy)
    return queue


def queue_of(stack: Stack) -> sqs.Queue | None:
    """The queue that the functions of a stack share, if one of them has it.

    Args:
        stack: The stack.
    """
    return cast(sqs.Queue | None, stack.node.try_find_child(_QUEUE))


def grant_send(role: iam.IRole, queue: sqs.IQueue) -> None:
    """Let a function use the key of a queue; CDK lets it write to the queue itself.

    Source:
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html

    Args:
        role: The function's role.
        queue: The queue.
    """
    key = queue.encryption_master_key
    if key:
        grant_key(queue, role, key.key_arn, ["kms:Decrypt", "kms:GenerateDataKey"])


def let_rules_send(queue: sqs.IQueue) -> None:
    """Let the account's rules write to a queue, and use its key, for what they could not deliver.

    One statement is for all of them, as a policy takes twenty at most. EventBridge has no role
    here, so that a key of the customer's has to name it. Policies of what is imported are its
    owner's. Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html,
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html
    and
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html

    Args:
        queue: The queue.
    """
    key = queue.encryption_master_key
    if key:
        key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("events.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],
                conditions={"StringEquals": {"aws:SourceAccount": stack_of(key).account}},
            )
        )
    rules = stack_of(queue).format_arn(service="events", resource="rule", resource_name="*")
    queue.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal("events.amazonaws.com")],
            actions=["sqs:SendMessage"],
            resources=[queue.queue_arn],
            conditions={"ArnLike": {"aws:SourceArn": rules}},
        )
    )


def let_rules_invoke(function: lambda_.Function, queue: sqs.IQueue) -> None:
    """Let the account's rules invoke a function, and write what they could not hand on to a queue.

    One permission is for all of them, as the policy of a function takes 20 KB.

    Args:
        function: The function.
        queue: The queue.
    """
    let_rules_send(queue)
    function.add_permission(
        "Events",
        principal=iam.ServicePrincipal("events.amazonaws.com"),
        source_arn=stack_of(function).format_arn(
            service="events", resource="rule", resource_name="*"
        ),
    )


def new_queue(
    scope: Construct,
    construct_id: str,
    *,
    holds: str,
    removal_policy: RemovalPolicy,
    dead_letter_queue: sqs.DeadLetterQueue | None = None,
) -> sqs.Queue:
    """A queue that keeps events for people for two weeks, the longest that SQS keeps them.

    Args:
        scope: Where it is made.
        construct_id: Its id in `scope`.
        holds: What the events hold, for who reviews that no key of the customer's encrypts them.
        removal_policy: What becomes of it when it leaves the stack.
        dead_letter_queue: Where events go that are read too often.
    """
    queue = sqs.Queue(
        scope,
        construct_id,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=_LONGEST,
        dead_letter_queue=dead_letter_queue,
        removal_policy=removal_policy,
    )
    skip_check(
        cast(sqs.CfnQueue, queue.node.default_child),
        "CKV_AWS_27",
        f"It is encrypted with a key of SQS: the events that it holds {holds}.",
    )
    return queue


def _new_queue(stack: Stack) -> sqs.Queue:
    queue = new_queue(
        stack,
        _QUEUE,
        holds="name resources, and no secret but the address at which CloudFormation takes an"
        " answer for some hours",
        removal_policy=RemovalPolicy.DESTROY,
    )
    acknowledge(
        queue,
        "Serverless::Serverless-SQSRedrivePolicy",
        "It is the dead-letter queue itself: what it holds has failed for good and waits for a"
        " person, and a further queue behind it would need one in turn.",
    )
    return queue
