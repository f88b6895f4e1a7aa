"""What the embedded AWS tells of load balancers beside ministack."""

from __future__ import annotations

from datafi_cdk.local import EmbeddedAws


def test_a_load_balancer_is_in_the_vpc_of_its_subnets(embedded_aws: EmbeddedAws) -> None:
    """Its VPC is not always the default one."""
    ec2, elbv2 = embedded_aws.client("ec2"), embedded_aws.client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{number}.0/24")["Subnet"]["SubnetId"]
        for number in range(2)
    ]
    arn = elbv2.create_load_balancer(Name="own", Subnets=subnets)["LoadBalancers"][0][
        "LoadBalancerArn"
    ]
    (found,) = elbv2.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"]
    elbv2.delete_load_balancer(LoadBalancerArn=arn)
    assert found["VpcId"] == vpc


def test_tells_the_limits_of_load_balancers(embedded_aws: EmbeddedAws) -> None:
    """They are those of a new account."""
    limits = embedded_aws.client("elbv2").describe_account_limits()["Limits"]
    assert {"Name": "rules-per-application-load-balancer", "Max": "100"} in limits
