"""Targets, ECS properties, tags, zones and WAF are really made, changed and deleted."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from datafi_cdk.local import RECORDED_ONLY, EmbeddedAws

from .conftest import Stack


def function(answer: str) -> dict[str, Any]:
    """A Lambda function that answers a load balancer, with its role."""
    code = f"def handler(event, context): return {{'statusCode': 200, 'body': {answer!r}}}"
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.12",
            "Handler": "index.handler",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Code": {"ZipFile": code},
        },
    }


HOSTED_ZONE = "AWS::Route53::HostedZone"
ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
}


def behind_load_balancer(target: str) -> dict[str, Any]:
    """A load balancer whose one listener forwards to one of two functions."""
    return {
        "Role": ROLE,
        "One": function("one"),
        "Two": function("two"),
        "Targets": {
            "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
            "Properties": {
                "TargetType": "lambda",
                "Targets": [{"Id": {"Fn::GetAtt": [target, "Arn"]}}],
            },
        },
        "Balancer": {
            "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "Properties": {"Type": "application", "Subnets": []},
        },
        "Listener": {
            "Type": "AWS::ElasticLoadBalancingV2::Listener",
            "Properties": {
                "LoadBalancerArn": {"Ref": "Balancer"},
                "Port": 80,
                "Protocol": "HTTP",
                "DefaultActions": [{"Type": "forward", "TargetGroupArn": {"Ref": "Targets"}}],
            },
        },
    }


def test_a_request_through_the_load_balancer_runs_the_lambda(
    embedded_aws: EmbeddedAws, stack: Stack
) -> None:
    """The Lambda of `Targets` is registered, answers, and is exchanged by an update."""
    outputs = {"Name": {"Fn::GetAtt": ["Balancer", "LoadBalancerName"]}}
    for target, status in (("One", "CREATE_COMPLETE"), ("Two", "UPDATE_COMPLETE")):
        assert stack.deploy(behind_load_balancer(target), outputs) == status, stack.failures()
        health = embedded_aws.client("elbv2").describe_target_health(
            TargetGroupArn=stack.physical_id("Targets")
        )
        (registered,) = health["TargetHealthDescriptions"]
        assert registered["Target"]["Id"].endswith(f":{stack.physical_id(target)}")
        name = stack.outputs()["Name"]
        answer = embedded_aws.load_balancer_request(name, "GET", "any.example.com:80", "/x?y=1")
        assert (answer.status, answer.body) == (200, target.lower())


def test_a_grpc_target_group_says_so(embedded_aws: EmbeddedAws, stack: Stack) -> None:
    """`describe_target_groups` tells the protocol version and the health check's gRPC codes."""
    group = {
        "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
        "Properties": {
            "TargetType": "ip",
            "Port": 50051,
            "Protocol": "HTTP",
            "ProtocolVersion": "GRPC",
            "VpcId": "vpc-1",
            "HealthCheckPath": "/AWS.ALB/healthcheck",
            "Matcher": {"GrpcCode": "12"},
        },
    }
    assert stack.deploy({"Group": group}) == "CREATE_COMPLETE", stack.failures()
    (shown,) = embedded_aws.client("elbv2").describe_target_groups(
        TargetGroupArns=[stack.physical_id("Group")]
    )["TargetGroups"]
    assert (shown["ProtocolVersion"], shown["Matcher"]) == ("GRPC", {"GrpcCode": "12"})


def test_a_service_keeps_what_cloudformation_was_told(
    embedded_aws: EmbeddedAws, stack: Stack
) -> None:
    """Cloud Map registry, grace period and tag propagation reach the ECS service."""

    def resources(grace_period: int) -> dict[str, Any]:
        return {
            "Cluster": {"Type": "AWS::ECS::Cluster"},
            "Task": {
                "Type": "AWS::ECS::TaskDefinition",
                "Properties": {"ContainerDefinitions": [{"Name": "c", "Image": "datafi/es"}]},
            },
            "Service": {
                "Type": "AWS::ECS::Service",
                "Properties": {
                    "Cluster": {"Ref": "Cluster"},
                    "TaskDefinition": {"Ref": "Task"},
                    "DesiredCount": 1,
                    "HealthCheckGracePeriodSeconds": grace_period,
                    "PropagateTags": "SERVICE",
                    "ServiceRegistries": [{"RegistryArn": "arn:registry", "ContainerPort": 80}],
                },
            },
        }

    for grace_period, status in ((60, "CREATE_COMPLETE"), (90, "UPDATE_COMPLETE")):
        assert stack.deploy(resources(grace_period)) == status, stack.failures()
        (service,) = embedded_aws.client("ecs").describe_services(
            cluster=stack.physical_id("Cluster"), services=[stack.physical_id("Service")]
        )["services"]
        assert service["healthCheckGracePeriodSeconds"] == grace_period
        assert service["propagateTags"] == "SERVICE"
        assert service["serviceRegistries"] == [
            {"registryArn": "arn:registry", "containerPort": 80}
        ]


def test_bucket_tags_follow_the_template(embedded_aws: EmbeddedAws, stack: Stack) -> None:
    """Tags of the template are set, and gone with the next template."""
    s3 = embedded_aws.client("s3")
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"Tags": [{"Key": "a", "Value": "1"}]}}
    assert stack.deploy({"Bucket": bucket}) == "CREATE_COMPLETE", stack.failures()
    name = stack.physical_id("Bucket")
    assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == [{"Key": "a", "Value": "1"}]
    assert stack.deploy({"Bucket": {"Type": "AWS::S3::Bucket"}}) == "UPDATE_COMPLETE"
    with pytest.raises(s3.exceptions.ClientError, match="NoSuchTagSet"):
        s3.get_bucket_tagging(Bucket=name)


def test_a_bucket_that_is_not_empty_stays(embedded_aws: EmbeddedAws, stack: Stack) -> None:
    """Deleting a bucket that holds only a version fails, until it is emptied."""
    s3 = embedded_aws.client("s3")
    versioned = {"VersioningConfiguration": {"Status": "Enabled"}}
    bucket = {"Type": "AWS::S3::Bucket", "Properties": versioned}
    assert stack.deploy({"Bucket": bucket}) == "CREATE_COMPLETE", stack.failures()
    name = stack.physical_id("Bucket")
    version = s3.put_object(Bucket=name, Key="k", Body=b"1")["VersionId"]
    marker = s3.delete_object(Bucket=name, Key="k")["VersionId"]
    assert stack.delete() == "DELETE_FAILED"
    assert "not empty" in stack.failures()
    for version_id in (version, marker):
        s3.delete_object(Bucket=name, Key="k", VersionId=version_id)
    assert stack.delete() == "DELETE_COMPLETE"


def test_zone_tags_follow_the_template(embedded_aws: EmbeddedAws, stack: Stack) -> None:
    """Tags of the template are set, changed, and gone with the next template."""
    route53 = embedded_aws.client("route53")

    def deployed(tags: dict[str, str]) -> list[dict[str, str]]:
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        zone = {"Type": HOSTED_ZONE, "Properties": {"Name": "a.b", "HostedZoneTags": listed}}
        assert stack.deploy({"Zone": zone}).endswith("_COMPLETE"), stack.failures()
        answer = route53.list_tags_for_resource(
            ResourceType="hostedzone", ResourceId=stack.physical_id("Zone")
        )
        return list(answer["ResourceTagSet"]["Tags"])

    assert deployed({"a": "1", "b": "1"}) == [
        {"Key": "a", "Value": "1"},
        {"Key": "b", "Value": "1"},
    ]
    assert deployed({"b": "2"}) == [{"Key": "b", "Value": "2"}]
    assert deployed({}) == []


def test_a_zone_that_is_not_empty_stays(embedded_aws: EmbeddedAws, stack: Stack) -> None:
    """Deleting a zone that holds a record fails, until the record is deleted."""
    route53 = embedded_aws.client("route53")
    zone = {"Type": HOSTED_ZONE, "Properties": {"Name": "a.b"}}
    assert stack.deploy({"Zone": zone}) == "CREATE_COMPLETE", stack.failures()
    zone_id = stack.physical_id("Zone")

    def change(action: str) -> None:
        record = {"Name": "x.a.b", "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": '"x"'}]}
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
        route53.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch=batch)

    change("CREATE")
    assert stack.delete() == "DELETE_FAILED"
    assert "HostedZoneNotEmpty" in stack.failures()
    change("DELETE")
    assert stack.delete() == "DELETE_COMPLETE"
    with pytest.raises(route53.exceptions.NoSuchHostedZone):
        route53.get_hosted_zone(Id=zone_id)


def waf(addresses: list[str]) -> dict[str, Any]:
    """A web ACL for a load balancer, and an address set."""
    return {
        "Acl": {
            "Type": "AWS::WAFv2::WebACL",
            "Properties": {
                "Scope": "REGIONAL",
                "DefaultAction": {"Allow": {}},
                "VisibilityConfig": {
                    "CloudWatchMetricsEnabled": False,
                    "MetricName": "m",
                    "SampledRequestsEnabled": False,
                },
            },
        },
        "Balancer": {
            "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
            "Properties": {"Type": "application", "Subnets": []},
        },
        "Association": {
            "Type": "AWS::WAFv2::WebACLAssociation",
            "Properties": {
                "ResourceArn": {"Ref": "Balancer"},
                "WebACLArn": {"Fn::GetAtt": ["Acl", "Arn"]},
            },
        },
        "Set": {
            "Type": "AWS::WAFv2::IPSet",
            "Properties": {
                "Scope": "REGIONAL",
                "IPAddressVersion": "IPV4",
                "Addresses": addresses,
                "Tags": [{"Key": "addresses", "Value": addresses[0]}],
            },
        },
    }


def test_a_web_acl_is_associated_with_its_load_balancer(
    embedded_aws: EmbeddedAws, stack: Stack
) -> None:
    """WAF knows the load balancer's web ACL and the address set, until they are deleted."""
    client = embedded_aws.client("wafv2")
    outputs = {"Acl": {"Fn::GetAtt": ["Acl", "Arn"]}, "Set": {"Fn::GetAtt": ["Set", "Arn"]}}
    assert stack.deploy(waf(["192.0.2.0/24"]), outputs) == "CREATE_COMPLETE", stack.failures()
    balancer = stack.physical_id("Balancer")
    associated = client.get_web_acl_for_resource(ResourceArn=balancer)["WebACL"]
    assert associated["ARN"] == stack.outputs()["Acl"]

    assert stack.deploy(waf(["198.51.100.0/24"]), outputs) == "UPDATE_COMPLETE", stack.failures()
    name, set_id, scope = stack.physical_id("Set").split("|")
    shown = client.get_ip_set(Name=name, Id=set_id, Scope=scope)["IPSet"]
    assert shown["Addresses"] == ["198.51.100.0/24"]
    assert shown["ARN"] == stack.outputs()["Set"]
    tags = client.list_tags_for_resource(ResourceARN=shown["ARN"])["TagInfoForResource"]
    assert {"Key": "addresses", "Value": "198.51.100.0/24"} in tags["TagList"]

    assert stack.delete() == "DELETE_COMPLETE"
    assert client.list_ip_sets(Scope="REGIONAL")["IPSets"] == []
    with pytest.raises(client.exceptions.WAFNonexistentItemException):
        client.get_web_acl_for_resource(ResourceArn=balancer)


def recorded(maximum: int) -> dict[str, Any]:
    """One resource of each type that is only recorded."""
    return {
        "Target": {
            "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
            "Properties": {
                "ResourceId": "service/cluster/es",
                "ScalableDimension": "ecs:service:DesiredCount",
                "ServiceNamespace": "ecs",
                "MinCapacity": 1,
                "MaxCapacity": maximum,
                "Tags": [{"Key": "team", "Value": "data"}],
            },
        },
        "Policy": {
            "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
            "Properties": {
                "PolicyName": "cpu",
                "PolicyType": "TargetTrackingScaling",
                "ScalingTargetId": {"Ref": "Target"},
            },
        },
        "Log": {
            "Type": "AWS::WAFv2::LoggingConfiguration",
            "Properties": {"ResourceArn": "arn:acl", "LogDestinationConfigs": ["arn:log"]},
        },
        "Patterns": {
            "Type": "AWS::WAFv2::RegexPatternSet",
            "Properties": {"Scope": "REGIONAL", "RegularExpressionList": ["^a"]},
        },
        "Group": {
            "Type": "AWS::WAFv2::RuleGroup",
            "Properties": {"Scope": "REGIONAL", "Capacity": 1, "VisibilityConfig": {}},
        },
        "Rule": {
            "Type": "AWS::ECR::PullThroughCacheRule",
            "Properties": {
                "EcrRepositoryPrefix": "docker-hub",
                "UpstreamRegistryUrl": "registry-1.docker.io",
            },
        },
        "Certificate": {
            "Type": "AWS::ElasticLoadBalancingV2::ListenerCertificate",
            "Properties": {
                "Certificates": [{"CertificateArn": "arn:certificate"}],
                "ListenerArn": "arn:listener",
            },
        },
        "Rotation": {
            "Type": "AWS::SecretsManager::RotationSchedule",
            "Properties": {"SecretId": "arn:secret", "RotationLambdaARN": "arn:function"},
        },
    }


def cluster(*providers: str) -> dict[str, Any]:
    """A cluster with these capacity providers, the first of them by default."""
    return {
        "Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {}},
        "Providers": {
            "Type": "AWS::ECS::ClusterCapacityProviderAssociations",
            "Properties": {
                "Cluster": {"Ref": "Cluster"},
                "CapacityProviders": list(providers),
                "DefaultCapacityProviderStrategy": [
                    {"CapacityProvider": providers[0], "Weight": 1}
                ],
            },
        },
    }


def test_clusters_have_capacity_providers(stack: Stack, embedded_aws: EmbeddedAws) -> None:
    """`describe_clusters` shows the providers and the strategy, also after a change."""
    ecs = embedded_aws.client("ecs")
    assert stack.deploy(cluster("FARGATE", "FARGATE_SPOT")) == "CREATE_COMPLETE", stack.failures()
    assert stack.physical_id("Providers") == stack.physical_id("Cluster")
    names = [stack.physical_id("Cluster")]
    (made,) = ecs.describe_clusters(clusters=names)["clusters"]
    assert made["capacityProviders"] == ["FARGATE", "FARGATE_SPOT"]
    assert made["defaultCapacityProviderStrategy"] == [{"capacityProvider": "FARGATE", "weight": 1}]
    assert stack.deploy(cluster("FARGATE_SPOT")) == "UPDATE_COMPLETE", stack.failures()
    (made,) = ecs.describe_clusters(clusters=names)["clusters"]
    assert made["capacityProviders"] == ["FARGATE_SPOT"]
    assert stack.delete() == "DELETE_COMPLETE"


def test_a_recorded_type_has_the_documented_return_values(stack: Stack) -> None:
    """`Ref` and `Fn::GetAtt` of the types that are only recorded are those of AWS."""
    outputs = {"Policy": {"Fn::GetAtt": ["Policy", "Arn"]}, "Id": {"Fn::GetAtt": ["Target", "Id"]}}
    assert stack.deploy(recorded(4), outputs) == "CREATE_COMPLETE", stack.failures()
    assert stack.physical_id("Target") == "service/cluster/es|ecs:service:DesiredCount|ecs"
    assert stack.physical_id("Log") == "arn:acl"
    assert stack.physical_id("Rule") == "docker-hub"
    assert stack.physical_id("Patterns").startswith("Patterns|")
    assert stack.physical_id("Group").endswith("|REGIONAL")
    assert stack.physical_id("Rotation") == "arn:secret"
    assert stack.outputs() == {
        "Policy": stack.physical_id("Policy"),
        "Id": stack.physical_id("Target"),
    }
    assert stack.physical_id("Policy").endswith(":resource/ecs/service/cluster/es:policyName/cpu")
    assert stack.deploy(recorded(5), outputs) == "UPDATE_COMPLETE", stack.failures()
    assert stack.delete() == "DELETE_COMPLETE"


def test_the_recorded_types_are_listed() -> None:
    """Whoever relies on the embedded AWS can read which types prove nothing."""
    assert sorted(RECORDED_ONLY) == sorted(resource["Type"] for resource in recorded(1).values())


def test_ministack_still_has_the_gaps() -> None:
    """A type that ministack comes to know by itself shows up here: remove its handler then."""
    code = (
        "from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS as known\n"
        "from datafi_cdk.local.server.gaps import RESOURCE_TYPES\n"
        "print([type.name for type in RESOURCE_TYPES if type.name in known])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_task_definition_keeps_what_it_takes_from_secrets(
    embedded_aws: EmbeddedAws, stack: Stack
) -> None:
    """Secrets, registry credentials, platform and disk are shown, and can be registered again."""
    container = {
        "Name": "es",
        "Image": "datafi/es",
        "Secrets": [{"Name": "KEY", "ValueFrom": "arn:aws:secretsmanager:…:es:KEY::"}],
        "RepositoryCredentials": {"CredentialsParameter": "arn:aws:secretsmanager:…:acr"},
    }
    task = {
        "Type": "AWS::ECS::TaskDefinition",
        "Properties": {
            "Family": "es",
            "ContainerDefinitions": [container],
            "EphemeralStorage": {"SizeInGiB": 30},
            "RuntimePlatform": {"CpuArchitecture": "ARM64"},
        },
    }
    assert stack.deploy({"Task": task}) == "CREATE_COMPLETE", stack.failures()
    ecs = embedded_aws.client("ecs")
    shown = ecs.describe_task_definition(taskDefinition="es")["taskDefinition"]
    (made,) = shown["containerDefinitions"]
    assert made["secrets"] == [{"name": "KEY", "valueFrom": container["Secrets"][0]["ValueFrom"]}]
    assert made["repositoryCredentials"] == {
        "credentialsParameter": container["RepositoryCredentials"]["CredentialsParameter"]
    }
    assert shown["ephemeralStorage"] == {"sizeInGiB": 30}
    assert shown["runtimePlatform"] == {"cpuArchitecture": "ARM64"}
    again = ecs.register_task_definition(family="es", containerDefinitions=[made])
    assert again["taskDefinition"]["containerDefinitions"][0]["secrets"] == made["secrets"]
