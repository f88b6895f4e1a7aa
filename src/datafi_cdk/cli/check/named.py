"""Checks that what the configuration names by name or ARN is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...config_services import ServerConfig, ServiceConfig
from .context import Context
from .finding import Finding, failed, guarded, passed

Ask = Callable[[Context, str], Iterator[Finding]]


def check_named(context: Context) -> Iterator[Finding]:
    """Everything of which the configuration says that it is there already."""
    if context.config.cluster_name:
        subject = f"cluster {context.config.cluster_name}"
        yield from guarded(subject, _cluster(context, context.config.cluster_name))
    for kind, check, names in _by_kind(context):
        for name in dict.fromkeys(each for each in names if each):
            yield from guarded(f"{kind} {_short(name)}", check(context, name))
    namespace = context.config.dns.namespace
    if namespace:
        yield from guarded(f"namespace {namespace.id}", _namespace(context))


def _by_kind(context: Context) -> Iterator[tuple[str, Ask, list[str | None]]]:
    config, load_balancer = context.config, context.config.load_balancer
    servers = [server for _, server in context.servers]
    services = context.services
    existing = load_balancer.existing
    yield (
        "security group",
        _security_group,
        [
            *load_balancer.allowed_security_group_ids,
            *(existing.security_group_ids if existing else []),
            *(group for server in servers for group in server.security_group_ids),
        ],
    )
    yield "prefix list", _prefix_list, list(load_balancer.allowed_prefix_list_ids)
    yield "web ACL", _web_acl, [load_balancer.web_acl_arn]
    yield (
        "bucket",
        _bucket,
        [
            load_balancer.access_logs_bucket_name,
            *(getattr(server, "storage_bucket_name", None) for server in servers),
        ],
    )
    yield "log group", _log_group, [server.log_group_name for server in servers]
    yield "key", _key, _keys(context)
    yield (
        "role",
        _role,
        [
            *(
                arn
                for service in services
                for arn in (service.task_role_arn, service.execution_role_arn)
            ),
            *(getattr(server, "role_arn", None) for server in servers),
            *config.update_api.caller_role_arns,
        ],
    )
    yield "alarm", _alarm, [name for each in services for name in each.deployment_alarm_names]
    yield (
        "parameter",
        _parameter,
        [
            *(service.image_version_parameter for service in services),
            *(other.parameter_arn for service in services for other in service.secrets.values()),
        ],
    )
    for place, server in context.servers:
        yield "image of", _image_of(server), [place if _repository(server) else None]


def _keys(context: Context) -> list[str | None]:
    config = context.config
    keys = [config.jwt_jwks_secret_kms_key_arn, config.update_api.secret_kms_key_arn]
    for _, server in context.servers:
        fields = type(server).model_fields
        keys += [getattr(server, name) for name in fields if name.endswith("kms_key_arn")]
        if isinstance(server, ServiceConfig):
            keys += [other.kms_key_arn for other in server.secrets.values()]
    return keys


def _short(name: str) -> str:
    """A name, or the end of an ARN, which is its name."""
    return name.rpartition(":")[2] if name.startswith("arn:") else name


def _there(kind: str, name: str, text: str = "exists") -> Finding:
    return passed(f"{kind} {_short(name)}", text)


def _missing(kind: str, name: str) -> Finding:
    text = "does not exist in this account and region"
    return failed(f"{kind} {_short(name)}", text, f"correct the file, or make the {kind}")


def _cluster(context: Context, name: str) -> Iterator[Finding]:
    found = context.ask("ecs", "DescribeClusters", clusters=[name])["clusters"]
    if not found or found[0]["status"] != "ACTIVE":
        yield _missing("cluster", name)
        return
    wanted = {
        part.capacity_provider
        for service in context.services
        for part in service.capacity_provider_strategies
    }
    lacking = sorted(wanted - set(found[0].get("capacityProviders", [])))
    if lacking:
        text = f"has no capacity provider {', '.join(lacking)}"
        remedy = "add it to the cluster (`aws ecs put-cluster-capacity-providers`)"
        yield failed(f"cluster {name}", text, remedy)
    else:
        yield _there("cluster", name)


def _security_group(context: Context, group_id: str) -> Iterator[Finding]:
    found = context.ask(
        "ec2",
        "DescribeSecurityGroups",
        missing=("InvalidGroup.NotFound", "InvalidGroupId.Malformed"),
        GroupIds=[group_id],
    )
    if not found:
        yield _missing("security group", group_id)
        return
    vpc, there = context.config.vpc, found["SecurityGroups"][0].get("VpcId")
    is_allowed = group_id in context.config.load_balancer.allowed_security_group_ids
    if vpc and there != vpc.vpc_id and not is_allowed:
        text = f"is in {there}, not in {vpc.vpc_id}"
        yield failed(f"security group {group_id}", text, "name one of the VPC of the deployment")
    else:
        yield _there("security group", group_id)


def _prefix_list(context: Context, list_id: str) -> Iterator[Finding]:
    found = context.ask_all(
        "ec2",
        "DescribeManagedPrefixLists",
        "PrefixLists",
        missing=("InvalidPrefixListID.NotFound", "InvalidPrefixListId.NotFound"),
        PrefixListIds=[list_id],
    )
    yield _there("prefix list", list_id) if found else _missing("prefix list", list_id)


def _web_acl(context: Context, arn: str) -> Iterator[Finding]:
    _, _, name, acl_id = arn.rpartition(":")[2].split("/")
    found = context.ask(
        "wafv2",
        "GetWebACL",
        missing=("WAFNonexistentItemException",),
        Name=name,
        Id=acl_id,
        Scope="REGIONAL",
    )
    yield _there("web ACL", arn) if found else _missing("web ACL", arn)


def _bucket(context: Context, name: str) -> Iterator[Finding]:
    found = context.ask("s3", "HeadBucket", missing=("404", "NoSuchBucket"), Bucket=name)
    if not found:
        yield _missing("bucket", name)
        return
    region = found.get("BucketRegion", context.region)
    if region != context.region and name == context.config.load_balancer.access_logs_bucket_name:
        text = f"is in {region}, and access logs go into a bucket of {context.region} only"
        yield failed(f"bucket {name}", text, "name one in the region of the load balancer")
    else:
        yield _there("bucket", name)


def _log_group(context: Context, name: str) -> Iterator[Finding]:
    found = context.ask_all("logs", "DescribeLogGroups", "logGroups", logGroupNamePrefix=name)
    is_there = any(group["logGroupName"] == name for group in found)
    yield _there("log group", name) if is_there else _missing("log group", name)


def _key(context: Context, arn: str) -> Iterator[Finding]:
    found = context.ask("kms", "DescribeKey", missing=("NotFoundException",), KeyId=arn)
    if not found:
        yield _missing("key", arn)
    elif found["KeyMetadata"]["KeyState"] != "Enabled":
        text = f"is {found['KeyMetadata']['KeyState']}"
        yield failed(f"key {_short(arn)}", text, "enable it, or name another")
    else:
        yield _there("key", arn)


def _role(context: Context, arn: str) -> Iterator[Finding]:
    if arn.split(":")[4] != context.account:
        yield passed(f"role {_short(arn)}", "is of another account, and not asked for")
        return
    name = arn.rpartition("/")[2]
    found = context.ask("iam", "GetRole", missing=("NoSuchEntity",), RoleName=name)
    yield _there("role", arn) if found else _missing("role", arn)


def _alarm(context: Context, name: str) -> Iterator[Finding]:
    found = context.ask(
        "cloudwatch",
        "DescribeAlarms",
        AlarmNames=[name],
        AlarmTypes=["MetricAlarm", "CompositeAlarm"],
    )
    is_there = found.get("MetricAlarms") or found.get("CompositeAlarms")
    yield _there("alarm", name) if is_there else _missing("alarm", name)


def _parameter(context: Context, name: str) -> Iterator[Finding]:
    found = context.ask("ssm", "GetParameter", missing=("ParameterNotFound",), Name=name)
    if not found:
        yield _missing("parameter", name)
        return
    kind = found["Parameter"]["Type"]
    versions = [service.image_version_parameter for service in context.services]
    if name in versions and kind != "String":
        text = f"is a {kind}, and a version is in a String"
        yield failed(f"parameter {name}", text, "make it anew as a String")
    else:
        yield _there("parameter", name)


def _repository(server: ServerConfig) -> str | None:
    arn: str | None = getattr(server, "ecr_repository_arn", None)
    return arn


def _image_of(server: ServerConfig) -> Ask:
    def image(context: Context, place: str) -> Iterator[Finding]:
        arn = str(_repository(server))
        account, name = arn.split(":")[4], arn.partition(":repository/")[2]
        found = context.ask(
            "ecr",
            "DescribeRepositories",
            missing=("RepositoryNotFoundException",),
            registryId=account,
            repositoryNames=[name],
        )
        if not found:
            yield _missing("repository", arn)
            return
        if isinstance(server, ServiceConfig) and server.image_version_parameter:
            yield passed(f"repository {name}", "exists")
            return
        tag = server.image_tag or "latest"
        wanted = {"imageDigest": server.image_digest} if server.image_digest else {"imageTag": tag}
        image = context.ask_all(
            "ecr",
            "DescribeImages",
            "imageDetails",
            missing=("ImageNotFoundException",),
            registryId=account,
            repositoryName=name,
            imageIds=[wanted],
        )
        version = server.image_digest or tag
        subject = f"image of {place}"
        if image:
            yield passed(subject, f"{name} has {version}")
        else:
            yield failed(subject, f"{name} has no {version}", f"push it, or correct {place}")

    return image


def _namespace(context: Context) -> Iterator[Finding]:
    given = context.config.dns.namespace
    if given is None:
        return
    found = context.ask(
        "servicediscovery", "GetNamespace", missing=("NamespaceNotFound",), Id=given.id
    )
    subject = f"namespace {given.id}"
    if not found:
        yield _missing("namespace", given.id)
        return
    namespace = found["Namespace"]
    if namespace["Type"] != "DNS_PRIVATE":
        text = f"is of type {namespace['Type']}"
        yield failed(subject, text, "name one of type DNS_PRIVATE")
    elif namespace["Name"] != given.name:
        text = f"is called {namespace['Name']}, the file says {given.name}"
        yield failed(subject, text, "correct dns.namespace.name")
    else:
        yield passed(subject, f"exists, {given.name}")
