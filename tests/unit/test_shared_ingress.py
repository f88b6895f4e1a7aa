"""SharedIngress: the load balancer, its listeners, and the rules it hands out."""

import fnmatch
from typing import Any

import pytest
from datafi_cdk import EdgeDns, EdgeServer, SharedIngress, UpdateApi
from aws_cdk import CfnParameter, Duration, Environment, Stack, Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk.assertions import Template
from constructs import Construct
from deployment import (
    ACCOUNT,
    BUCKET,
    CERTIFICATE,
    INGRESS_RULE,
    LISTENER,
    LISTENER_RULE,
    LOAD_BALANCER,
    RECORD,
    REGION,
    ROOT_DOMAIN,
    SECURITY_GROUP,
    Surroundings,
    attributes,
    existing_vpc,
    logical_id,
    new_app,
    new_stack,
    one,
    properties,
    surroundings,
)

PEERS = ("CidrIp", "CidrIpv6", "SourcePrefixListId", "SourceSecurityGroupId")
PORTS = (80, 443, 50051)


@pytest.fixture(scope="module")
def surrounded() -> Surroundings:
    """A stack with a load balancer made with defaults, and a few rules."""
    made = surroundings()
    targets = elbv2.ApplicationTargetGroup(
        made.stack, "Targets", vpc=made.vpc, port=80, target_type=elbv2.TargetType.IP
    )
    es: dict[str, Any] = {"hosts": [f"es.{ROOT_DOMAIN}"], "target_group": targets}
    made.ingress.add_http_rule(made.stack, "Plain", **es)
    made.ingress.add_http_rule(made.stack, "WithPath", paths=["/a", "/b"], **es)
    made.ingress.add_grpc_rules(made.stack, **es)
    return made


@pytest.fixture(scope="module")
def template(surrounded: Surroundings) -> Template:
    """Its template."""
    return Template.from_stack(surrounded.stack)


def listener(template: Template, port: int) -> dict[str, Any]:
    """The properties of the listener on a port."""
    found = [entry["Properties"] for entry in template.find_resources(LISTENER).values()]
    (matching,) = (entry for entry in found if entry["Port"] == port)
    return dict(matching)


def test_load_balancer_is_public_and_in_the_public_subnets(template: Template) -> None:
    """One application load balancer faces the internet from the public subnets."""
    made = properties(template, LOAD_BALANCER)
    assert made["Type"] == "application"
    assert made["Scheme"] == "internet-facing"
    assert made["Subnets"] == ["subnet-public-a", "subnet-public-b"]


def test_load_balancer_has_safe_defaults(template: Template) -> None:
    """Idle for an hour, protected from deletion, invalid headers dropped, logged; nothing else."""
    made = properties(template, LOAD_BALANCER)
    assert attributes(made, "LoadBalancerAttributes") == {
        "access_logs.s3.bucket": {"Ref": logical_id(template, BUCKET, "IngressAccessLogs")},
        "access_logs.s3.enabled": "true",
        "deletion_protection.enabled": "true",
        "idle_timeout.timeout_seconds": "3600",
        "routing.http.drop_invalid_header_fields.enabled": "true",
    }


@pytest.mark.parametrize("seconds", [1, 4000])
def test_arguments_reach_the_load_balancer(seconds: int) -> None:
    """Idle timeout, up to both of its bounds, and deletion protection are as asked."""
    stack = new_stack()
    SharedIngress(
        stack,
        "Ingress",
        vpc=existing_vpc(stack),
        dns=EdgeDns(stack, "Dns", root_domain=ROOT_DOMAIN),
        idle_timeout=Duration.seconds(seconds),
        deletion_protection=False,
    )
    made = properties(Template.from_stack(stack), LOAD_BALANCER)
    found = attributes(made, "LoadBalancerAttributes")
    assert found["idle_timeout.timeout_seconds"] == str(seconds)
    assert found["deletion_protection.enabled"] == "false"


def test_http_is_redirected_for_good(template: Template) -> None:
    """Port 80 answers every request with a permanent redirect to HTTPS on 443."""
    made = listener(template, 80)
    assert made["Protocol"] == "HTTP"
    assert made["DefaultActions"] == [
        {
            "Type": "redirect",
            "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
        }
    ]


@pytest.mark.parametrize("port", [443, 50051])
def test_tls_listeners_refuse_unknown_hosts(template: Template, port: int) -> None:
    """443 and 50051 speak TLS 1.2 or newer and answer 404 to a host nobody has claimed."""
    made = listener(template, port)
    assert made["Protocol"] == "HTTPS"
    assert made["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    assert made["Certificates"] == [{"CertificateArn": {"Ref": logical_id(template, CERTIFICATE)}}]
    (action,) = made["DefaultActions"]
    assert action["Type"] == "fixed-response"
    assert action["FixedResponseConfig"]["StatusCode"] == "404"
    assert action["FixedResponseConfig"]["ContentType"] == "text/plain"


def test_there_are_three_listeners(template: Template) -> None:
    """Nothing listens but 80, 443 and 50051."""
    ports = [entry["Properties"]["Port"] for entry in template.find_resources(LISTENER).values()]
    assert sorted(ports) == [80, 443, 50051]


def test_the_internet_reaches_the_three_ports_only(template: Template) -> None:
    """The security group opens the listeners' ports over TCP and no other."""
    rules = properties(template, SECURITY_GROUP, "Ingress")["SecurityGroupIngress"]
    opened = [
        tuple(rule[key] for key in ("CidrIp", "IpProtocol", "FromPort", "ToPort")) for rule in rules
    ]
    assert sorted(opened) == [("0.0.0.0/0", "tcp", port, port) for port in (80, 443, 50051)]


def test_rules_go_to_the_listener_of_their_protocol(template: Template) -> None:
    """HTTP rules are on 443, gRPC rules on 50051 and 443."""
    for rule, name in (
        ("Plain", "Https"),
        ("WithPath", "Https"),
        ("GrpcRule", "Grpc"),
        ("GrpcOverHttpsRule", "Https"),
    ):
        listener_id = logical_id(template, LISTENER, f"IngressLoadBalancer{name}Listener")
        assert properties(template, LISTENER_RULE, rule)["ListenerArn"] == {"Ref": listener_id}


def test_rules_match_hosts_and_paths(template: Template) -> None:
    """A rule asks for its hosts, and for its paths only if there are any."""
    host = {"Field": "host-header", "HostHeaderConfig": {"Values": [f"es.{ROOT_DOMAIN}"]}}
    path = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a", "/b"]}}
    assert properties(template, LISTENER_RULE, "Plain")["Conditions"] == [host]
    assert properties(template, LISTENER_RULE, "WithPath")["Conditions"] == [host, path]
    assert properties(template, LISTENER_RULE, "GrpcRule")["Conditions"] == [host]


def test_grpc_over_https_is_told_by_its_content_type(template: Template) -> None:
    """On 443 gRPC is `application/grpc` or `application/grpc+…`, and not grpc-web."""
    host, header = properties(template, LISTENER_RULE, "GrpcOverHttpsRule")["Conditions"]
    assert host["HostHeaderConfig"]["Values"] == [f"es.{ROOT_DOMAIN}"]
    assert header["HttpHeaderConfig"]["HttpHeaderName"] == "content-type"
    patterns = header["HttpHeaderConfig"]["Values"]
    taken = {
        content_type: any(fnmatch.fnmatchcase(content_type, pattern) for pattern in patterns)
        for content_type in ("application/grpc", "application/grpc+proto", "application/grpc-web")
    }
    assert list(taken.values()) == [True, True, False]


def test_priorities_never_change(template: Template) -> None:
    """A priority depends on the address alone: these stay, or running rules would be replaced."""
    found = {
        name: properties(template, LISTENER_RULE, name)["Priority"]
        for name in ("Plain", "WithPath", "GrpcRule", "GrpcOverHttpsRule")
    }
    assert found == {
        "Plain": 49129,
        "WithPath": 36601,
        "GrpcRule": 24129,
        "GrpcOverHttpsRule": 24129,
    }


def test_priorities_are_in_the_range_of_their_protocol() -> None:
    """Of fifty hosts, gRPC rules are in 1 to 25000 and HTTP rules in 25001 to 50000."""
    made = surroundings(max_rules=150)
    targets = elbv2.ApplicationTargetGroup(
        made.stack, "Targets", vpc=made.vpc, port=80, target_type=elbv2.TargetType.IP
    )
    for index in range(50):
        arguments: dict[str, Any] = {
            "hosts": [f"server-{index}.{ROOT_DOMAIN}"],
            "target_group": targets,
        }
        made.ingress.add_http_rule(made.stack, f"Http{index}", **arguments)
        made.ingress.add_grpc_rules(Construct(made.stack, f"Grpc{index}"), **arguments)
    rules = Template.from_stack(made.stack).find_resources(LISTENER_RULE)
    for name, rule in rules.items():
        priority = rule["Properties"]["Priority"]
        assert (1 <= priority <= 25000) if name.startswith("Grpc") else (25001 <= priority <= 50000)
    assert len({rule["Properties"]["Priority"] for rule in rules.values()}) > 90


def test_priorities_do_not_depend_on_unresolved_domains() -> None:
    """A domain known at deployment only leaves the priority to the rule's own path."""
    first, second = (_priority_under_unresolved_domain(earlier_tokens) for earlier_tokens in (0, 7))
    assert first == second
    assert first != _priority_under_unresolved_domain(0, rule_id="Other")


def _priority_under_unresolved_domain(earlier_tokens: int, rule_id: str = "Rule") -> int:
    for index in range(earlier_tokens):
        Token.as_string({"Ref": f"Earlier{index}"})
    stack = new_stack()
    made = surroundings(stack, CfnParameter(stack, "Domain").value_as_string)
    action = elbv2.ListenerAction.fixed_response(503)
    made.ingress.add_http_rule(stack, rule_id, hosts=[made.ingress.host("es")], action=action)
    return int(properties(Template.from_stack(stack), LISTENER_RULE, rule_id)["Priority"])


def test_exposes_what_it_made(surrounded: Surroundings) -> None:
    """Load balancer, listeners, connections and root domain are attributes."""
    ingress = surrounded.ingress
    assert ingress.root_domain == ROOT_DOMAIN
    assert ingress.host("es") == f"es.{ROOT_DOMAIN}"
    assert ingress.https_listener.node.id == "HttpsListener"
    assert ingress.grpc_listener.node.id == "GrpcListener"
    (group,) = ingress.connections.security_groups
    assert group.node.path == "Test/Ingress/SecurityGroup"


def ingress_template(**arguments: Any) -> Template:
    """The template of a stack with an ingress with these arguments."""
    return Template.from_stack(surroundings(**arguments).stack)


def clients(template: Template) -> set[tuple[str, int]]:
    """Who may connect to which port of the load balancer, over TCP."""
    inline = properties(template, SECURITY_GROUP, "Ingress").get("SecurityGroupIngress", [])
    apart = [entry["Properties"] for entry in template.find_resources(INGRESS_RULE).values()]
    found = set()
    for rule in [*inline, *apart]:
        assert rule["IpProtocol"] == "tcp"
        assert rule["FromPort"] == rule["ToPort"]
        (peer,) = (rule[key] for key in PEERS if key in rule)
        found.add((str(peer), rule["FromPort"]))
    return found


def internal_vpc(scope: Construct) -> ec2.IVpc:
    """A VPC whose range is known."""
    return ec2.Vpc.from_vpc_attributes(
        scope,
        "Internal",
        vpc_id="vpc-456",
        vpc_cidr_block="10.9.0.0/16",
        availability_zones=["a", "b"],
        private_subnet_ids=["subnet-a", "subnet-b"],
    )


def test_an_internal_one_is_in_private_subnets_for_the_vpc_only() -> None:
    """No public address, and nobody from outside of the VPC connects."""
    stack = new_stack()
    dns = EdgeDns(stack, "Dns", root_domain=ROOT_DOMAIN)
    SharedIngress(stack, "Ingress", vpc=internal_vpc(stack), dns=dns, internal=True)
    template = Template.from_stack(stack)
    made = properties(template, LOAD_BALANCER)
    assert made["Scheme"] == "internal"
    assert made["Subnets"] == ["subnet-a", "subnet-b"]
    assert clients(template) == {("10.9.0.0/16", port) for port in PORTS}


def test_an_internal_dual_stack_one_lets_in_both_ranges_of_the_vpc() -> None:
    """IPv6 clients of the VPC connect as well, once the VPC has its IPv6 range."""
    stack = new_stack()
    vpc = ec2.Vpc(stack, "Vpc", max_azs=2, ip_protocol=ec2.IpProtocol.DUAL_STACK)
    dns = EdgeDns(stack, "Dns", root_domain=ROOT_DOMAIN)
    SharedIngress(stack, "Ingress", vpc=vpc, dns=dns, internal=True, dual_stack=True)
    template = Template.from_stack(stack)
    group = one(template, SECURITY_GROUP, "Ingress")
    rules = group["Properties"]["SecurityGroupIngress"]
    vpc_id = logical_id(template, "AWS::EC2::VPC")
    ipv6 = {"Fn::Select": [0, {"Fn::GetAtt": [vpc_id, "Ipv6CidrBlocks"]}]}
    assert [rule["FromPort"] for rule in rules if rule.get("CidrIpv6") == ipv6] == list(PORTS)
    assert len(rules) == 6
    assert logical_id(template, "AWS::EC2::VPCCidrBlock") in group["DependsOn"]


def test_subnets_known_by_their_ids_serve() -> None:
    """Their zones are not known; two of them are taken for two zones."""
    stack = new_stack()
    subnets = [ec2.Subnet.from_subnet_id(stack, f"S{n}", f"subnet-{n}") for n in (1, 2)]
    surroundings(stack, vpc_subnets=ec2.SubnetSelection(subnets=subnets))
    found = properties(Template.from_stack(stack), LOAD_BALANCER)["Subnets"]
    assert found == ["subnet-1", "subnet-2"]


def test_the_same_range_counts_once() -> None:
    """Repeated ranges make one rule for each port."""
    template = ingress_template(allowed_cidrs=["10.0.0.0/8"] * 30)
    assert len(properties(template, SECURITY_GROUP, "Ingress")["SecurityGroupIngress"]) == 3


def test_every_name_has_its_records_if_each_has_its_own() -> None:
    """Servers and the update API, for IPv6 as well."""
    stack = new_stack()
    vpc = existing_vpc(stack)
    dns = EdgeDns(stack, "Dns", root_domain=ROOT_DOMAIN, record_per_service=True)
    ingress = SharedIngress(stack, "Ingress", vpc=vpc, dns=dns, dual_stack=True)
    cluster = ecs.Cluster(stack, "Cluster", vpc=vpc)
    edge = EdgeServer(stack, "Es", cluster=cluster, ingress=ingress, name="es")
    UpdateApi(stack, "Updates", ingress=ingress, services=[edge])
    records = Template.from_stack(stack).find_resources(RECORD).values()
    assert {(made["Properties"]["Name"], made["Properties"]["Type"]) for made in records} == {
        (f"{name}.{ROOT_DOMAIN}.", kind)
        for name in ("es", "update", "df-update")
        for kind in ("A", "AAAA")
    }


def test_subnets_can_be_chosen() -> None:
    """The load balancer is in these, and in no others."""
    subnets = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS)
    made = properties(ingress_template(vpc_subnets=subnets), LOAD_BALANCER)
    assert made["Subnets"] == ["subnet-private-a", "subnet-private-b"]


@pytest.mark.parametrize("internal", [False, True])
def test_whoever_is_allowed_takes_the_place_of_everybody(internal: bool) -> None:
    """Ranges of both families, prefix lists and security groups connect, and nobody else."""
    stack = new_stack()
    group = ec2.SecurityGroup.from_security_group_id(stack, "Clients", "sg-clients")
    template = ingress_template(
        stack=stack,
        internal=internal,
        allowed_cidrs=["203.0.113.0/24", "2001:DB8::/32"],
        allowed_prefix_lists=["pl-1234"],
        allowed_security_groups=[group],
    )
    peers = ("203.0.113.0/24", "2001:db8::/32", "pl-1234", "sg-clients")
    assert clients(template) == {(peer, port) for peer in peers for port in PORTS}


@pytest.mark.parametrize(
    ("arguments", "peer"),
    [
        ({"allowed_cidrs": ["10.0.0.0/8"]}, "10.0.0.0/8"),
        ({"allowed_prefix_lists": ["pl-1"]}, "pl-1"),
    ],
)
def test_one_kind_of_client_closes_the_others_out(arguments: dict[str, Any], peer: str) -> None:
    """A prefix list alone, too, keeps the internet out."""
    assert clients(ingress_template(**arguments)) == {(peer, port) for port in PORTS}


def test_an_empty_list_lets_in_nobody_until_somebody_is_let_in() -> None:
    """Then `connections` says who connects."""
    made = surroundings(allowed_cidrs=[])
    made.ingress.connections.allow_from(ec2.Peer.ipv4("10.0.0.0/8"), ec2.Port.tcp(443))
    assert clients(Template.from_stack(made.stack)) == {("10.0.0.0/8", 443)}


def test_clients_in_another_stack_make_no_cycle() -> None:
    """A security group of a stack that comes before is allowed in."""
    app = new_app()
    front, others = new_stack("Front", app), new_stack("Others", app)
    group = ec2.SecurityGroup(others, "Clients", vpc=existing_vpc(others))
    surroundings(front, allowed_security_groups=[group])
    app.synth()
    assert [stack.stack_name for stack in front.dependencies] == ["Others"]
    assert others.dependencies == []
    assert len(clients(Template.from_stack(front))) == 3


def test_addresses_are_ipv4_by_default(template: Template) -> None:
    """Neither an IPv6 address nor an AAAA record."""
    assert "IpAddressType" not in properties(template, LOAD_BALANCER)
    kinds = {entry["Properties"]["Type"] for entry in template.find_resources(RECORD).values()}
    assert kinds == {"A"}


def test_dual_stack_has_ipv6_addresses_and_records_for_everybody() -> None:
    """IPv6 clients find the load balancer and connect."""
    template = ingress_template(dual_stack=True)
    assert properties(template, LOAD_BALANCER)["IpAddressType"] == "dualstack"
    records = [entry["Properties"] for entry in template.find_resources(RECORD).values()]
    assert sorted((record["Name"], record["Type"]) for record in records) == [
        (f"{prefix}{ROOT_DOMAIN}.", kind) for prefix in ("*.", "") for kind in ("A", "AAAA")
    ]
    assert clients(template) == {(peer, port) for peer in ("0.0.0.0/0", "::/0") for port in PORTS}


def test_tls_policy_can_be_chosen() -> None:
    """Both TLS listeners speak it."""
    template = ingress_template(ssl_policy=elbv2.SslPolicy.FIPS_TLS13_12)
    policies = {listener(template, port)["SslPolicy"] for port in (443, 50051)}
    assert policies == {"ELBSecurityPolicy-TLS13-1-2-FIPS-2023-04"}


def test_grpc_can_be_kept_off_443() -> None:
    """Then it has its own port only."""
    made = surroundings(grpc_over_https=False)
    assert made.ingress.grpc_over_https is False
    EdgeServer(made.stack, "Es", **made.around, name="es")
    template = Template.from_stack(made.stack)
    template.resource_count_is(LISTENER_RULE, 2)


def test_no_web_acl_by_default(template: Template) -> None:
    """None is associated unless it is given."""
    template.resource_count_is("AWS::WAFv2::WebACLAssociation", 0)


def test_a_web_acl_inspects_the_load_balancer() -> None:
    """The association names both."""
    arn = f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/acl/1a2b"
    template = ingress_template(web_acl_arn=arn)
    assert properties(template, "AWS::WAFv2::WebACLAssociation") == {
        "ResourceArn": {"Ref": logical_id(template, LOAD_BALANCER)},
        "WebACLArn": arn,
    }


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1"])
def test_no_partition_is_written(region: str) -> None:
    """In China and in GovCloud the template has no ARN of another partition."""
    stack = Stack(new_app(), "Test", env=Environment(account=ACCOUNT, region=region))
    made = surroundings(stack, dual_stack=True, access_logs=True)
    EdgeServer(stack, "Es", **made.around, name="es")
    assert "arn:aws:" not in str(Template.from_stack(stack).to_json())


def test_metrics_name_the_load_balancer(surrounded: Surroundings) -> None:
    """Its full name is cut from the ARN of a listener, as that is known of an existing one, too."""
    name = surrounded.stack.resolve(surrounded.ingress.load_balancer_full_name)
    arn = {
        "Ref": logical_id(
            Template.from_stack(surrounded.stack), LISTENER, "IngressLoadBalancerHttps"
        )
    }
    parts = [{"Fn::Select": [part, {"Fn::Split": ["/", arn]}]} for part in (1, 2, 3)]
    assert name == {"Fn::Join": ["", [parts[0], "/", parts[1], "/", parts[2]]]}
