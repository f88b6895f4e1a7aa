"""What the embedded AWS tells of load balancers beside ministack."""

from __future__ import annotations

from datafi_cdk.local import EmbeddedAws

from .conftest import Stack


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


def test_a_target_group_is_named_as_its_metrics_are(stack: Stack) -> None:
    """With `targetgroup/` in front, as it stands in its ARN; also after an update."""
    for seconds in (30, 60):
        properties = {"TargetType": "lambda", "HealthCheckIntervalSeconds": seconds}
        group = {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": properties}
        outputs = {
            "Arn": {"Ref": "Group"},
            "Name": {"Fn::GetAtt": ["Group", "TargetGroupFullName"]},
        }
        assert stack.deploy({"Group": group}, outputs).endswith("_COMPLETE")
        found = stack.outputs()
        assert found["Name"].startswith("targetgroup/")
        assert found["Arn"].endswith(f":{found['Name']}")
    stack.delete()


def test_an_alarm_of_several_metrics_is_kept_as_it_is(stack: Stack) -> None:
    """It is described with its expression, and rings for nothing."""
    errors = {"MetricName": "Errors", "Namespace": "AWS/Lambda"}
    metrics = [
        {"Id": "rate", "Expression": "100 * errors", "ReturnData": True},
        {
            "Id": "errors",
            "MetricStat": {"Metric": errors, "Period": 300, "Stat": "Sum"},
            "ReturnData": False,
        },
    ]
    properties = {
        "Metrics": metrics,
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 3,
    }
    for threshold in (5, 6):
        alarm = {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {**properties, "Threshold": threshold},
        }
        assert stack.deploy({"Alarm": alarm}).endswith("_COMPLETE")
        name = stack.physical_id("Alarm")
        cloudwatch = stack.aws.client("cloudwatch")
        (found,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        assert found["Metrics"] == metrics
        assert (found["Threshold"], found["StateValue"]) == (threshold, "INSUFFICIENT_DATA")
        assert "MetricName" not in found
    assert stack.delete() == "DELETE_COMPLETE"
