"""Load balancers, their listeners and rules, and the groups of targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from .assembly import Resource
from .templates import Templates, arn_parts, as_list, identities, identity, key, number
from .values import text

__all__ = [
    "Action",
    "Condition",
    "Listener",
    "LoadBalancer",
    "LoadBalancing",
    "Rule",
    "TargetGroup",
]

# Other headers can hold what is secret, as between a CDN and its origin.
_SHOWN_HEADERS = ("accept", "content-type", "origin", "upgrade", "user-agent", "x-forwarded-proto")
_VALUES = {
    "host-header": "HostHeaderConfig",
    "path-pattern": "PathPatternConfig",
    "http-header": "HttpHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "query-string": "QueryStringConfig",
    "source-ip": "SourceIpConfig",
}


@dataclass(frozen=True)
class Condition:
    """What a request must have for a rule: `field` is ELB's, for a header `http-header NAME`.

    Use `shown_values` for what others see: values can be secret.
    """

    field: str
    values: tuple[str, ...] = dataclass_field(repr=False)


@dataclass(frozen=True)
class Action:
    """What is done with a request: `kind` is ELB's; `weights` are of the target groups."""

    kind: str
    detail: str = ""
    target_groups: tuple[str, ...] = ()
    weights: tuple[int, ...] = ()


@dataclass(frozen=True)
class Rule:
    """One rule of a listener; without a priority it is the default action."""

    id: str
    label: str
    listener: str
    priority: int | None
    conditions: tuple[Condition, ...]
    actions: tuple[Action, ...]

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names it is for; empty for any."""
        return next((one.values for one in self.conditions if one.field == "host-header"), ())

    @property
    def target_groups(self) -> tuple[str, ...]:
        """Where it forwards to."""
        return tuple(group for action in self.actions for group in action.target_groups)


@dataclass(frozen=True)
class Listener:
    """One port of a load balancer. Of an existing one, the port is not known."""

    id: str
    label: str
    existing: bool
    load_balancer: str
    port: int | None
    protocol: str
    certificates: tuple[str, ...]
    rules: tuple[Rule, ...]
    tls_policy: str = ""

    @property
    def transport(self) -> str:
        """`tcp` or `udp`."""
        return "udp" if self.protocol in ("QUIC", "UDP") else "tcp"


@dataclass(frozen=True)
class LoadBalancer:
    """A load balancer; `scheme` is `internet-facing`, `internal`, or empty if it exists already."""

    id: str
    label: str
    existing: bool
    scheme: str
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]


@dataclass(frozen=True)
class TargetGroup:
    """A group of targets; `version` is `HTTP1`, `HTTP2` or `GRPC`, `targets` those it lists.

    Health checks go to the ports of the targets unless there is a `health_check_port`.
    """

    id: str
    label: str
    kind: str
    protocol: str
    version: str
    port: int | None
    health_check: str
    vpc: str
    targets: tuple[str, ...]
    health_check_port: int | None = None


@dataclass(frozen=True)
class LoadBalancing:
    """All load balancing of an app."""

    load_balancers: Mapping[str, LoadBalancer]
    listeners: Mapping[str, Listener]
    target_groups: Mapping[str, TargetGroup]


def read_load_balancing(templates: Templates) -> LoadBalancing:
    """Read it, also listeners that exist already and get rules."""
    rules: dict[str, list[Rule]] = {}
    for resource, properties in templates.of_type("AWS::ElasticLoadBalancingV2::ListenerRule"):
        rule = _rule(resource, properties)
        rules.setdefault(rule.listener, []).append(rule)
    more = _more_certificates(templates)
    listeners = {
        (made := key(resource.id)): Listener(
            made,
            resource.path,
            False,
            identity(properties.get("LoadBalancerArn")),
            number(properties.get("Port")),
            text(properties.get("Protocol")),
            (*_certificates(properties), *more.get(made, ())),
            (*_sorted(rules.pop(made, [])), _default(resource, properties)),
            text(properties.get("SslPolicy")),
        )
        for resource, properties in templates.of_type("AWS::ElasticLoadBalancingV2::Listener")
    }
    for named, theirs in sorted(rules.items()):
        listeners[named] = Listener(
            named,
            templates.label(named),
            True,
            _load_balancer_of(named),
            None,
            "",
            more.get(named, ()),
            _sorted(theirs),
        )
    balancers = _load_balancers(templates)
    for listener in listeners.values():
        balancers.setdefault(
            listener.load_balancer,
            LoadBalancer(
                listener.load_balancer, templates.label(listener.load_balancer), True, "", (), ()
            ),
        )
    return LoadBalancing(balancers, listeners, _target_groups(templates))


def _load_balancers(templates: Templates) -> dict[str, LoadBalancer]:
    return {
        key(resource.id): LoadBalancer(
            key(resource.id),
            resource.path,
            False,
            text(properties.get("Scheme", "internet-facing")),
            identities(properties.get("Subnets"))
            or tuple(identity(one["SubnetId"]) for one in properties.get("SubnetMappings", ())),
            identities(properties.get("SecurityGroups")),
        )
        for resource, properties in templates.of_type("AWS::ElasticLoadBalancingV2::LoadBalancer")
    }


def _target_groups(templates: Templates) -> dict[str, TargetGroup]:
    return {
        key(resource.id): TargetGroup(
            key(resource.id),
            resource.path,
            text(properties.get("TargetType", "instance")),
            text(properties.get("Protocol")),
            text(properties.get("ProtocolVersion")),
            number(properties.get("Port")),
            _health_check(properties),
            identity(properties.get("VpcId")),
            tuple(identity(one.get("Id")) for one in properties.get("Targets", ())),
            number(properties.get("HealthCheckPort")),
        )
        for resource, properties in templates.of_type("AWS::ElasticLoadBalancingV2::TargetGroup")
    }


def _health_check(properties: Mapping[str, Any]) -> str:
    if properties.get("HealthCheckEnabled") is False or "HealthCheckPath" not in properties:
        return ""
    matcher = properties.get("Matcher", {})
    code = matcher.get("GrpcCode") or matcher.get("HttpCode") or ""
    path, query, _ = text(properties["HealthCheckPath"]).partition("?")
    shown = f"{path}?…" if query else path
    return f"{shown} answers {text(code)}".removesuffix(" answers ")


def _rule(resource: Resource, properties: Mapping[str, Any]) -> Rule:
    return Rule(
        key(resource.id),
        resource.path,
        identity(properties.get("ListenerArn")),
        number(properties.get("Priority")),
        tuple(_conditions(properties.get("Conditions"))),
        tuple(_action(one) for one in as_list(properties.get("Actions"))),
    )


def _default(resource: Resource, properties: Mapping[str, Any]) -> Rule:
    return Rule(
        key(resource.id),
        f"{resource.path} default",
        key(resource.id),
        None,
        (),
        tuple(_action(one) for one in as_list(properties.get("DefaultActions"))),
    )


def _sorted(rules: list[Rule]) -> tuple[Rule, ...]:
    return tuple(sorted(rules, key=lambda rule: (rule.priority or 0, rule.id)))


def _conditions(values: Any) -> Iterator[Condition]:
    for condition in as_list(values):
        field = text(condition.get("Field"))
        config = condition.get(_VALUES.get(field, ""), {})
        found = [
            *(f"regex {text(one)}" for one in as_list(config.get("RegexValues"))),
            *(
                f"{text(one.get('Key', ''))}={text(one.get('Value'))}"
                if isinstance(one, dict)
                else text(one)
                for one in as_list(config.get("Values") or condition.get("Values"))
            ),
        ]
        if field == "http-header":
            field = f"http-header {text(config.get('HttpHeaderName')).lower()}"
        yield Condition(field, tuple(found))


def shown_values(condition: Condition) -> str:
    """The values of a condition as they may be shown: not those that can be secret."""
    kind, _, name = condition.field.partition(" ")
    if kind == "query-string":
        return ", ".join(f"{value.partition('=')[0]}=…" for value in condition.values)
    if kind == "http-header" and name not in _SHOWN_HEADERS:
        return "a value that is not shown"
    return ", ".join(condition.values)


def _action(action: Mapping[str, Any]) -> Action:
    kind = text(action.get("Type"))
    if kind == "redirect":
        return Action(kind, _redirect(action.get("RedirectConfig", {})))
    if kind == "fixed-response":
        return Action(kind, text(action.get("FixedResponseConfig", {}).get("StatusCode")))
    if kind.startswith("authenticate-"):
        config = action.get(f"Authenticate{kind.removeprefix('authenticate-').title()}Config", {})
        return Action(kind, text(config.get("OnUnauthenticatedRequest", "authenticate")))
    if kind != "forward":
        return Action(kind)
    several = as_list(action.get("ForwardConfig", {}).get("TargetGroups"))
    groups = [identity(one.get("TargetGroupArn")) for one in several]
    weights = [number(one.get("Weight", 1)) or 0 for one in several]
    if not groups:
        groups, weights = [identity(action.get("TargetGroupArn"))], [1]
    return Action(kind, "", tuple(groups), tuple(weights))


def _redirect(config: Mapping[str, Any]) -> str:
    protocol = text(config.get("Protocol", "#{protocol}"))
    port = text(config.get("Port", "#{port}"))
    host = text(config.get("Host", ""))
    code = text(config.get("StatusCode")).removeprefix("HTTP_")
    return f"{code} to {protocol} {host + ':' if host else 'port '}{port}"


def _certificates(properties: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        identity(one["CertificateArn"])
        for one in as_list(properties.get("Certificates"))
        if "CertificateArn" in one
    )


def _more_certificates(templates: Templates) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for _, properties in templates.of_type("AWS::ElasticLoadBalancingV2::ListenerCertificate"):
        listener = identity(properties.get("ListenerArn"))
        found[listener] = (*found.get(listener, ()), *_certificates(properties))
    return found


def _load_balancer_of(listener: str) -> str:
    """The ARN of the load balancer of a listener that exists already."""
    *front, last = arn_parts(listener)
    pieces = last.split("/")
    if len(pieces) != 5 or pieces[0] != "listener":
        return f"load balancer of {listener}"
    return ":".join([*front, "/".join(["loadbalancer", *pieces[1:-1]])])
