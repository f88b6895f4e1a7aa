"""Stacks with what a construct needs around it, and ways to read their templates."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from datafi_cdk import DatafiEdgeConfig, DatafiEdgeStack, EdgeDns, IngressBase, SharedIngress
from aws_cdk import App, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk.assertions import Template
from constructs import Construct

ACCOUNT = "111111111111"
REGION = "us-east-1"
ROOT_DOMAIN = "edge.example.com"
CANARY = "c4n4ry/Secret+Value=="
"""What stands for a secret's value, and must not be seen."""
CERTIFICATE_ARN = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/1a2b3c4d-0000-4000-8000-000000000000"
KEY_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1a2b3c4d-0000-4000-8000-000000000000"

TASK_DEFINITION = "AWS::ECS::TaskDefinition"
SERVICE = "AWS::ECS::Service"
LOG_GROUP = "AWS::Logs::LogGroup"
TARGET_GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
LISTENER_RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"
LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
LOAD_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
INGRESS_RULE = "AWS::EC2::SecurityGroupIngress"
SECURITY_GROUP = "AWS::EC2::SecurityGroup"
HOSTED_ZONE = "AWS::Route53::HostedZone"
RECORD = "AWS::Route53::RecordSet"
CERTIFICATE = "AWS::CertificateManager::Certificate"
BUCKET = "AWS::S3::Bucket"
POLICY = "AWS::IAM::ManagedPolicy"
INLINE_POLICY = "AWS::IAM::Policy"
ROLE = "AWS::IAM::Role"
QUEUE = "AWS::SQS::Queue"
FUNCTION = "AWS::Lambda::Function"
SECRET = "AWS::SecretsManager::Secret"


def let_in(template: Template) -> list[dict[str, Any]]:
    """The rules by which one security group lets another in, wherever they are written."""
    apart = [entry["Properties"] for entry in template.find_resources(INGRESS_RULE).values()]
    inside = [
        {"GroupId": {"Fn::GetAtt": [name, "GroupId"]}, **rule}
        for name, group in template.find_resources(SECURITY_GROUP).items()
        for rule in group["Properties"].get("SecurityGroupIngress", [])
    ]
    return [rule for rule in (*apart, *inside) if "SourceSecurityGroupId" in rule]


def secret_arn(name: str, region: str = REGION, partition: str = "aws") -> str:
    """The complete ARN of a secret."""
    return f"arn:{partition}:secretsmanager:{region}:{ACCOUNT}:secret:{name}-AbCdEf"


def secret(scope: Construct, name: str, *, with_key: bool = False) -> secretsmanager.ISecret:
    """An existing secret, with a customer-managed key or without."""
    return secretsmanager.Secret.from_secret_attributes(
        scope,
        f"{name}-secret",
        secret_complete_arn=secret_arn(name),
        encryption_key=kms.Key.from_key_arn(scope, f"{name}-key", KEY_ARN) if with_key else None,
    )


def new_app(context: Mapping[str, Any] | None = None) -> App:
    """An app without what the CDK adds for its own statistics."""
    return App(analytics_reporting=False, context=context)


def new_stack(stack_id: str = "Test", app: App | None = None) -> Stack:
    """A stack that knows neither account nor region."""
    return Stack(app or new_app(), stack_id)


def recommended_flags() -> dict[str, Any]:
    """Every feature flag with its recommended value, as the installed CDK lists them."""
    (archive,) = (
        Path(str(entry))
        for entry in resources.files("aws_cdk._jsii").iterdir()
        if entry.name.endswith(".tgz")
    )
    with tarfile.open(archive) as package:
        listed = package.extractfile("package/recommended-feature-flags.json")
        assert listed is not None
        flags: dict[str, Any] = json.load(listed)
    assert len(flags) > 50
    return flags


def existing_vpc(scope: Construct) -> ec2.IVpc:
    """A VPC that somebody else made."""
    return ec2.Vpc.from_vpc_attributes(
        scope,
        "Vpc",
        vpc_id="vpc-123",
        availability_zones=["a", "b"],
        public_subnet_ids=["subnet-public-a", "subnet-public-b"],
        public_subnet_route_table_ids=["rtb-public-a", "rtb-public-b"],
        private_subnet_ids=["subnet-private-a", "subnet-private-b"],
        private_subnet_route_table_ids=["rtb-private-a", "rtb-private-b"],
    )


@dataclass(frozen=True)
class Surroundings:
    """What a server needs around it."""

    stack: Stack
    vpc: ec2.IVpc
    cluster: ecs.Cluster
    ingress: IngressBase

    @property
    def around(self) -> dict[str, Any]:
        """The arguments that every server takes."""
        return {"cluster": self.cluster, "ingress": self.ingress}


def surroundings(
    stack: Stack | None = None, root_domain: str = ROOT_DOMAIN, **arguments: Any
) -> Surroundings:
    """A stack with a network, a cluster, names and a load balancer with these arguments."""
    stack = stack or new_stack()
    vpc = existing_vpc(stack)
    dns = EdgeDns(stack, "Dns", root_domain=root_domain)
    ingress = SharedIngress(stack, "Ingress", vpc=vpc, dns=dns, **arguments)
    return Surroundings(stack, vpc, ecs.Cluster(stack, "Cluster", vpc=vpc), ingress)


def existing_ingress(scope: Construct, root_domain: str = ROOT_DOMAIN) -> IngressBase:
    """A load balancer that somebody else made, with names that are kept elsewhere."""
    listener = (
        f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:listener/app/shared/0123456789abcdef"
    )
    return SharedIngress.from_attributes(
        scope,
        "ExistingIngress",
        https_listener_arn=f"{listener}/1111111111111111",
        grpc_listener_arn=f"{listener}/2222222222222222",
        security_group_ids=["sg-shared"],
        root_domain=root_domain,
    )


def minimal(**changes: Any) -> dict[str, Any]:
    """The data of the smallest configuration, with changes."""
    return {
        "deployment_name": "acme",
        "dns": {"root_domain": ROOT_DOMAIN},
        "edge_servers": {"long_running": [{"name": "es"}]},
        **changes,
    }


def versions(stack: Stack) -> dict[str, str]:
    """The parameters that keep the versions of the images of a stack, with the code's values."""
    beside = stack.node.scope.node.try_find_child(f"{stack.node.id}-versions")
    if not isinstance(beside, Stack):
        return {}
    parameters = Template.from_stack(beside).find_resources("AWS::SSM::Parameter")
    found = [parameter["Properties"] for parameter in parameters.values()]
    return {parameter["Name"]: parameter["Value"] for parameter in found}


def needs(stack: Stack) -> list[Stack]:
    """The stacks that are deployed before one, but for that of its versions."""
    return [each for each in stack.dependencies if each.node.id != f"{stack.node.id}-versions"]


def readers(template: Template) -> dict[str, dict[str, Any]]:
    """The parameters of a template by which it reads the versions of images."""
    found = template.find_parameters("*", {"Type": "AWS::SSM::Parameter::Value<String>"})
    return {name: dict(found[name]) for name in found if name != "BootstrapVersion"}


def deployed(stack: Stack, **live: str) -> Template:
    """The template of a stack as it is deployed: with the versions in the images.

    These are those of the code, or those given here, by the names of the servers.
    """
    template = Template.from_stack(stack)
    kept = {**versions(stack), **{f"/datafi/{stack.stack_name}/{key}": live[key] for key in live}}
    values = {
        name: kept.get(parameter["Default"], parameter["Default"])
        for name, parameter in readers(template).items()
    }
    changed = template.to_json()
    for resource in changed["Resources"].values():
        if resource["Type"] == TASK_DEFINITION:
            for entry in resource["Properties"]["ContainerDefinitions"]:
                entry["Image"] = _with_version(entry["Image"], values)
    return Template.from_json(changed)


def _with_version(image: Any, values: Mapping[str, str]) -> Any:
    """An image with its version, as CloudFormation joins it."""
    if isinstance(image, str) or image["Fn::Join"][0] == "":
        return image
    separator, split = image["Fn::Join"]
    by, joined = split["Fn::Split"]
    assert (separator, by, joined["Fn::Join"][0]) == ("@sha256:", ":sha256:", "")
    parts: list[Any] = [""]
    for part in joined["Fn::Join"][1]:
        value = values.get(part["Ref"], part) if isinstance(part, dict) and "Ref" in part else part
        if isinstance(value, str) and isinstance(parts[-1], str):
            parts[-1] += value
        else:
            parts.append(value)
    parts = [part.replace(by, separator) if isinstance(part, str) else part for part in parts]
    parts = [part for part in parts if part != ""]
    return {"Fn::Join": ["", parts]} if len(parts) > 1 else parts[0]


def edge_stack(data: Mapping[str, Any], context: Mapping[str, Any] | None = None) -> Template:
    """The template of the stack that a configuration makes, as it is deployed."""
    config = DatafiEdgeConfig.model_validate(data)
    return deployed(DatafiEdgeStack(new_app(context), "DatafiEdge", config=config))


def one(template: Template, resource_type: str, prefix: str = "") -> dict[str, Any]:
    """The one resource of a type whose logical id starts with `prefix`."""
    found = template.find_resources(resource_type)
    matching = [resource for name, resource in found.items() if name.startswith(prefix)]
    assert len(matching) == 1, f"{len(matching)} of {sorted(found)} start with {prefix!r}"
    return dict(matching[0])


def properties(template: Template, resource_type: str, prefix: str = "") -> dict[str, Any]:
    """The properties of `one` resource."""
    return dict(one(template, resource_type, prefix)["Properties"])


def logical_id(template: Template, resource_type: str, prefix: str = "") -> str:
    """The logical id of `one` resource."""
    one(template, resource_type, prefix)
    names = template.find_resources(resource_type)
    return next(name for name in names if name.startswith(prefix))


def container(template: Template, prefix: str = "") -> dict[str, Any]:
    """The one container of a task definition."""
    (definition,) = properties(template, TASK_DEFINITION, prefix)["ContainerDefinitions"]
    return dict(definition)


def environment(template: Template, prefix: str = "") -> dict[str, Any]:
    """The plain variables of a container."""
    return {entry["Name"]: entry["Value"] for entry in container(template, prefix)["Environment"]}


def secrets(template: Template, prefix: str = "") -> dict[str, Any]:
    """The secret variables of a container."""
    entries = container(template, prefix).get("Secrets", ())
    return {entry["Name"]: entry["ValueFrom"] for entry in entries}


def attributes(resource: Mapping[str, Any], key: str) -> dict[str, str]:
    """The key-value attributes of a load balancer or of a target group."""
    return {entry["Key"]: entry["Value"] for entry in resource[key]}


def statements(template: Template, prefix: str, kind: str = POLICY) -> list[tuple[Any, Any, Any]]:
    """Actions, resources and conditions of a role's own policy, all of them allowed."""
    document = properties(template, kind, prefix)["PolicyDocument"]
    assert {statement["Effect"] for statement in document["Statement"]} == {"Allow"}
    return [
        (_listed(entry["Action"]), entry["Resource"], entry.get("Condition"))
        for entry in document["Statement"]
    ]


def rights(granted: Iterable[tuple[Any, Any, Any]]) -> list[str]:
    """Each action on each resource once, as CDK merges the statements of a managed policy."""
    return sorted(
        {
            json.dumps([action, resource, condition], sort_keys=True)
            for actions, resources, condition in granted
            for action in actions
            for resource in (resources if isinstance(resources, list) else [resources])
        }
    )


def of_every_function(template: Template, prefix: str) -> list[tuple[Any, Any, Any]]:
    """What every function may do: write its log, its traces and its dead letters."""
    return [
        (
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            {"Fn::GetAtt": [logical_id(template, LOG_GROUP, prefix), "Arn"]},
            None,
        ),
        (["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "*", None),
        (["sqs:SendMessage"], {"Fn::GetAtt": [logical_id(template, QUEUE), "Arn"]}, None),
    ]


def _listed(actions: str | list[str]) -> list[str]:
    return [actions] if isinstance(actions, str) else sorted(actions)


def resolved(value: Any, references: Mapping[str, str]) -> Any:
    """A string as CloudFormation makes it of what it knows by then.

    Of an attribute, the reference is `<logical id>.<attribute>`; `Fn::Base64` is left out.
    """
    if isinstance(value, str):
        return value
    ((function, argument),) = value.items()
    if function == "Ref":
        return references[argument]
    if function == "Fn::GetAtt":
        return references[".".join(argument)]
    if function == "Fn::Base64":
        return resolved(argument, references)
    separator, parts = argument
    assert function == "Fn::Join"
    return separator.join(resolved(part, references) for part in parts)


def walk(value: Any, visit: Callable[[str, Any], None]) -> None:
    """Call `visit` with every key and value inside a template."""
    if isinstance(value, Mapping):
        for key, entry in value.items():
            visit(key, entry)
            walk(entry, visit)
    elif isinstance(value, list):
        for entry in value:
            walk(entry, visit)
