"""An embedded AWS in which all is there that a deployment needs, and the configuration of that."""

from __future__ import annotations

import base64
import json
from typing import Any

from datafi_cdk.cli.secrets.jwt_keys import Algorithm, make_jwt_keys
from datafi_cdk.local import EmbeddedAws

ROOT = "edge.example.com"
REGION = "us-east-1"
ZONES = (f"{REGION}a", f"{REGION}b")
NEEDED_ENDPOINTS = ("ecr.api", "ecr.dkr", "logs", "secretsmanager")
MANIFEST = '{"schemaVersion": 2}'


class PreparedAccount:
    """Makes everything; what it has made are attributes, the ids and ARNs of a configuration.

    Args:
        aws: The embedded AWS, which runs.
    """

    def __init__(self, aws: EmbeddedAws) -> None:
        self.aws = aws
        self._ec2 = aws.client("ec2")
        aws.client("ssm").put_parameter(
            Name="/cdk-bootstrap/hnb659fds/version", Type="String", Value="21"
        )
        self._make_network()
        self._make_names()
        self._make_load_balancer()
        self._make_secrets()
        self._make_others()

    def _make_network(self) -> None:
        ec2 = self._ec2
        self.vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
        for attribute in ("EnableDnsSupport", "EnableDnsHostnames"):
            ec2.modify_vpc_attribute(VpcId=self.vpc, **{attribute: {"Value": True}})
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        self.public = [self._subnet(number, zone) for number, zone in enumerate(ZONES)]
        self.private = [self._subnet(10 + number, zone) for number, zone in enumerate(ZONES)]
        self.isolated = [self._subnet(20 + number, zone) for number, zone in enumerate(ZONES)]
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        nat = ec2.create_nat_gateway(SubnetId=self.public[0], AllocationId=address)["NatGateway"]
        self._route(self.public, GatewayId=gateway)
        self._route(self.private, NatGatewayId=nat["NatGatewayId"])
        self.security_group = self._security_group(self.vpc, "load balancer")

    def _subnet(self, number: int, zone: str) -> str:
        made = self._ec2.create_subnet(
            VpcId=self.vpc, CidrBlock=f"10.1.{number}.0/24", AvailabilityZone=zone
        )
        return str(made["Subnet"]["SubnetId"])

    def _route(self, subnets: list[str], **target: str) -> None:
        table = self._ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        self._ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **target)
        for subnet in subnets:
            self._ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)

    def _security_group(self, vpc: str, name: str) -> str:
        made = self._ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)
        return str(made["GroupId"])

    def _make_names(self) -> None:
        route53 = self.aws.client("route53")
        self.zone, self.name_servers = self._zone(ROOT)
        self.other_zone, _ = self._zone("example.org")
        private = route53.create_hosted_zone(
            Name=ROOT, CallerReference="private", VPC={"VPCRegion": REGION, "VPCId": self.vpc}
        )
        self.private_zone = private["HostedZone"]["Id"].rpartition("/")[2]
        self.certificate = self.request_certificate(ROOT, f"*.{ROOT}")

    def _zone(self, name: str) -> tuple[str, list[str]]:
        made = self.aws.client("route53").create_hosted_zone(Name=name, CallerReference=name)
        servers = [f"{server.rstrip('.')}." for server in made["DelegationSet"]["NameServers"]]
        return made["HostedZone"]["Id"].rpartition("/")[2], servers

    def request_certificate(self, name: str, *others: str) -> str:
        """A certificate for some names, which the embedded AWS issues at once."""
        made = self.aws.client("acm").request_certificate(
            DomainName=name, SubjectAlternativeNames=[name, *others], ValidationMethod="DNS"
        )
        return str(made["CertificateArn"])

    def _make_load_balancer(self) -> None:
        elbv2 = self.aws.client("elbv2")
        (made,) = elbv2.create_load_balancer(
            Name="front",
            Subnets=self.public,
            SecurityGroups=[self.security_group],
            Scheme="internet-facing",
            Type="application",
        )["LoadBalancers"]
        self.load_balancer = made["LoadBalancerArn"]
        self.dns_name, self.canonical_zone = made["DNSName"], made["CanonicalHostedZoneId"]
        self.https = self._listener(443)
        self.grpc = self._listener(50051)
        self.http = self._listener(80, "HTTP")

    def _listener(self, port: int, protocol: str = "HTTPS") -> str:
        fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
        made = self.aws.client("elbv2").create_listener(
            LoadBalancerArn=self.load_balancer,
            Port=port,
            Protocol=protocol,
            DefaultActions=[fixed],
            **({"Certificates": [{"CertificateArn": self.certificate}]} if port != 80 else {}),
        )
        return str(made["Listeners"][0]["ListenerArn"])

    def _make_secrets(self) -> None:
        keys = make_jwt_keys(Algorithm.ES256)
        keyval = {"kind": "redis", "addr": "redis:6379", "username": "default", "password": "none"}
        self.es_secret = self.secret("es", {"KEY": "bm90LWEta2V5", "JWT_JWKS": keys.jwks})
        self.fn_secret = self.secret("fn", {"EDGE_KEY": "bm90LWEta2V5", "JWT_JWKS": keys.jwks})
        self.co_secret = self.secret(
            "co", {"KEYVAL": base64_json(keyval), "JWT_KID": keys.kid, "JWT_KEY": keys.key}
        )

    def secret(self, name: str, fields: dict[str, str]) -> str:
        """A JSON secret."""
        made = self.aws.client("secretsmanager").create_secret(
            Name=name, SecretString=json.dumps(fields)
        )
        return str(made["ARN"])

    def _make_others(self) -> None:
        aws = self.aws
        self.repository = aws.client("ecr").create_repository(repositoryName="es")["repository"][
            "repositoryArn"
        ]
        for tag in ("latest", "v1"):
            aws.client("ecr").put_image(repositoryName="es", imageManifest=MANIFEST, imageTag=tag)
        aws.client("s3").create_bucket(Bucket="results")
        aws.client("ecs").create_cluster(
            clusterName="own", capacityProviders=["FARGATE", "FARGATE_SPOT"]
        )
        aws.client("logs").create_log_group(logGroupName="/own/es")
        self.key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
        self.disabled_key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
        aws.client("kms").disable_key(KeyId=self.disabled_key)
        anybody = {"Effect": "Allow", "Principal": {"AWS": aws.account}, "Action": "sts:AssumeRole"}
        trust = {"Version": "2012-10-17", "Statement": [anybody]}
        self.role = aws.client("iam").create_role(
            RoleName="own", AssumeRolePolicyDocument=json.dumps(trust)
        )["Role"]["Arn"]
        aws.client("ssm").put_parameter(Name="/own/version", Type="String", Value="v1")
        aws.client("ssm").put_parameter(Name="/own/secret", Type="SecureString", Value="none")
        aws.client("cloudwatch").put_metric_alarm(
            AlarmName="own",
            Namespace="Own",
            MetricName="Errors",
            ComparisonOperator="GreaterThanThreshold",
            EvaluationPeriods=1,
            Threshold=1,
            Period=60,
            Statistic="Sum",
        )
        namespaces = aws.client("servicediscovery")
        namespaces.create_private_dns_namespace(Name=f"internal.{ROOT}", Vpc=self.vpc)
        (namespace,) = namespaces.list_namespaces()["Namespaces"]
        self.namespace, self.namespace_arn = namespace["Id"], namespace["Arn"]

    def add_endpoints(self, *names: str) -> list[str]:
        """Interface endpoints of the VPC; returns their ids."""
        return [
            self._ec2.create_vpc_endpoint(
                VpcId=self.vpc,
                VpcEndpointType="Interface",
                ServiceName=f"com.amazonaws.{REGION}.{name}",
            )["VpcEndpoint"]["VpcEndpointId"]
            for name in names
        ]

    def config(self) -> dict[str, Any]:
        """A configuration that names all of it."""
        return {
            "deployment_name": "acme",
            "aws": {"account": self.aws.account, "region": REGION},
            "dns": {
                "root_domain": ROOT,
                "hosted_zone_id": self.zone,
                "certificate_arn": self.certificate,
                "namespace": {
                    "id": self.namespace,
                    "arn": self.namespace_arn,
                    "name": f"internal.{ROOT}",
                },
            },
            "vpc": {
                "vpc_id": self.vpc,
                "availability_zones": list(ZONES),
                "public_subnet_ids": self.public,
                "private_subnet_ids": self.private,
            },
            "load_balancer": {
                "existing": {
                    "https_listener_arn": self.https,
                    "grpc_listener_arn": self.grpc,
                    "security_group_ids": [self.security_group],
                    "load_balancer_arn": self.load_balancer,
                    "dns_name": self.dns_name,
                    "canonical_hosted_zone_id": self.canonical_zone,
                }
            },
            "cluster_name": "own",
            "edge_servers": {
                "long_running": [
                    {
                        "name": "es",
                        "secret_arn": self.es_secret,
                        "secret_variables": ["KEY", "JWT_JWKS"],
                        "ecr_repository_arn": self.repository,
                        "subnet_ids": self.private,
                        "security_group_ids": [self.security_group],
                        "storage": True,
                        "storage_bucket_name": "results",
                        "storage_kms_key_arn": self.key,
                        "log_group_name": "/own/es",
                        "task_role_arn": self.role,
                        "deployment_alarm_names": ["own"],
                    }
                ],
                "serverless": [
                    {
                        "name": "fn",
                        "ecr_repository_arn": self.repository,
                        "image_tag": "v1",
                        "secret_arn": self.fn_secret,
                        "secret_variables": ["EDGE_KEY", "JWT_JWKS"],
                    }
                ],
            },
            "coordinator": {
                "ecr_repository_arn": self.repository,
                "image_version_parameter": "/own/version",
                "secret_arn": self.co_secret,
                "subnet_ids": self.private,
            },
        }


def base64_json(data: Any) -> str:
    """JSON as base64."""
    return base64.b64encode(json.dumps(data).encode()).decode()
