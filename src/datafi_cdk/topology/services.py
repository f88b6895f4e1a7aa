"""What runs: ECS services and Lambda functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .assembly import Resource
from .events import read_registered_names
from .invocations import read_invocations, read_urls
from .templates import Templates, arn_parts, as_list, identities, identity, key, number
from .values import Reference, SsmParameter, Text, references_in, text

__all__ = ["Container", "Function", "Image", "SecretUse", "Service", "TargetOf"]

_LOAD_BALANCER = "elasticloadbalancing.amazonaws.com"


@dataclass(frozen=True)
class Image:
    """A container image; `tag_parameter` holds the version that is live, if one does."""

    name: str
    tag_parameter: SsmParameter | None = None

    @property
    def registry(self) -> str:
        """Where it is pulled from."""
        first, slash, _ = self.name.partition("/")
        is_host = slash and ("." in first or ":" in first or first == "localhost")
        return first if is_host else "docker.io"


@dataclass(frozen=True)
class SecretUse:
    """An environment variable that is filled from a secret; `field` of its JSON, or all of it."""

    variable: str
    secret: str
    field: str = ""


@dataclass(frozen=True)
class Container:
    """A container; of its environment only the names are kept, values may be secret.

    Of its `ports`, `udp_ports` are those that take UDP alone.
    """

    name: str
    image: Image
    ports: tuple[int, ...]
    variables: tuple[str, ...]
    secrets: tuple[SecretUse, ...]
    udp_ports: tuple[int, ...] = ()


@dataclass(frozen=True)
class TargetOf:
    """That a port of a container is a target of a target group."""

    target_group: str
    container: str
    port: int


@dataclass(frozen=True)
class Service:
    """An ECS service with its task definition; `names` are those that Cloud Map answers for."""

    id: str
    label: str
    cluster: str
    launch: str
    count: int | None
    scaling: tuple[int, int] | None
    cpu: str
    memory: str
    containers: tuple[Container, ...]
    targets: tuple[TargetOf, ...]
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]
    public_ip: bool
    task_role: str
    execution_role: str
    exec_enabled: bool
    definition: str = ""
    names: tuple[str, ...] = ()

    @property
    def ports(self) -> tuple[tuple[str, int], ...]:
        """The ports of its containers, each with the name of the container."""
        return tuple((one.name, port) for one in self.containers for port in one.ports)

    @property
    def name(self) -> str:
        """What people call it: its first container's name."""
        return self.containers[0].name if self.containers else self.label


@dataclass(frozen=True)
class Function:
    """A Lambda function; `invokers` are those whom its policy lets call it, and from where."""

    id: str
    label: str
    description: str
    image: Image | None
    runtime: str
    memory: int
    timeout: int
    variables: tuple[str, ...]
    role: str
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]
    invokers: tuple[str, ...]
    url_auth: str = ""

    @property
    def behind_load_balancer(self) -> bool:
        """Whether a load balancer may call it."""
        return any(
            one.partition(" ")[0] == _LOAD_BALANCER and ", who may " not in one
            for one in self.invokers
        )


def read_services(templates: Templates) -> tuple[Service, ...]:
    """Read the ECS services."""
    definitions = {
        key(resource.id): (resource, properties)
        for resource, properties in templates.of_type("AWS::ECS::TaskDefinition")
    }
    scaling = _scaling(templates)
    registered = read_registered_names(templates)
    return tuple(
        _service(
            templates,
            resource,
            properties,
            definitions.get(identity(properties.get("TaskDefinition"))),
            scaling.get(key(resource.id)),
            registered,
        )
        for resource, properties in templates.of_type("AWS::ECS::Service")
    )


def read_functions(templates: Templates) -> tuple[Function, ...]:
    """Read the Lambda functions."""
    invokers: dict[str, set[str]] = {}
    for one in read_invocations(templates):
        invokers.setdefault(one.function, set()).add(str(one))
    urls = read_urls(templates)
    return tuple(
        Function(
            id=key(resource.id),
            label=resource.path,
            description=templates.readable(properties.get("Description")),
            image=_image(templates, resource, resource.properties["Code"]["ImageUri"])
            if "ImageUri" in resource.properties.get("Code", {})
            else None,
            runtime=text(properties.get("Runtime")),
            memory=number(properties.get("MemorySize", 128)) or 0,
            timeout=number(properties.get("Timeout", 3)) or 0,
            variables=tuple(sorted(properties.get("Environment", {}).get("Variables", {}))),
            role=identity(properties.get("Role")),
            subnets=identities(properties.get("VpcConfig", {}).get("SubnetIds")),
            security_groups=identities(properties.get("VpcConfig", {}).get("SecurityGroupIds")),
            invokers=tuple(sorted(invokers.get(key(resource.id), ()))),
            url_auth=urls.get(key(resource.id), ""),
        )
        for resource, properties in templates.of_type("AWS::Lambda::Function")
    )


def _service(
    templates: Templates,
    resource: Resource,
    properties: Mapping[str, Any],
    definition: tuple[Resource, dict[str, Any]] | None,
    scaling: tuple[int, int] | None,
    registered: Mapping[str, str],
) -> Service:
    task = definition[1] if definition else {}
    network = properties.get("NetworkConfiguration", {}).get("AwsvpcConfiguration", {})
    return Service(
        id=key(resource.id),
        label=templates.label(key(resource.id)),
        cluster=identity(properties.get("Cluster")),
        launch=_launch(properties),
        count=number(properties.get("DesiredCount")),
        scaling=scaling,
        cpu=text(task.get("Cpu")),
        memory=text(task.get("Memory")),
        containers=_containers(templates, definition) if definition else (),
        targets=tuple(
            TargetOf(
                identity(one.get("TargetGroupArn")),
                text(one.get("ContainerName")),
                number(one.get("ContainerPort")) or 0,
            )
            for one in as_list(properties.get("LoadBalancers"))
        ),
        subnets=identities(network.get("Subnets")),
        security_groups=identities(network.get("SecurityGroups")),
        public_ip=network.get("AssignPublicIp") == "ENABLED",
        task_role=identity(task.get("TaskRoleArn")),
        execution_role=identity(task.get("ExecutionRoleArn")),
        exec_enabled=properties.get("EnableExecuteCommand") is True,
        definition=key(definition[0].id) if definition else "",
        names=tuple(
            registered[registry]
            for one in as_list(properties.get("ServiceRegistries"))
            if (registry := identity(one.get("RegistryArn"))) in registered
        ),
    )


def _launch(properties: Mapping[str, Any]) -> str:
    providers = [
        text(one.get("CapacityProvider"))
        for one in as_list(properties.get("CapacityProviderStrategy"))
    ]
    return ", ".join(providers) or text(properties.get("LaunchType", "EC2"))


def _containers(
    templates: Templates, definition: tuple[Resource, dict[str, Any]]
) -> tuple[Container, ...]:
    resource, properties = definition
    raw = resource.properties.get("ContainerDefinitions", [])
    return tuple(
        Container(
            name=text(one.get("Name")),
            image=_image(templates, resource, raw[position].get("Image")),
            ports=_ports(one),
            variables=tuple(sorted(text(item["Name"]) for item in one.get("Environment", ()))),
            secrets=tuple(_secret_uses(one)),
            udp_ports=tuple(sorted(set(_ports(one)) - set(_ports(one, "tcp")))),
        )
        for position, one in enumerate(as_list(properties.get("ContainerDefinitions")))
    )


def _ports(container: Mapping[str, Any], protocol: str = "") -> tuple[int, ...]:
    """The ports of a container, of one protocol or of all."""
    return tuple(
        port
        for mapping in as_list(container.get("PortMappings"))
        if (port := number(mapping.get("ContainerPort"))) is not None
        and protocol in ("", text(mapping.get("Protocol", "tcp")))
    )


def _image(templates: Templates, resource: Resource, value: Any) -> Image:
    stack = templates.assembly.stack(resource.id.stack)
    parameters = templates.resolver.ssm_parameters(stack, value)
    name = templates.readable(templates.resolver.resolve(stack, value))
    return Image(name, parameters[0] if parameters else None)


def _secret_uses(container: Mapping[str, Any]) -> list[SecretUse]:
    uses = [
        SecretUse(text(one.get("Name")), *secret_and_field(one.get("ValueFrom")))
        for one in as_list(container.get("Secrets"))
    ]
    uses += [
        SecretUse(f"log option {text(one.get('Name'))}", *secret_and_field(one.get("ValueFrom")))
        for one in as_list(container.get("LogConfiguration", {}).get("SecretOptions"))
    ]
    credentials = container.get("RepositoryCredentials", {}).get("CredentialsParameter")
    if credentials is not None:
        uses.append(SecretUse("registry credentials", identity(credentials)))
    return sorted(uses, key=lambda use: use.variable)


def secret_and_field(value: Any) -> tuple[str, str]:
    """The secret and the field of a `ValueFrom`: `ARN`, or `ARN:field:stage:version`."""
    if isinstance(value, Text) and len(value.parts) == 2:
        secret, rest = value.parts
        if isinstance(secret, Reference) and isinstance(rest, str):
            return identity(secret), rest.lstrip(":").partition(":")[0]
    if isinstance(value, str) and ":secretsmanager:" in value:
        pieces = arn_parts(value)
        return ":".join(pieces[:7]), pieces[7] if len(pieces) > 7 else ""
    return identity(value), ""


def _scaling(templates: Templates) -> dict[str, tuple[int, int]]:
    """The bounds of scalable services, by what the name of the service refers to."""
    found: dict[str, tuple[int, int]] = {}
    for _, properties in templates.of_type("AWS::ApplicationAutoScaling::ScalableTarget"):
        least, most = number(properties.get("MinCapacity")), number(properties.get("MaxCapacity"))
        if least is not None and most is not None:
            for reference in references_in(properties.get("ResourceId")):
                found[identity(reference)] = (least, most)
    return found
