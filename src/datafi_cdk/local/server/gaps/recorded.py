"""Gap: types for which ministack has neither a store nor an API.

CloudFormation records such a resource with its properties and gives it the `Ref` and `Fn::GetAtt`
values that AWS documents, so that a stack which holds one can be deployed. Nothing scales, logs or
is cached: that a stack with such a resource deploys proves nothing about the resource.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from .registry import Created, Properties, ResourceType


def _scalable_target(_logical_id: str, properties: Properties) -> Created:
    target_id = "|".join(
        properties[name] for name in ("ResourceId", "ScalableDimension", "ServiceNamespace")
    )
    return target_id, {"Id": target_id}


def _scaling_policy(_logical_id: str, properties: Properties) -> Created:
    from ministack.core.responses import get_account_id, get_region

    target_id = properties.get("ScalingTargetId", "")
    resource_id, _dimension, namespace = (
        target_id.split("|")
        if target_id
        else (
            properties["ResourceId"],
            properties["ScalableDimension"],
            properties["ServiceNamespace"],
        )
    )
    arn = (
        f"arn:aws:autoscaling:{get_region()}:{get_account_id()}:scalingPolicy:{uuid4()}"
        f":resource/{namespace}/{resource_id}:policyName/{properties['PolicyName']}"
    )
    return arn, {"Arn": arn}


def _web_acl_logging(_logical_id: str, properties: Properties) -> Created:
    return properties["ResourceArn"], {"ManagedByFirewallManager": "false"}


def _regex_pattern_set(logical_id: str, properties: Properties) -> Created:
    return _part_of_waf("regexpatternset", logical_id, properties)


def _rule_group(logical_id: str, properties: Properties) -> Created:
    return _part_of_waf("rulegroup", logical_id, properties)


def _part_of_waf(kind: str, logical_id: str, properties: Properties) -> Created:
    from ministack.core.responses import get_account_id, get_region

    name, part_id = properties.get("Name", logical_id), str(uuid4())
    arn = f"arn:aws:wafv2:{get_region()}:{get_account_id()}:regional/{kind}/{name}/{part_id}"
    return f"{name}|{part_id}|{properties['Scope']}", {"Arn": arn, "Id": part_id}


def _pull_through_cache_rule(_logical_id: str, properties: Properties) -> Created:
    return properties.get("EcrRepositoryPrefix", "ROOT"), {}


def _rotation_schedule(_logical_id: str, properties: Properties) -> Created:
    return properties["SecretId"], {}


def _listener_certificate(logical_id: str, _properties: Properties) -> Created:
    return f"{logical_id}-{uuid4()}", {}


def _recorded(
    name: str,
    identify: Callable[[str, Properties], Created],
    replacing: tuple[str, ...],
    updatable: tuple[str, ...],
) -> ResourceType:
    attributes: dict[str, dict[str, str]] = {}

    def create(logical_id: str, properties: Properties, _stack_name: str) -> Created:
        physical_id, values = identify(logical_id, properties)
        attributes[physical_id] = values
        return physical_id, values

    def update(physical_id: str, _old: Properties, _new: Properties) -> Created:
        return physical_id, attributes[physical_id]

    def delete(physical_id: str, _properties: Properties) -> None:
        attributes.pop(physical_id, None)

    return ResourceType(name, create, update, delete, replacing, updatable)


RESOURCE_TYPES = (
    _recorded(
        "AWS::ApplicationAutoScaling::ScalableTarget",
        _scalable_target,
        ("ResourceId", "ScalableDimension", "ServiceNamespace"),
        ("MaxCapacity", "MinCapacity", "RoleARN", "ScheduledActions", "SuspendedState", "Tags"),
    ),
    _recorded(
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        _scaling_policy,
        ("PolicyName", "ResourceId", "ScalableDimension", "ScalingTargetId", "ServiceNamespace"),
        (
            "PolicyType",
            "PredictiveScalingPolicyConfiguration",
            "StepScalingPolicyConfiguration",
            "TargetTrackingScalingPolicyConfiguration",
        ),
    ),
    _recorded(
        "AWS::WAFv2::LoggingConfiguration",
        _web_acl_logging,
        ("ResourceArn",),
        ("LogDestinationConfigs", "LoggingFilter", "RedactedFields"),
    ),
    _recorded(
        "AWS::WAFv2::RegexPatternSet",
        _regex_pattern_set,
        ("Name", "Scope"),
        ("Description", "RegularExpressionList", "Tags"),
    ),
    _recorded(
        "AWS::WAFv2::RuleGroup",
        _rule_group,
        ("Name", "Scope"),
        ("Capacity", "CustomResponseBodies", "Description", "Rules", "Tags", "VisibilityConfig"),
    ),
    _recorded(
        "AWS::SecretsManager::RotationSchedule",
        _rotation_schedule,
        ("SecretId",),
        (
            "ExternalSecretRotationMetadata",
            "ExternalSecretRotationRoleArn",
            "HostedRotationLambda",
            "RotateImmediatelyOnUpdate",
            "RotationLambdaARN",
            "RotationRules",
        ),
    ),
    _recorded(
        "AWS::ECR::PullThroughCacheRule",
        _pull_through_cache_rule,
        (
            "CredentialArn",
            "CustomRoleArn",
            "EcrRepositoryPrefix",
            "UpstreamRegistry",
            "UpstreamRegistryUrl",
            "UpstreamRepositoryPrefix",
        ),
        (),
    ),
    _recorded(
        "AWS::ElasticLoadBalancingV2::ListenerCertificate",
        _listener_certificate,
        ("Certificates", "ListenerArn"),
        (),
    ),
)

RECORDED_ONLY = tuple(resource_type.name for resource_type in RESOURCE_TYPES)
"""The CloudFormation types that the embedded AWS records and does not make."""
