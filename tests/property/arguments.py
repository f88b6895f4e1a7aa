"""What the arguments of the constructs may be, as data, and how the data becomes an argument.

A value that JSON cannot hold is `{"$": kind, "of": what}`; `decoded` makes it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from datafi_cdk import (
    AutoScaling,
    Coordinator,
    EdgeDns,
    EdgeMonitoring,
    EdgeNetwork,
    EdgeServer,
    EdgeStorage,
    ImageVersion,
    PullThroughCache,
    ServerlessEdgeServer,
    ServiceOptions,
    SharedIngress,
    UpdateApi,
    UpdateFreeze,
    UpdateRouter,
    UpdateWindow,
)
from aws_cdk import App, Duration, RemovalPolicy, SecretValue, Size, Stack, Token
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from config_values import CANARY, EXAMPLES, SECRETS, arn
from constructs import Construct


def special(kind: str, of: Any = None) -> dict[str, Any]:
    """A value that JSON cannot hold."""
    return {"$": kind, "of": of}


def seconds(number: float) -> dict[str, Any]:
    """A duration."""
    return special("seconds", number)


_SECRETS = [special("secret", each) for each in SECRETS[:2]]
_KEYS = [special("key"), special("new key")]
_GROUPS = [[special("group", each)] for each in EXAMPLES["security_group_ids"]]
_CHECKS = [
    special("check", {"path": "/health", "interval": 10, "timeout": 5}),
    special("check", {"healthy_threshold_count": 2, "port": "8080"}),
]
_SUBNETS = [special("subnets", kind) for kind in ("PUBLIC", "PRIVATE_WITH_EGRESS")]
_ROLES = [special("role", name) for name in ("task", "other")]
_POLICIES = [
    special("removal", each) for each in ("DESTROY", "RETAIN", "RETAIN_ON_UPDATE_OR_DELETE")
]

ARGUMENTS: Mapping[str, list[Any]] = {
    "access_logs": [True, False],
    "access_logs_bucket": [special("bucket", "acme-logs"), special("new bucket")],
    "alarm_topic": [special("topic"), special("new topic")],
    "allowed_cidrs": [["203.0.113.0/24"], ["2001:db8::/32", "10.0.0.0/8"]],
    "allowed_prefix_lists": [EXAMPLES["allowed_prefix_list_ids"]],
    "allowed_security_groups": _GROUPS,
    "allowed_tags": [["v*"], ["latest", "?.?"]],
    "architecture": [special("lambda architecture")],
    "assign_public_ip": [True, False],
    "auto_scaling": [
        special("scaling", {"min": 1, "max": 3, "cpu_percent": 50}),
        special("scaling", {"min": 0, "max": 5, "requests_per_target": 100}),
    ],
    "bucket": [special("bucket", "acme-results"), special("new bucket")],
    "bedrock_models": [EXAMPLES["bedrock_models"], []],
    "callers": [[special("role", "caller")], [special("new role")]],
    "capacity_provider_strategies": [
        [special("strategy", {"capacity_provider": "FARGATE_SPOT", "weight": 1})],
        [
            special("strategy", {"capacity_provider": "FARGATE", "base": 1, "weight": 0}),
            special("strategy", {"capacity_provider": "FARGATE_SPOT", "weight": 3}),
        ],
    ],
    "certificate": [special("certificate")],
    "circuit_breaker": [special("breaker", True), special("breaker", False)],
    "cpu": [1024, 256, 512, 2048, 16384],
    "cpu_architecture": [special("task architecture")],
    "datafi_registry": EXAMPLES["registry"],
    "datafi_registry_credentials": [special("cached secret", "azure")],
    "dead_letter_queue": [special("queue"), special("new queue")],
    "delegation_role": [special("role", "delegation")],
    "deletion_protection": [True, False],
    "deployment_alarms": [special("alarms", ["unhealthy"])],
    "deregistration_delay": [seconds(0), seconds(30), seconds(3600)],
    "desired_count": [0, 1, 2, 10],
    "docker_hub_credentials": [special("cached secret", "hub")],
    "dual_stack": [True, False],
    "egress_provided": [True, False],
    "enable_execute_command": [True, False],
    "enable_hosted_zone": [True, False],
    "encryption_key": _KEYS,
    "environment": [{"CACHE_LIFE": "1800"}, {"LOG_LEVEL": "DEBUG"}],
    "environment_encryption": _KEYS,
    "ephemeral_storage_gib": [21, 200],
    "ephemeral_storage_size": [special("mebibytes", 512), special("mebibytes", 10240)],
    "every_path": [True, False],
    "execution_role": _ROLES,
    "extensions": [[]],
    "flow_log_retention": [special("retention", "ONE_WEEK")],
    "flow_logs": [True, False],
    "grpc_health_check": [special("check", {"path": "/a.B/C", "healthy_grpc_codes": "0,12"})],
    "grpc_over_https": [True, False],
    "grpc_port": [50051, 9090],
    "grpc_rule_priority": [1, 25000, 50000],
    "health_check_grace_period": [seconds(0), seconds(300)],
    "hosted_zone": [special("zone", "edge.example.com"), special("zone", "example.com")],
    "http_health_check": _CHECKS,
    "http_port": [80, 8080],
    "http_rule_priority": [25001, 40000, 50000],
    "idle_timeout": [seconds(1), seconds(60), seconds(4000)],
    "image": [special("image"), special("registry image")],
    "image_digest": EXAMPLES["image_digest"],
    "image_tag": EXAMPLES["image_tag"],
    "image_version": [special("fixed", "v1"), special("parameter", "/acme/es")],
    "interface_endpoints": [[special("endpoint", "kms")], []],
    "internal": [True, False],
    "ip_addresses": [special("addresses", "10.3.0.0/16")],
    "jwt_jwks_secret": [special("secret", SECRETS[3])],
    "log_group": [special("log group"), special("new log group")],
    "log_retention": [special("retention", "ONE_DAY"), special("retention", "TEN_YEARS")],
    "logging": [special("aws logs")],
    "max_azs": [2, 3],
    "max_healthy_percent": [200, 150],
    "max_rules": [100, 200],
    "memory_limit_mib": [2048, 4096, 512],
    "memory_size": [128, 10240],
    "min_healthy_percent": [0, 50, 100],
    "nat_gateways": [0, 1, 2],
    "parent_zone": [special("zone", "example.com")],
    "priority_range": [special("tuple", [1, 50000]), special("tuple", [1000, 1999])],
    "private_zone_vpc": [special("the vpc")],
    "public_subnets": [True, False],
    "record_per_service": [True, False],
    "redeploy_on_rotation": [True, False],
    "registry": EXAMPLES["registry"],
    "registry_credentials": [special("secret", SECRETS[2])],
    "removal_policy": _POLICIES,
    "repository": [special("repository")],
    "repository_prefix": EXAMPLES["repository_prefix"],
    "reserved_concurrent_executions": [1, 100],
    "role": _ROLES,
    "root_domain": ["edge.example.com"],
    "rotate_after": [special("days", 7)],
    "rotation_function": [special("function")],
    "secret": [*_SECRETS, special("new secret")],
    "secret_variables": [["KEY"], {"KEY": "a", "OTHER": "b"}],
    "secrets": [{"TOKEN": special("ecs secret")}],
    "security_groups": _GROUPS,
    "server_access_logs_bucket": [special("bucket", "acme-logs"), special("new bucket")],
    "ssl_policy": [special("ssl policy", "RECOMMENDED_TLS"), special("ssl policy", "TLS13_13")],
    "task_role": _ROLES,
    "timeout": [seconds(28), seconds(898), seconds(1)],
    "update_freezes": [[special("freeze", EXAMPLES["start"])]],
    "update_windows": [[special("window", {"start": "22:00", "hours": 4})]],
    "validation_zone": [special("zone", "example.com")],
    "vpc_subnets": _SUBNETS,
    "vpc": [special("the vpc")],
    "web_acl": [True, False],
    "web_acl_arn": EXAMPLES["web_acl_arn"],
}
"""Right values by the name of the argument."""

COMPOSED = (
    "cloud_map_namespace",
    "cluster",
    "dns",
    "ingress",
    "name",
    "pull_through_cache",
    "services",
    "storage",
    "update_apis",
)
"""Arguments that are other parts of the composition."""

WRONG: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    10**12,
    "",
    "x",
    "a b",
    "Ü",
    [],
    {},
    [None],
    ["a", "a"],
    {"x": 1},
    *(
        special("wrong", kind)
        for kind in (
            "object",
            "nan",
            "bytes",
            "class",
            "secret value",
            "token",
            "token number",
            "token list",
            "stack",
            "lambda",
            "set",
            "tuple",
            "infinite",
            "other app",
        )
    ),
    CANARY,
    [CANARY],
    {"KEY": CANARY},
    {CANARY: "x"},
    seconds(-1),
    seconds(0.5),
    seconds(10**9),
    special("seconds token"),
    special("secret", SECRETS[0]),
    special("group", "sg-1a2b3c4d"),
    special("removal", "SNAPSHOT"),
    special("subnets", "PRIVATE_ISOLATED"),
    special("zone", "other.org"),
    special("check", {"timeout": 30}),
    special("foreign key"),
    special("new bucket with key"),
]
"""Values of which most are wrong wherever they stand."""

CONSTRUCTS: Mapping[str, list[Any]] = {
    "network": [EdgeNetwork],
    "dns": [EdgeDns],
    "ingress": [SharedIngress, SharedIngress.from_attributes, SharedIngress.from_listeners],
    "edge": [EdgeServer, ServiceOptions],
    "coordinator": [Coordinator, ServiceOptions],
    "serverless": [ServerlessEdgeServer],
    "storage": [EdgeStorage],
    "cache": [PullThroughCache],
    "update": [UpdateApi],
    "router": [UpdateRouter],
    "monitoring": [EdgeMonitoring],
}


def arguments_of(callables: list[Any]) -> list[str]:
    """The names of the arguments that one of some callables takes."""
    found: dict[str, None] = {}
    for each in callables:
        if each is ServiceOptions:
            found |= dict.fromkeys(ServiceOptions.__annotations__)
            continue
        called = each.__init__ if isinstance(each, type) else each
        for name, parameter in inspect.signature(called).parameters.items():
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
                found[name] = None
    return list(found)


class Maker:
    """Makes arguments of data.

    Args:
        scope: Where what is imported or made has its place.
        vpc: The network of the composition.
    """

    def __init__(self, scope: Construct, vpc: ec2.IVpc | None = None) -> None:
        """Start counting ids."""
        self._scope = scope
        self._vpc = vpc
        self._count = 0

    def decoded(self, value: Any) -> Any:
        """What some data stand for."""
        if isinstance(value, list):
            return [self.decoded(entry) for entry in value]
        if isinstance(value, dict) and "$" in value:
            return _MADE[value["$"]](self, value["of"])
        if isinstance(value, dict):
            return {key: self.decoded(entry) for key, entry in value.items()}
        return value

    def at(self) -> tuple[Construct, str]:
        """A place for the next construct."""
        self._count += 1
        return self._scope, f"Made{self._count}"

    def check(self, of: dict[str, Any]) -> elbv2.HealthCheck:
        """A health check."""
        times = {key: Duration.seconds(of[key]) for key in ("interval", "timeout") if key in of}
        return elbv2.HealthCheck(**{**of, **times})

    @property
    def vpc(self) -> ec2.IVpc | None:
        """The network."""
        return self._vpc


def _wrong(maker: Maker, kind: str) -> Any:
    return {
        "object": object(),
        "nan": float("nan"),
        "bytes": b"x",
        "class": dict,
        "secret value": SecretValue.unsafe_plain_text(CANARY),
        "token": Token.as_string({"Ref": "AWS::NoValue"}),
        "token number": Token.as_number({"Ref": "AWS::NoValue"}),
        "token list": Token.as_list({"Ref": "AWS::NoValue"}),
        "stack": maker.at()[0],
        "lambda": lambda: None,
        "set": {"x"},
        "tuple": (1,),
        "infinite": float("inf"),
        "other app": Stack(App(), "Other"),
    }[kind]


def _key(maker: Maker, account: str | None = None) -> kms.IKey:
    found = EXAMPLES_KEY if account is None else EXAMPLES_KEY.replace("111111111111", account)
    return kms.Key.from_key_arn(*maker.at(), found)


EXAMPLES_KEY = arn("kms", "key/1a2b3c4d-0000-4000-8000-000000000000")

_MADE: Mapping[str, Callable[[Maker, Any], Any]] = {
    "addresses": lambda m, of: ec2.IpAddresses.cidr(of),
    "alarms": lambda m, of: ecs.DeploymentAlarmConfig(alarm_names=of),
    "aws logs": lambda m, of: ecs.LogDriver.aws_logs(stream_prefix="es"),
    "breaker": lambda m, of: ecs.DeploymentCircuitBreaker(rollback=of),
    "bucket": lambda m, of: s3.Bucket.from_bucket_name(*m.at(), of),
    "cached secret": lambda m, of: secretsmanager.Secret.from_secret_complete_arn(
        *m.at(), arn("secretsmanager", f"secret:ecr-pullthroughcache/{of}-AbCdEf")
    ),
    "certificate": lambda m, of: acm.Certificate.from_certificate_arn(
        *m.at(), EXAMPLES["certificate_arn"][0]
    ),
    "check": Maker.check,
    "days": lambda m, of: Duration.days(of),
    "ecs secret": lambda m, of: ecs.Secret.from_secrets_manager(
        secretsmanager.Secret.from_secret_complete_arn(*m.at(), SECRETS[1]), "token"
    ),
    "endpoint": lambda m, of: ec2.InterfaceVpcEndpointAwsService(of),
    "fixed": lambda m, of: ImageVersion.fixed(of),
    "foreign key": lambda m, of: _key(m, "222222222222"),
    "freeze": lambda m, of: UpdateFreeze(start=of[0], end=of[1]),
    "function": lambda m, of: lambda_.Function.from_function_attributes(
        *m.at(), function_arn=arn("lambda", "function:rotate"), same_environment=True
    ),
    "group": lambda m, of: ec2.SecurityGroup.from_security_group_id(*m.at(), of),
    "image": lambda m, of: ecs.ContainerImage.from_ecr_repository(
        ecr.Repository.from_repository_name(*m.at(), "es"), "v1"
    ),
    "key": lambda m, of: _key(m),
    "lambda architecture": lambda m, of: lambda_.Architecture.ARM_64,
    "log group": lambda m, of: logs.LogGroup.from_log_group_name(*m.at(), "/acme/datafi"),
    "mebibytes": lambda m, of: Size.mebibytes(of),
    "new bucket": lambda m, of: s3.Bucket(*m.at()),
    "new bucket with key": lambda m, of: s3.Bucket(*m.at(), encryption=s3.BucketEncryption.KMS),
    "new key": lambda m, of: kms.Key(*m.at()),
    "new log group": lambda m, of: logs.LogGroup(*m.at()),
    "new queue": lambda m, of: sqs.Queue(*m.at()),
    "new role": lambda m, of: iam.Role(*m.at(), assumed_by=iam.AccountRootPrincipal()),
    "new secret": lambda m, of: secretsmanager.Secret(*m.at()),
    "new topic": lambda m, of: sns.Topic(*m.at()),
    "parameter": lambda m, of: ImageVersion.from_parameter_name(of),
    "queue": lambda m, of: sqs.Queue.from_queue_arn(*m.at(), arn("sqs", "letters")),
    "registry image": lambda m, of: ecs.ContainerImage.from_registry("example.com:5000/es:v1"),
    "removal": lambda m, of: RemovalPolicy[of],
    "repository": lambda m, of: ecr.Repository.from_repository_name(*m.at(), "datafi-es"),
    "retention": lambda m, of: logs.RetentionDays[of],
    "role": lambda m, of: iam.Role.from_role_arn(*m.at(), arn("iam", f"role/{of}", "")),
    "scaling": lambda m, of: AutoScaling(**of),
    "seconds": lambda m, of: Duration.seconds(of) if of >= 0 else of,
    "seconds token": lambda m, of: Duration.minutes(Token.as_number({"Ref": "AWS::NoValue"})),
    "secret": lambda m, of: secretsmanager.Secret.from_secret_complete_arn(*m.at(), of),
    "ssl policy": lambda m, of: elbv2.SslPolicy[of],
    "strategy": lambda m, of: ecs.CapacityProviderStrategy(**of),
    "subnets": lambda m, of: ec2.SubnetSelection(subnet_type=ec2.SubnetType[of]),
    "task architecture": lambda m, of: ecs.CpuArchitecture.ARM64,
    "the vpc": lambda m, of: m.vpc,
    "topic": lambda m, of: sns.Topic.from_topic_arn(*m.at(), EXAMPLES["alarm_topic_arn"][0]),
    "tuple": lambda m, of: tuple(of),
    "window": lambda m, of: UpdateWindow(
        days=["MON", "SUN"], start=of["start"], duration=Duration.hours(of["hours"])
    ),
    "wrong": _wrong,
    "zone": lambda m, of: route53.HostedZone.from_hosted_zone_attributes(
        *m.at(), hosted_zone_id="Z1D633PJN98FT9", zone_name=of
    ),
}
"""How each kind of value is made. A zone that holds the root domain is public."""
