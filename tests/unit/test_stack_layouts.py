"""Which parts may stand in which stacks, as docs/stacks.md says."""

import pytest
from datafi_cdk import EdgeDns, SharedIngress
from aws_cdk import App, Stack
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2

CERTIFICATE = "arn:aws:acm:us-east-1:111111111111:certificate/00000000-0000-4000-8000-000000000000"


def layout(ingress_stack: str) -> App:
    """The network in stack A, the names in stack B that needs it, and the ingress somewhere."""
    app = App()
    stacks = {name: Stack(app, name) for name in "ABC"}
    vpc = ec2.Vpc(stacks["A"], "Vpc")
    certificate = acm.Certificate.from_certificate_arn(stacks["B"], "Certificate", CERTIFICATE)
    dns = EdgeDns(
        stacks["B"],
        "Dns",
        root_domain="edge.example.com",
        private_zone_vpc=vpc,
        certificate=certificate,
    )
    SharedIngress(stacks[ingress_stack], "Ingress", vpc=vpc, dns=dns, internal=True)
    return app


@pytest.mark.parametrize("ingress_stack", ["B", "C"])
def test_stacks_in_order_never_wait_for_each_other(ingress_stack: str) -> None:
    """The ingress is where the names are, or in a stack after them."""
    layout(ingress_stack).synth()


def test_cdk_names_the_stacks_that_wait_for_each_other() -> None:
    """With the ingress back in the first stack; the words are those of the page."""
    with pytest.raises(RuntimeError, match=r"DependencyCycle: 'A' depends on 'B' \(A -> B/Dns/"):
        layout("A").synth()
