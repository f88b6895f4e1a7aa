"""The sections of a `datafi.yaml` about what servers share: account, names, network, front."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from . import validation
from .config_fields import REGION_FORM, Arn, Checked, Entries, KeyRule, Number, OneOf, Text, Zone
from .validation import FORMS, HIGHEST_PRIORITY, LOG_RETENTION_DAYS, SSL_POLICIES

SECRET_ARN = Arn(
    "secretsmanager",
    r"secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}",
    "the complete ARN of a secret, with its six-character suffix",
)
KEY_ARN = Arn("kms", "key/[A-Za-z0-9-]+", "the ARN of a KMS key, not of an alias")
ROLE_ARN = Arn("iam", "role/[A-Za-z0-9_+=,.@/-]+", "the ARN of an IAM role", regional=False)
ACCOUNT = Text("[0-9]{12}", "12 digits", "write the whole account number")
REGION = Text(REGION_FORM, "an AWS region", "write it as 'us-east-1'")
PRIORITY = Number(1, HIGHEST_PRIORITY)


def id_of(prefix: str, what: str) -> KeyRule:
    """An id as EC2 makes them: a prefix, and 8 or 17 hexadecimal digits.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
    """
    allowed = f"the id of {what} ({prefix} and 8 or 17 of 0-9 and a-f)"
    remedy = f"copy it from the AWS console, where it starts with {prefix}"
    return Text(f"{prefix}([0-9a-f]{{8}}|[0-9a-f]{{17}})", allowed, remedy)


_NAMESPACE_ID = Text(
    "ns-[0-9a-z]+",
    "the id of a Cloud Map namespace",
    "copy it from the AWS console, where it starts with ns-",
)
SECURITY_GROUP_ID = id_of("sg-", "a security group")
SUBNET_ID = id_of("subnet-", "a subnet")
_LABEL = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
BUCKET_NAME = Text(
    rf"(?=.{{3,63}}$)(?!([0-9]+\.){{3}}[0-9]+$){_LABEL}(\.{_LABEL})*",
    "the name of a bucket (3 to 63 of a-z, 0-9, - and, between others, .)",
    "copy it from the S3 console",
)
_HOSTED_ZONE_ID = Text(
    "Z[A-Z0-9]{1,31}",
    "the id of a hosted zone",
    "copy it from Route 53, where it starts with Z",
)
_LISTENER_ARN = Arn(
    "elasticloadbalancing",
    "listener/app/[^/]+/[^/]+/[^/]+",
    "the ARN of a listener of an application load balancer",
    local=True,
)
_CACHE_SECRET_ARN = Arn(
    "secretsmanager",
    r"secret:ecr-pullthroughcache/[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}",
    "the complete ARN of a secret whose name starts with ecr-pullthroughcache/",
    local=True,
)
_CIDR = Checked(lambda value: validation.cidr_faults("", value), FORMS["cidr"])
_VPC_CIDR = Checked(
    lambda value: validation.vpc_range_faults("", value), r"[0-9.]+/(1[6-9]|2[0-8])"
)
_ROOT_DOMAIN = Checked(validation.root_domain_faults, FORMS["domain"])
_WORD = "[a-z0-9]+([._-][a-z0-9]+)*"


class Section(BaseModel):
    """One section of the file."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class AwsConfig(Section):
    """Where the deployment goes."""

    account: Annotated[str, ACCOUNT] = Field(description="The AWS account, 12 digits in quotes.")
    region: Annotated[str, REGION] = Field(description="The AWS region, such as us-east-1.")


class ExistingLoadBalancerConfig(Section):
    """A load balancer that is there already."""

    https_listener_arn: Annotated[str, _LISTENER_ARN] = Field(
        description="The listener that takes HTTPS on port 443."
    )
    grpc_listener_arn: Annotated[str | None, _LISTENER_ARN] = Field(
        default=None,
        description="The listener that takes gRPC on port 50051. Default: gRPC on 443 only.",
    )
    security_group_ids: Annotated[list[str], SECURITY_GROUP_ID, Entries(least=1)] = Field(
        description="Its security groups. They stay as they are; servers let in the first."
    )
    load_balancer_arn: Annotated[
        str | None,
        Arn(
            "elasticloadbalancing",
            "loadbalancer/app/[^/]+/[^/]+",
            "the ARN of an application load balancer",
            local=True,
        ),
    ] = Field(
        default=None,
        description="Its ARN. With dns_name and canonical_hosted_zone_id, records are made; "
        "without, as by default, the names are kept elsewhere (dns.enable_hosted_zone: false).",
    )
    dns_name: Annotated[
        str | None, Text("[A-Za-z0-9.-]+", "the DNS name of a load balancer", "copy it from EC2")
    ] = Field(default=None, description="The name that AWS gave it. Default: not known.")
    canonical_hosted_zone_id: Annotated[str | None, _HOSTED_ZONE_ID] = Field(
        default=None, description="The hosted zone of that name. Default: not known."
    )
    lowest_priority: Annotated[int, PRIORITY] = Field(
        default=1, description="The lowest priority of the rules made on its listeners."
    )
    highest_priority: Annotated[int, PRIORITY] = Field(
        default=HIGHEST_PRIORITY,
        description="The highest. The range is free on all listeners; gRPC takes its lower half.",
    )


class LoadBalancerConfig(Section):
    """The load balancer in front of every server."""

    existing: ExistingLoadBalancerConfig | None = Field(
        default=None,
        description="One that is there already; of the other keys, only grpc_over_https, "
        "dual_stack and max_rules then apply. Default: a new one.",
    )
    idle_timeout_seconds: Annotated[int, Number(1, 4000)] = Field(
        default=3600, description="How long a connection may be silent, 1 to 4000 seconds."
    )
    subnet_ids: Annotated[list[str], SUBNET_ID, Entries()] = Field(
        default_factory=list,
        description="Its subnets in the existing network, one in each of two zones or more. "
        "Default: the public ones, or the private ones in private mode.",
    )
    ssl_policy: Annotated[str, OneOf(tuple(SSL_POLICIES))] = Field(
        default="ELBSecurityPolicy-TLS13-1-2-2021-06",
        description="Which TLS versions and ciphers it speaks.",
    )
    allowed_cidrs: Annotated[list[str], _CIDR, Entries()] = Field(
        default_factory=list,
        description="Address ranges that may connect. Default, if nobody else is allowed either: "
        "the whole internet, or the VPC in private mode.",
    )
    allowed_prefix_list_ids: Annotated[
        list[str], id_of("pl-", "a managed prefix list"), Entries()
    ] = Field(default_factory=list, description="Prefix lists whose ranges may connect.")
    allowed_security_group_ids: Annotated[list[str], SECURITY_GROUP_ID, Entries()] = Field(
        default_factory=list, description="Security groups whose members may connect."
    )
    dual_stack: bool = Field(
        default=False,
        description="Whether it has IPv6 addresses, too, and a new VPC has them.",
    )
    grpc_over_https: bool = Field(
        default=True, description="Whether port 443 takes gRPC as well, told by its content type."
    )
    access_logs: bool = Field(
        default=True, description="Whether all requests are logged, to a new bucket."
    )
    access_logs_bucket_name: Annotated[str | None, BUCKET_NAME] = Field(
        default=None,
        description="An existing bucket for these logs, whose policy lets the load balancer write. "
        "Default: a new one.",
    )
    web_acl: bool = Field(
        default=False,
        description="Whether a web ACL of AWS WAF is made that inspects all requests, with AWS's "
        "own rules and a rate limit on the update API.",
    )
    web_acl_arn: Annotated[
        str | None,
        Arn(
            "wafv2",
            "regional/webacl/[A-Za-z0-9_-]+/[A-Za-z0-9-]+",
            "the ARN of a regional web ACL of AWS WAF (v2)",
            local=True,
        ),
    ] = Field(
        default=None, description="An existing web ACL, in place of web_acl. Default: see there."
    )
    max_rules: Annotated[int, PRIORITY] = Field(
        default=100, description="How many rules AWS allows on it; more than 100 on request."
    )


class ParentZoneConfig(Section):
    """The zone of a parent domain, in which the new zone is delegated."""

    hosted_zone_id: Annotated[str, _HOSTED_ZONE_ID] = Field(description="Its id.")
    delegation_role_arn: Annotated[str | None, ROLE_ARN] = Field(
        default=None,
        description="A role that may change it, if it is in another account. Default: it is in "
        "the account of the deployment.",
    )


class NamespaceConfig(Section):
    """A private Cloud Map namespace that is there already."""

    id: Annotated[str, _NAMESPACE_ID] = Field(description="Its id.")
    arn: Annotated[
        str, Arn("servicediscovery", "namespace/ns-[a-z0-9]+", "the ARN of a Cloud Map namespace")
    ] = Field(description="Its ARN.")
    name: Annotated[
        str, Text("[!-~]{1,253}", "the name of a Cloud Map namespace", "copy it from Cloud Map")
    ] = Field(description="Its name.")


class DnsConfig(Section):
    """Names and certificate."""

    root_domain: Annotated[str, _ROOT_DOMAIN] = Field(
        description="The domain under which every server gets its name."
    )
    hosted_zone_id: Annotated[str | None, _HOSTED_ZONE_ID] = Field(
        default=None,
        description="An existing zone that holds the root domain. Default: a new zone, public or, "
        "in private mode, private.",
    )
    parent_zone: ParentZoneConfig | None = Field(
        default=None,
        description="The zone in which a new public zone is delegated. Default: somebody delegates "
        "by hand while the first deployment waits for the certificate.",
    )
    certificate_arn: Annotated[
        str | None,
        Arn("acm", "certificate/[A-Za-z0-9-]+", "the ARN of an ACM certificate", local=True),
    ] = Field(
        default=None,
        description="An existing certificate for the root domain and every name directly under "
        "it. Default: a new one, validated through the zone.",
    )
    validation_zone_id: Annotated[str | None, _HOSTED_ZONE_ID] = Field(
        default=None,
        description="A public zone that holds the root domain, through which a new certificate is "
        "validated. Default: the zone of the names, if it is public.",
    )
    enable_hosted_zone: bool = Field(
        default=True,
        description="Whether zone and records are made. Without, certificate_arn or "
        "validation_zone_id is required.",
    )
    record_per_service: bool = Field(
        default=False,
        description="Whether each server has a record of its own. Default: one record for all.",
    )
    enable_namespace: bool = Field(
        default=False,
        description="Whether the servers are registered by name in a private Cloud Map namespace, "
        "internal.<root_domain>. Who may connect to them stays as it is: the load balancer only.",
    )
    namespace: NamespaceConfig | None = Field(
        default=None,
        description="An existing namespace in place of a new one. Default: see enable_namespace.",
    )


class VpcConfig(Section):
    """An existing network: by its id, or by all that is needed of it."""

    vpc_id: Annotated[str, id_of("vpc-", "a VPC")] = Field(
        description="The VPC. Alone, it is looked up, for which the section aws is needed."
    )
    availability_zones: Annotated[list[str], Zone(), Entries()] = Field(
        default_factory=list,
        description="Its zones, at least two; with them it is not looked up, and the subnets are "
        "named, one a zone and in this order.",
    )
    public_subnet_ids: Annotated[list[str], SUBNET_ID, Entries()] = Field(
        default_factory=list, description="Its public subnets."
    )
    private_subnet_ids: Annotated[list[str], SUBNET_ID, Entries()] = Field(
        default_factory=list, description="Its private subnets with a NAT gateway."
    )
    isolated_subnet_ids: Annotated[list[str], SUBNET_ID, Entries()] = Field(
        default_factory=list, description="Its private subnets without a way out."
    )
    cidr: Annotated[str | None, _VPC_CIDR] = Field(
        default=None,
        description="Its IPv4 range; private mode needs it or allowed_cidrs. Default: not known.",
    )


class NewVpcConfig(Section):
    """The network that is made if there is none."""

    cidr: Annotated[str | None, _VPC_CIDR] = Field(
        default=None,
        description="Its IPv4 range, /16 or narrower, with room for subnets of /27 or wider. "
        "Default: 10.0.0.0/16.",
    )
    max_azs: Annotated[int, Number(2, 6)] = Field(
        default=2,
        description="In how many zones it has subnets, 2 to 6; more than 2 need the section aws.",
    )
    nat_gateways: Annotated[int | None, Number(0, 6)] = Field(
        default=None,
        description="How many NAT gateways it has. With none, VPC endpoints lead to what a task "
        "needs of AWS, and images must be in ECR. Default: 1; in private mode none.",
    )
    flow_logs: bool = Field(
        default=True, description="Whether all connections are logged, to a new log group."
    )
    flow_log_retention_days: Annotated[int, OneOf(tuple(LOG_RETENTION_DAYS))] = Field(
        default=30, description="How long flow logs are kept, in days."
    )
    interface_endpoints: Annotated[
        list[str],
        Text(
            "[a-z0-9]+([.-][a-z0-9]+)*",
            "the short name of an AWS service",
            "write it as in com.amazonaws.<region>.<name>, such as 'kms'",
        ),
    ] = Field(
        default_factory=list,
        description="AWS services that are reached through endpoints, by their short names, such "
        "as kms or ssm. Default: without NAT, those that a task needs; with "
        "enable_execute_command also ssmmessages.",
    )


class PullThroughCacheConfig(Section):
    """Images through the account's own ECR."""

    docker_hub_secret_arn: Annotated[str | None, _CACHE_SECRET_ARN] = Field(
        default=None,
        description="Complete ARN of the secret ecr-pullthroughcache/… with username and "
        "accessToken for Docker Hub. Default: edge servers are pulled from Docker Hub.",
    )
    datafi_registry_secret_arn: Annotated[str | None, _CACHE_SECRET_ARN] = Field(
        default=None,
        description="The same for the coordinator's registry. Default: it is pulled from there.",
    )
    repository_prefix: Annotated[
        str | None,
        Text(
            rf"(?=.{{2,26}}$){_WORD}(/{_WORD})*",
            "2 to 26 of a-z, 0-9 and, between these, one of . _ - or /",
            "write it as 'acme/datafi'",
        ),
    ] = Field(default=None, description="How the repositories' names start. Default: one is made.")
