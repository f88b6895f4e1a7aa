"""Gap: the VPC of a load balancer, and `DescribeAccountLimits` with what a new account has.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
"""

from __future__ import annotations

from typing import Any

LIMITS = {
    "application-load-balancers": 50,
    "listeners-per-application-load-balancer": 50,
    "rules-per-application-load-balancer": 100,
    "target-groups": 3000,
    "target-groups-per-application-load-balancer": 100,
}
"""The limits by the names that the API has for them."""


def tell_limits() -> None:
    """Let `describe_account_limits` answer."""
    from ministack.services import alb

    members = "".join(
        f"<member><Name>{name}</Name><Max>{most}</Max></member>" for name, most in LIMITS.items()
    )

    def describe_account_limits(_parameters: Any) -> Any:
        return alb._xml(200, "DescribeAccountLimits", f"<Limits>{members}</Limits>")

    alb._ACTION_MAP["DescribeAccountLimits"] = describe_account_limits


def show_networks() -> None:
    """Let `describe_load_balancers` show the VPC of the subnets, not always the default one."""
    from ministack.services import alb, ec2

    load_balancer_xml = alb._lb_xml

    def load_balancer_xml_with_network(load_balancer: dict[str, Any]) -> str:
        subnets = [ec2._subnets.get(subnet) for subnet in load_balancer["Subnets"]]
        vpc_id = next((subnet["VpcId"] for subnet in subnets if subnet), load_balancer["VpcId"])
        xml: str = load_balancer_xml({**load_balancer, "VpcId": vpc_id})
        return xml

    alb._lb_xml = load_balancer_xml_with_network
