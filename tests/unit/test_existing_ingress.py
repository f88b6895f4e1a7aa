"""An existing load balancer as an ingress: by its listeners, or by ARNs and ids."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from datafi_cdk import EdgeDns, EdgeServer, IngressBase, InvalidInputError, SharedIngress
from aws_cdk import App, CfnParameter, Environment, NestedStack, Stack, Token
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_route53 as route53
from aws_cdk.assertions import Template
from constructs import Construct
from deployment import (
    ACCOUNT,
    CERTIFICATE,
    CERTIFICATE_ARN,
    INGRESS_RULE,
    LISTENER,
    LISTENER_RULE,
    LOAD_BALANCER,
    RECORD,
    REGION,
    ROOT_DOMAIN,
    SECURITY_GROUP,
    TARGET_GROUP,
    existing_vpc,
    let_in,
    new_app,
    new_stack,
    properties,
)

EGRESS_RULE = "AWS::EC2::SecurityGroupEgress"
LISTENER_CERTIFICATE = "AWS::ElasticLoadBalancingV2::ListenerCertificate"
ARN = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}"
HTTPS_ARN = f"{ARN}:listener/app/platform/50dc6c495c0c9188/f2f7dc8efc522ab2"
GRPC_ARN = f"{ARN}:listener/app/platform/50dc6c495c0c9188/0467ef3c8400ae65"
BY_ATTRIBUTES: dict[str, Any] = {
    "https_listener_arn": HTTPS_ARN,
    "grpc_listener_arn": GRPC_ARN,
    "security_group_ids": ["sg-platform", "sg-other"],
}
LOAD_BALANCER_ATTRIBUTES = {
    "load_balancer_arn": f"{ARN}:loadbalancer/app/platform/50dc6c495c0c9188",
    "load_balancer_dns_name": "platform-1.us-east-1.elb.amazonaws.com",
    "load_balancer_canonical_hosted_zone_id": "Z35SXDOTRQ7X7K",
}


@dataclass
class Platform:
    """A customer's own stack: network, load balancer, listeners, and one rule."""

    stack: Stack
    vpc: ec2.IVpc
    load_balancer: elbv2.ApplicationLoadBalancer
    https_listener: elbv2.ApplicationListener
    grpc_listener: elbv2.ApplicationListener

    @property
    def listeners(self) -> dict[str, Any]:
        """Its listeners as arguments."""
        return {"https_listener": self.https_listener, "grpc_listener": self.grpc_listener}


def platform(app: App, *, lets_all_out: bool = False) -> Platform:
    """What a customer has, with the security group that CDK makes or one that lets all out."""
    stack = new_stack("Platform", app)
    vpc = existing_vpc(stack)
    load_balancer = elbv2.ApplicationLoadBalancer(
        stack,
        "Alb",
        vpc=vpc,
        internet_facing=True,
        security_group=ec2.SecurityGroup(stack, "Open", vpc=vpc) if lets_all_out else None,
    )
    certificate = acm.Certificate.from_certificate_arn(stack, "Certificate", CERTIFICATE_ARN)
    https_listener, grpc_listener = (
        load_balancer.add_listener(
            name,
            port=port,
            protocol=elbv2.ApplicationProtocol.HTTPS,
            certificates=[certificate],
            default_action=elbv2.ListenerAction.fixed_response(404),
        )
        for name, port in (("Https", 443), ("Grpc", 50051))
    )
    own_servers = ec2.Peer.ipv4("10.1.0.0/16")
    load_balancer.connections.allow_to(own_servers, ec2.Port.tcp(8080), "To its own")
    https_listener.add_action(
        "Own",
        priority=10,
        conditions=[elbv2.ListenerCondition.host_headers(["www.example.com"])],
        action=elbv2.ListenerAction.fixed_response(200),
    )
    return Platform(stack, vpc, load_balancer, https_listener, grpc_listener)


def edge_server(ingress: IngressBase, vpc: ec2.IVpc, stack: Stack | None = None) -> EdgeServer:
    """An edge server behind the ingress, in its stack or another."""
    stack = stack or Stack.of(ingress)
    cluster = ecs.Cluster(stack, "Cluster", vpc=vpc)
    return EdgeServer(stack, "Es", cluster=cluster, ingress=ingress, name="es")


@pytest.fixture(scope="module")
def before() -> dict[str, Any]:
    """The resources of the customer's stack without any server."""
    return dict(Template.from_stack(platform(new_app()).stack).to_json()["Resources"])


@pytest.fixture(scope="module")
def beside() -> tuple[Template, Template, EdgeServer]:
    """The customer's stack and that of a server, with a range of priorities; and the server."""
    app = new_app()
    own = platform(app)
    stack = new_stack("Datafi", app)
    ingress = SharedIngress.from_listeners(
        stack, "Ingress", **own.listeners, root_domain=ROOT_DOMAIN, priority_range=(1000, 1999)
    )
    server = edge_server(ingress, own.vpc)
    app.synth()
    assert own.stack.dependencies == []
    return Template.from_stack(own.stack), Template.from_stack(stack), server


def test_nothing_of_the_customer_changes(
    beside: tuple[Template, Template, EdgeServer], before: dict[str, Any]
) -> None:
    """Load balancer, listeners, rule and security group stay as they are, to the letter."""
    assert beside[0].to_json()["Resources"] == before


def test_no_load_balancer_is_made(beside: tuple[Template, Template, EdgeServer]) -> None:
    """The stack holds rules, target groups and the service, and no load balancer or names."""
    made = {
        kind: len(beside[1].find_resources(kind))
        for kind in (LOAD_BALANCER, LISTENER, RECORD, CERTIFICATE, LISTENER_CERTIFICATE)
    }
    assert set(made.values()) == {0}
    beside[1].resource_count_is(TARGET_GROUP, 2)


def test_rules_are_in_the_range_on_the_listeners(
    beside: tuple[Template, Template, EdgeServer],
) -> None:
    """HTTP on 443, gRPC on 50051 and 443, in their halves of the range."""
    rules = {
        name: properties(beside[1], LISTENER_RULE, f"Es{name}")
        for name in ("HttpRule", "GrpcRule", "GrpcOverHttpsRule")
    }
    assert 1500 <= rules["HttpRule"]["Priority"] <= 1999
    assert 1000 <= rules["GrpcRule"]["Priority"] <= 1499
    assert rules["GrpcRule"]["Priority"] == rules["GrpcOverHttpsRule"]["Priority"]
    listeners = {
        name: rule["ListenerArn"]["Fn::ImportValue"].split("Ref")[1].removeprefix("Alb")[:5]
        for name, rule in rules.items()
    }
    assert {name: listener.rstrip("0123456789ABCDEF") for name, listener in listeners.items()} == {
        "HttpRule": "Https",
        "GrpcRule": "Grpc",
        "GrpcOverHttpsRule": "Https",
    }


def test_the_server_lets_the_load_balancer_in(
    beside: tuple[Template, Template, EdgeServer],
) -> None:
    """Rules of the server's security group, in its stack, name that of the load balancer."""
    rules = let_in(beside[1])
    assert sorted(rule["FromPort"] for rule in rules) == [80, 50051]
    for rule in rules:
        assert "AlbSecurityGroup" in str(rule["SourceSecurityGroupId"])
        assert rule["GroupId"] == {"Fn::GetAtt": ["EsSecurityGroupCDEE6734", "GroupId"]}


def test_a_security_group_that_lets_nothing_out_lets_out_to_the_server(
    beside: tuple[Template, Template, EdgeServer],
) -> None:
    """Else no request would arrive; these rules, too, are in the server's stack."""
    rules = [rule["Properties"] for rule in beside[1].find_resources(EGRESS_RULE).values()]
    assert sorted(rule["FromPort"] for rule in rules) == [80, 50051]
    for rule in rules:
        assert "AlbSecurityGroup" in str(rule["GroupId"])
        assert rule["DestinationSecurityGroupId"] == {
            "Fn::GetAtt": ["EsSecurityGroupCDEE6734", "GroupId"]
        }


def test_a_security_group_that_lets_all_out_does_not_grow() -> None:
    """No rule is added to it."""
    app = new_app()
    own = platform(app, lets_all_out=True)
    stack = new_stack("Datafi", app)
    ingress = SharedIngress.from_listeners(
        stack, "Ingress", **own.listeners, root_domain=ROOT_DOMAIN
    )
    edge_server(ingress, own.vpc)
    for made in (own.stack, stack):
        Template.from_stack(made).resource_count_is(EGRESS_RULE, 0)
    Template.from_stack(own.stack).resource_count_is(INGRESS_RULE, 0)


def test_knows_the_load_balancer_by_its_listener(
    beside: tuple[Template, Template, EdgeServer],
) -> None:
    """Load balancer, VPC and listeners of the same app are attributes of the ingress."""
    ingress = beside[2].ingress
    assert ingress.load_balancer is not None
    assert ingress.load_balancer.node.path == "Platform/Alb"
    assert ingress.vpc is not None
    assert ingress.vpc.node.path == "Platform/Vpc"
    assert ingress.https_listener.node.path == "Platform/Alb/Https"
    assert ingress.grpc_listener is not None
    assert ingress.grpc_listener.node.path == "Platform/Alb/Grpc"
    assert ingress.grpc_port == 50051
    assert beside[2].grpc_endpoint == f"es.{ROOT_DOMAIN}:50051"
    (group,) = ingress.connections.security_groups
    assert group.node.path == "Platform/Alb/SecurityGroup"


@pytest.mark.parametrize("where", ["same", "nested", "nested customer"])
def test_no_cycle_in_one_stack_or_nested_ones(where: str) -> None:
    """The load balancer and the server may be in one stack, or either in a nested one."""
    app = new_app()
    own = platform(app)
    stack: Stack = own.stack if where == "same" else NestedStack(own.stack, "Nested")
    if where == "nested customer":
        stack = NestedStack(new_stack("Other", app), "Nested")
    ingress = SharedIngress.from_listeners(
        stack, "Ingress", **own.listeners, root_domain=ROOT_DOMAIN
    )
    edge_server(ingress, own.vpc)
    app.synth()
    count = 3 if where != "same" else 4
    Template.from_stack(stack).resource_count_is(LISTENER_RULE, count)


def test_without_a_grpc_listener_grpc_is_on_443_only() -> None:
    """One gRPC rule, on the HTTPS listener, and an endpoint that says so."""
    app = new_app()
    own = platform(app)
    ingress = SharedIngress.from_listeners(
        own.stack, "Ingress", https_listener=own.https_listener, root_domain=ROOT_DOMAIN
    )
    server = edge_server(ingress, own.vpc)
    template = Template.from_stack(own.stack)
    assert ingress.grpc_listener is None
    assert ingress.grpc_port == 443
    assert server.grpc_endpoint == f"es.{ROOT_DOMAIN}:443"
    rules = [name for name in template.find_resources(LISTENER_RULE) if name.startswith("EsGrpc")]
    assert len(rules) == 1
    assert rules[0].startswith("EsGrpcOverHttpsRule")


def test_grpc_over_https_can_be_left_out() -> None:
    """Then gRPC has its own listener only."""
    own = platform(new_app())
    ingress = SharedIngress.from_listeners(
        own.stack, "Ingress", **own.listeners, root_domain=ROOT_DOMAIN, grpc_over_https=False
    )
    edge_server(ingress, own.vpc)
    rules = Template.from_stack(own.stack).find_resources(LISTENER_RULE)
    assert not any(name.startswith("EsGrpcOverHttps") for name in rules)


@pytest.fixture(scope="module")
def by_attributes() -> tuple[Template, EdgeServer]:
    """A stack with a server behind a load balancer that is known by ARNs and ids."""
    stack = new_stack()
    ingress = SharedIngress.from_attributes(
        stack, "Ingress", **BY_ATTRIBUTES, root_domain=ROOT_DOMAIN
    )
    server = edge_server(ingress, existing_vpc(stack))
    return Template.from_stack(stack), server


def test_attributes_make_no_load_balancer(by_attributes: tuple[Template, EdgeServer]) -> None:
    """Rules on the listeners of these ARNs are all that is made of the ingress."""
    template, _ = by_attributes
    for kind in (LOAD_BALANCER, LISTENER, RECORD, LISTENER_CERTIFICATE, EGRESS_RULE):
        template.resource_count_is(kind, 0)
    arns = {
        name[: name.index("Rule")]: rule["Properties"]["ListenerArn"]
        for name, rule in template.find_resources(LISTENER_RULE).items()
    }
    assert arns == {"EsHttp": HTTPS_ARN, "EsGrpc": GRPC_ARN, "EsGrpcOverHttps": HTTPS_ARN}


def test_the_first_security_group_is_let_in(by_attributes: tuple[Template, EdgeServer]) -> None:
    """One is enough, as all of them are those of the load balancer."""
    template, server = by_attributes
    sources = {rule["SourceSecurityGroupId"] for rule in let_in(template)}
    assert sources == {"sg-platform"}
    assert len(server.ingress.connections.security_groups) == 1


def test_all_priorities_are_used_by_default(by_attributes: tuple[Template, EdgeServer]) -> None:
    """Without a range, priorities are those of a new load balancer."""
    template, _ = by_attributes
    assert properties(template, LISTENER_RULE, "EsHttpRule")["Priority"] == 49129
    assert properties(template, LISTENER_RULE, "EsGrpcRule")["Priority"] == 24129


def test_the_arn_of_the_listener_gives_the_name_of_the_load_balancer(
    by_attributes: tuple[Template, EdgeServer],
) -> None:
    """Metrics name the load balancer as CloudWatch does."""
    _, server = by_attributes
    assert server.ingress.load_balancer_full_name == "app/platform/50dc6c495c0c9188"
    assert server.ingress.load_balancer is None
    assert server.ingress.vpc is None


def test_attributes_may_be_known_at_deployment_only() -> None:
    """Parameters for ARNs, for a list of security groups, for the domain."""
    stack = new_stack()
    https, grpc, domain, load_balancer, name, zone = (
        CfnParameter(stack, parameter).value_as_string
        for parameter in ("HttpsArn", "GrpcArn", "Domain", "LbArn", "LbName", "LbZone")
    )
    groups = CfnParameter(stack, "Groups", type="List<AWS::EC2::SecurityGroup::Id>")
    ingress = SharedIngress.from_attributes(
        stack,
        "Ingress",
        https_listener_arn=https,
        grpc_listener_arn=grpc,
        security_group_ids=groups.value_as_list,
        root_domain=domain,
        load_balancer_arn=load_balancer,
        load_balancer_dns_name=name,
        load_balancer_canonical_hosted_zone_id=zone,
        max_rules=Token.as_number({"Ref": "MaxRules"}),
    )
    edge_server(ingress, existing_vpc(stack))
    template = Template.from_stack(stack)
    (source, _) = (rule["SourceSecurityGroupId"] for rule in let_in(template))
    assert source == {"Fn::Select": [0, {"Ref": "Groups"}]}
    parts = [
        {"Fn::Select": [part, {"Fn::Split": ["/", {"Ref": "HttpsArn"}]}]} for part in (1, 2, 3)
    ]
    assert stack.resolve(ingress.load_balancer_full_name) == {
        "Fn::Join": ["", [parts[0], "/", parts[1], "/", parts[2]]]
    }


def with_names(stack: Stack, dual_stack: bool = False, **dns: Any) -> IngressBase:
    """An ingress by attributes with an EdgeDns."""
    return SharedIngress.from_attributes(
        stack,
        "Ingress",
        **BY_ATTRIBUTES,
        **LOAD_BALANCER_ATTRIBUTES,
        dns=EdgeDns(stack, "Dns", root_domain=ROOT_DOMAIN, **dns),
        dual_stack=dual_stack,
    )


@pytest.mark.parametrize("dual_stack", [False, True])
def test_names_lead_to_the_existing_load_balancer(dual_stack: bool) -> None:
    """Records of the root domain and its wildcard, AAAA too if it is dual-stack."""
    ingress = with_names(stack := new_stack(), dual_stack)
    assert ingress.root_domain == ROOT_DOMAIN
    records = [
        record["Properties"]
        for record in Template.from_stack(stack).find_resources(RECORD).values()
    ]
    kinds = ["A", "AAAA"] if dual_stack else ["A"]
    assert sorted((record["Name"], record["Type"]) for record in records) == sorted(
        (f"{prefix}{ROOT_DOMAIN}.", kind) for prefix in ("", "*.") for kind in kinds
    )
    for record in records:
        assert record["AliasTarget"]["HostedZoneId"] == "Z35SXDOTRQ7X7K"
        assert "platform-1.us-east-1" in str(record["AliasTarget"]["DNSName"])


def test_each_server_may_have_a_record() -> None:
    """With one record per service, the server's stack holds it."""
    app = new_app()
    ingress = with_names(new_stack("Names", app), record_per_service=True)
    servers = new_stack("Servers", app)
    edge_server(ingress, existing_vpc(servers), servers)
    Template.from_stack(Stack.of(ingress)).resource_count_is(RECORD, 0)
    record = properties(Template.from_stack(servers), RECORD)
    assert record["Name"] == f"es.{ROOT_DOMAIN}."


def test_the_certificate_joins_those_of_the_listeners() -> None:
    """Each listener gets the new certificate beside its own."""
    template = Template.from_stack(Stack.of(with_names(new_stack())))
    joined = [
        entry["Properties"] for entry in template.find_resources(LISTENER_CERTIFICATE).values()
    ]
    assert {entry["ListenerArn"] for entry in joined} == {HTTPS_ARN, GRPC_ARN}
    (certificate,) = template.find_resources(CERTIFICATE)
    assert all(
        entry["Certificates"] == [{"CertificateArn": {"Ref": certificate}}] for entry in joined
    )


def test_names_kept_elsewhere_need_no_load_balancer() -> None:
    """Without records, an EdgeDns brings its certificate and domain only."""
    stack = new_stack()
    zone = route53.HostedZone.from_hosted_zone_id(stack, "Zone", "Z123")
    dns = EdgeDns(
        stack, "Dns", root_domain=ROOT_DOMAIN, enable_hosted_zone=False, validation_zone=zone
    )
    SharedIngress.from_attributes(stack, "Ingress", **BY_ATTRIBUTES, dns=dns)
    template = Template.from_stack(stack)
    template.resource_count_is(RECORD, 0)
    template.resource_count_is(LISTENER_CERTIFICATE, 2)


def test_a_listener_without_grpc_gets_one_certificate() -> None:
    """Where gRPC is on 443 only, the certificate joins one listener."""
    app = new_app()
    own = platform(app)
    SharedIngress.from_listeners(
        own.stack,
        "Ingress",
        https_listener=own.https_listener,
        dns=EdgeDns(own.stack, "Dns", root_domain=ROOT_DOMAIN),
    )
    template = Template.from_stack(own.stack)
    template.resource_count_is(LISTENER_CERTIFICATE, 1)
    template.resource_count_is(RECORD, 2)


@pytest.mark.parametrize("says_vpc", [True, False])
def test_listeners_that_are_looked_up_are_taken(says_vpc: bool) -> None:
    """What `from_lookup` gives serves as well, before the look-up and so after it."""
    app = new_app()
    stack = Stack(app, "Test", env=Environment(account=ACCOUNT, region=REGION))
    https, grpc = (
        elbv2.ApplicationListener.from_lookup(
            stack,
            f"Listener{port}",
            load_balancer_arn=LOAD_BALANCER_ATTRIBUTES["load_balancer_arn"],
            listener_port=port,
        )
        for port in (443, 50051)
    )
    vpc = existing_vpc(stack)
    ingress = SharedIngress.from_listeners(
        stack,
        "Ingress",
        https_listener=https,
        grpc_listener=grpc,
        dns=EdgeDns(stack, "Dns", root_domain=ROOT_DOMAIN),
        load_balancer=elbv2.ApplicationLoadBalancer.from_lookup(
            stack, "Alb", load_balancer_arn=LOAD_BALANCER_ATTRIBUTES["load_balancer_arn"]
        ),
        vpc=vpc if says_vpc else None,
    )
    edge_server(ingress, vpc)
    template = Template.from_stack(stack)
    template.resource_count_is(LISTENER_RULE, 3)
    template.resource_count_is(LOAD_BALANCER, 0)
    template.resource_count_is(SECURITY_GROUP, 1)


@pytest.mark.parametrize("lets_all_out", [True, False])
def test_rules_for_imported_listeners_are_in_the_stack_of_the_server(lets_all_out: bool) -> None:
    """Where listeners are imported in another stack, that one needs nothing of the server's."""
    app = new_app()
    front, servers = new_stack("Front", app), new_stack("Servers", app)
    group = ec2.SecurityGroup.from_security_group_id(
        front, "Sg", "sg-platform", allow_all_outbound=lets_all_out
    )
    listeners = {
        f"{name}_listener": elbv2.ApplicationListener.from_application_listener_attributes(
            front, name, listener_arn=arn, security_group=group
        )
        for name, arn in (("https", HTTPS_ARN), ("grpc", GRPC_ARN))
    }
    ingress = SharedIngress.from_listeners(front, "Ingress", **listeners, root_domain=ROOT_DOMAIN)
    edge_server(ingress, existing_vpc(servers), servers)
    assert Template.from_stack(front).to_json().get("Resources", {}) == {}
    template = Template.from_stack(servers)
    assert len(let_in(template)) == 2
    template.resource_count_is(EGRESS_RULE, 0 if lets_all_out else 2)
    template.resource_count_is(LISTENER_RULE, 3)


def test_two_deployments_share_one_load_balancer() -> None:
    """Each in a range of its own, with a domain of its own, beside the customer's rule."""
    own = platform(new_app())
    for number, name in enumerate(("Blue", "Green")):
        ingress = SharedIngress.from_listeners(
            own.stack,
            f"{name}Ingress",
            **own.listeners,
            root_domain=f"{name.lower()}.example.com",
            priority_range=(1000 * (number + 1), 1000 * (number + 1) + 999),
        )
        cluster = ecs.Cluster(own.stack, f"{name}Cluster", vpc=own.vpc)
        EdgeServer(own.stack, name, cluster=cluster, ingress=ingress, name="es")
    rules = Template.from_stack(own.stack).find_resources(LISTENER_RULE)
    priorities = {
        (str(rule["Properties"]["ListenerArn"]), rule["Properties"]["Priority"])
        for rule in rules.values()
    }
    assert len(priorities) == len(rules) == 7


def test_a_server_in_another_vpc_is_refused() -> None:
    """The VPC of the load balancer is compared with that of the cluster."""
    app = new_app()
    own = platform(app)
    stack = new_stack("Datafi", app)
    ingress = SharedIngress.from_listeners(
        stack, "Ingress", **own.listeners, root_domain=ROOT_DOMAIN
    )
    other = ec2.Vpc(stack, "Other")
    with pytest.raises(InvalidInputError, match=r"in the VPC of the ingress \(Platform/Vpc\)"):
        edge_server(ingress, other)


@pytest.mark.parametrize(
    "imported",
    [
        lambda scope: ec2.Vpc.from_lookup(scope, "Vpc", vpc_id="vpc-123"),
        lambda scope: ec2.Vpc.from_vpc_attributes(
            scope, "Vpc", vpc_id=Token.as_string({"Ref": "Vpc"}), availability_zones=["a", "b"]
        ),
    ],
    ids=["looked up", "token"],
)
def test_a_vpc_that_may_be_the_same_is_taken(imported: Callable[[Construct], ec2.IVpc]) -> None:
    """Only VPCs that are known to differ are refused."""
    stack = Stack(new_app(), "Test", env=Environment(account=ACCOUNT, region=REGION))
    ingress = SharedIngress.from_attributes(
        stack,
        "Ingress",
        https_listener_arn=HTTPS_ARN,
        security_group_ids=["sg-1"],
        root_domain=ROOT_DOMAIN,
        vpc=imported(Construct(stack, "Front")),
    )
    edge_server(ingress, existing_vpc(stack))
    Template.from_stack(stack).resource_count_is(LISTENER_RULE, 2)
