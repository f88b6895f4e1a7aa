"""SharedIngress: the load balancer, its listeners, and the rules it hands out."""

from typing import Any

import pytest
from datafi_cdk import EdgeDns, SharedIngress
from aws_cdk import CfnParameter, Duration, Token
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk.assertions import Template
from deployment import (
    CERTIFICATE,
    LISTENER,
    LISTENER_RULE,
    LOAD_BALANCER,
    ROOT_DOMAIN,
    SECURITY_GROUP,
    Surroundings,
    attributes,
    existing_vpc,
    logical_id,
    new_stack,
    properties,
    surroundings,
)


@pytest.fixture(scope="module")
def surrounded() -> Surroundings:
    """A stack with a load balancer made with defaults, and a few rules."""
    made = surroundings()
    targets = elbv2.ApplicationTargetGroup(
        made.stack, "Targets", vpc=made.vpc, port=80, target_type=elbv2.TargetType.IP
    )
    es = {
        "hosts": [f"es.{ROOT_DOMAIN}"],
        "action": elbv2.ListenerAction.forward([targets]),
    }
    made.ingress.add_http_rule(made.stack, "Plain", **es)
    made.ingress.add_http_rule(made.stack, "WithPath", paths=["/a", "/b"], **es)
    made.ingress.add_grpc_rule(made.stack, "Grpc", **es)
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
    """Idle for an hour, protected from deletion, invalid headers dropped; and nothing else."""
    made = properties(template, LOAD_BALANCER)
    assert attributes(made, "LoadBalancerAttributes") == {
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
    """HTTP rules are on 443, gRPC rules on 50051."""
    for rule, name in (("Plain", "Https"), ("WithPath", "Https"), ("Grpc", "Grpc")):
        listener_id = logical_id(template, LISTENER, f"IngressLoadBalancer{name}Listener")
        assert properties(template, LISTENER_RULE, rule)["ListenerArn"] == {"Ref": listener_id}


def test_rules_match_hosts_and_paths(template: Template) -> None:
    """A rule asks for its hosts, and for its paths only if there are any."""
    host = {"Field": "host-header", "HostHeaderConfig": {"Values": [f"es.{ROOT_DOMAIN}"]}}
    path = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a", "/b"]}}
    assert properties(template, LISTENER_RULE, "Plain")["Conditions"] == [host]
    assert properties(template, LISTENER_RULE, "WithPath")["Conditions"] == [host, path]
    assert properties(template, LISTENER_RULE, "Grpc")["Conditions"] == [host]


def test_priorities_never_change(template: Template) -> None:
    """A priority depends on the address alone: these stay, or running rules would be replaced."""
    found = {
        name: properties(template, LISTENER_RULE, name)["Priority"]
        for name in ("Plain", "WithPath", "Grpc")
    }
    assert found == {"Plain": 49129, "WithPath": 36601, "Grpc": 24129}


def test_priorities_are_in_the_range_of_their_protocol() -> None:
    """Of fifty hosts, gRPC rules are in 1 to 25000 and HTTP rules in 25001 to 50000."""
    made = surroundings()
    action = elbv2.ListenerAction.fixed_response(503)
    for index in range(50):
        arguments = {"hosts": [f"server-{index}.{ROOT_DOMAIN}"], "action": action}
        made.ingress.add_http_rule(made.stack, f"Http{index}", **arguments)
        made.ingress.add_grpc_rule(made.stack, f"Grpc{index}", **arguments)
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
