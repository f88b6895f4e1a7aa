"""What each type of resource costs: priced, free, or not estimated, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from .items import Made, NotEstimated
from .lambda_items import FUNCTION
from .network_items import ELASTIC_IP, ENDPOINT, LOAD_BALANCER_TYPE, NAT_GATEWAY
from .services import SCALABLE_TARGET, SERVICE, TASK_DEFINITION
from .storage_items import BUCKET, KEYS, SECRETS_MANAGER, ZONES
from .task_items import CLUSTER

PRICED = frozenset(
    {
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        "AWS::Logs::LogGroup",
        BUCKET,
        CLUSTER,
        ELASTIC_IP,
        ENDPOINT,
        FUNCTION,
        *KEYS,
        LOAD_BALANCER_TYPE,
        NAT_GATEWAY,
        SCALABLE_TARGET,
        *SECRETS_MANAGER,
        SERVICE,
        TASK_DEFINITION,
        *ZONES,
    }
)
"""Types that an item comes from."""

FREE = frozenset(
    {
        "AWS::CDK::Metadata",
        "AWS::CertificateManager::Certificate",
        "AWS::CloudFormation::CustomResource",
        "AWS::CloudFormation::Stack",
        "AWS::EC2::EgressOnlyInternetGateway",
        "AWS::EC2::EIPAssociation",
        "AWS::EC2::InternetGateway",
        "AWS::EC2::NetworkAcl",
        "AWS::EC2::NetworkAclEntry",
        "AWS::EC2::Route",
        "AWS::EC2::RouteTable",
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupEgress",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::EC2::Subnet",
        "AWS::EC2::SubnetNetworkAclAssociation",
        "AWS::EC2::SubnetRouteTableAssociation",
        "AWS::EC2::VPC",
        "AWS::EC2::VPCCidrBlock",
        "AWS::EC2::VPCGatewayAttachment",
        "AWS::ECS::CapacityProvider",
        "AWS::ECS::ClusterCapacityProviderAssociations",
        "AWS::ElasticLoadBalancingV2::Listener",
        "AWS::ElasticLoadBalancingV2::ListenerCertificate",
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        "AWS::Events::Rule",
        "AWS::IAM::InstanceProfile",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::KMS::Alias",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::LayerVersion",
        "AWS::Lambda::Permission",
        "AWS::Route53::RecordSet",
        "AWS::S3::BucketPolicy",
        "AWS::SecretsManager::ResourcePolicy",
        "AWS::SecretsManager::SecretTargetAttachment",
        "AWS::SQS::QueuePolicy",
        "AWS::SSM::Parameter",
    }
)
"""Types that cost nothing of their own. What passes through them may be priced elsewhere; rules of
EventBridge are free for events of AWS, parameters as long as they are standard ones."""

NOT_ESTIMATED = {
    "AWS::CloudWatch::CompositeAlarm": "the table has no price of it",
    "AWS::EC2::FlowLog": "how much it writes follows from the traffic",
    "AWS::ECR::PullThroughCacheRule": "the images that it keeps are paid by size",
    "AWS::ECR::Repository": "the images that it keeps are paid by size",
    "AWS::ECR::RepositoryCreationTemplate": "the images that it keeps are paid by size",
    "AWS::Logs::MetricFilter": "how many metrics it makes follows from the logs",
    "AWS::SecretsManager::RotationSchedule": "a rotation runs a function for seconds",
    "AWS::ServiceDiscovery::Service": "its health checks, if any, are not in the table",
    "AWS::SNS::Subscription": "it is paid by message",
    "AWS::SNS::Topic": "it is paid by message",
    "AWS::SSM::Parameter": "the table has no price of any but standard parameters",
    "AWS::SQS::Queue": "it is paid by message",
    "AWS::WAFv2::LoggingConfiguration": "how much it writes follows from the traffic",
    "AWS::WAFv2::WebACL": "the table has no prices of AWS WAF",
    "AWS::WAFv2::WebACLAssociation": "the table has no prices of AWS WAF",
}
"""Types that may cost something and are not in the estimate, and why."""

_UNKNOWN = "this command does not know the type"


def is_free(resource: Made) -> bool:
    """Whether a resource costs nothing; a custom one runs within a deployment."""
    if resource.properties.get("Tier", "Standard") != "Standard":
        return False
    return resource.type in FREE or resource.type.startswith("Custom::")


def free_counts(made: list[Made]) -> dict[str, int]:
    """The types that cost nothing and how many there are of each, sorted."""
    found = Counter(resource.type for resource in made if is_free(resource))
    return dict(sorted(found.items()))


def not_estimated(made: list[Made]) -> Iterator[NotEstimated]:
    """The types that are not in the estimate, also those that nothing is known of, sorted."""
    found = Counter(
        resource.type for resource in made if resource.type not in PRICED and not is_free(resource)
    )
    for resource_type, count in sorted(found.items()):
        why = NOT_ESTIMATED.get(resource_type, _UNKNOWN)
        yield NotEstimated(f"{count} {resource_type}", why)
