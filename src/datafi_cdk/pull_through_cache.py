"""PullThroughCache: Datafi's images by way of the customer's own ECR."""

from __future__ import annotations

import hashlib
import re
from typing import cast
from weakref import WeakKeyDictionary

from aws_cdk import Stack
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from .errors import Fault
from .places import outermost_stack
from .synthesis import concrete, refuse
from .validation import (
    DEFAULT_REGISTRY,
    cached_registry_faults,
    form_faults,
    image_digest_faults,
    image_tag_faults,
    registry_faults,
    required_faults,
    secret_faults,
)

__all__ = ["PullThroughCache"]

_NAME_PREFIX = "ecr-pullthroughcache/"
_DEFAULT_KEY = ":alias/aws/secretsmanager"
_ARN = re.compile(
    r"arn:[^:]+:secretsmanager:(?P<region>[^:]+):(?P<account>[^:]+):secret:(?P<name>.+)"
)
_WORD = r"[a-z0-9]+([._-][a-z0-9]+)*"
_PREFIX = re.compile(rf"(?=.{{2,26}}$){_WORD}(/{_WORD})*")
_PULL_ACTIONS = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:BatchImportUpstreamImage",
    "ecr:CreateRepository",
    "ecr:GetDownloadUrlForLayer",
)


_PREFIXES: WeakKeyDictionary[Stack, dict[str, str]] = WeakKeyDictionary()


class PullThroughCache(Construct):
    """Rules by which ECR fetches Datafi's images on their first pull, and keeps them.

    Docker Hub limits how often anybody may pull without an account, and the coordinator's registry
    is in another cloud. With these rules tasks pull from the account's own ECR, which asks the
    upstream only for what it does not have, and at most once a day for a tag that may have moved.

    Each upstream needs a secret of its own, in the account and region of the rule. Its name starts
    with `ecr-pullthroughcache/`, its key is the default one (`aws/secretsmanager`), and it holds
    `username` and `accessToken`; the secret by which ECS logs in to a registry does not fit. The
    first pull of an image needs a way to the internet: in a network without one, push images to ECR
    instead and use `ecs.ContainerImage.from_ecr_repository(…)`. The repositories that the rules
    make outlive the stack.

    CloudFormation replaces a rule whose secret or registry changes: it makes the new one before it
    removes the old one, so the new one needs another prefix. Sources:
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html,
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-creating-secret.html
    and
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecr-pullthroughcacherule.html

    Args:
        scope: Where the construct is made.
        construct_id: Its id in `scope`.
        docker_hub_credentials: The secret for Docker Hub, which holds the edge server's image.
            Default: none, and no rule for it.
        datafi_registry_credentials: The secret for the coordinator's registry. Default: none, and
            no rule for it.
        datafi_registry: The host of the coordinator's registry, in Azure Container Registry
            (`….azurecr.io`). Default: `datafi.azurecr.io`.
        repository_prefix: How the names of the repositories start, 2 to 26 of a-z, 0-9 and . _ - /
            (a rule's prefix has at most 30). It is unique in the account and region; choose another
            one whenever a secret or the registry changes. Default: `datafi-` and a distinction made
            of the stack's name, the construct's path, the secret and the registry.

    Raises:
        InvalidInputError: With every argument that cannot work, or because there is no secret.

    Example:
        ```python
        cache = PullThroughCache(
            self,
            "Images",
            docker_hub_credentials=secretsmanager.Secret.from_secret_name_v2(
                self, "DockerHub", "ecr-pullthroughcache/docker-hub"
            ),
        )
        EdgeServer(
            self, "Es", cluster=cluster, ingress=ingress, name="es", pull_through_cache=cache
        )
        ```
    """

    docker_hub_rule: ecr.CfnPullThroughCacheRule | None
    """The rule for Docker Hub, or `None`."""
    datafi_registry_rule: ecr.CfnPullThroughCacheRule | None
    """The rule for the coordinator's registry, or `None`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        docker_hub_credentials: secretsmanager.ISecret | None = None,
        datafi_registry_credentials: secretsmanager.ISecret | None = None,
        datafi_registry: str = DEFAULT_REGISTRY,
        repository_prefix: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        credentials = {
            "docker_hub_credentials": docker_hub_credentials,
            "datafi_registry_credentials": datafi_registry_credentials,
        }
        refuse(
            self,
            [
                *self._credentials_faults(credentials),
                *required_faults(datafi_registry=datafi_registry),
                *_registry_faults(
                    concrete(datafi_registry), is_used=datafi_registry_credentials is not None
                ),
                *form_faults(
                    "repository_prefix",
                    concrete(repository_prefix),
                    _PREFIX,
                    "2 to 26 of a-z, 0-9 and, between these, one of . _ - or /",
                    "write it as 'acme/datafi'",
                ),
                *self._taken_faults(repository_prefix),
            ],
        )
        if repository_prefix is not None:
            self._prefixes[repository_prefix] = self.node.path
        self.docker_hub_rule = self._rule(
            "DockerHub",
            docker_hub_credentials,
            prefix=repository_prefix,
            suffix="hub",
            registry="docker-hub",
            url="registry-1.docker.io",
        )
        self.datafi_registry_rule = self._rule(
            "DatafiRegistry",
            datafi_registry_credentials,
            prefix=repository_prefix,
            suffix="acr",
            registry="azure-container-registry",
            url=datafi_registry,
        )

    def edge_server_image(self, tag_or_digest: str = "latest") -> ecs.ContainerImage:
        """The edge server's image.

        Args:
            tag_or_digest: Its tag, or its digest (`sha256:…`). Default: `latest`.

        Returns:
            An image. The execution role of a task that uses it may pull it.

        Raises:
            InvalidInputError: There is no secret for Docker Hub, or it is neither tag nor digest.
        """
        return self._image(
            "docker_hub_credentials", self.docker_hub_rule, "datafi/es", tag_or_digest
        )

    def coordinator_image(self, tag_or_digest: str = "latest") -> ecs.ContainerImage:
        """The coordinator's image.

        Args:
            tag_or_digest: Its tag, or its digest (`sha256:…`). Default: `latest`.

        Returns:
            An image. The execution role of a task that uses it may pull it.

        Raises:
            InvalidInputError: There is no secret for the coordinator's registry, or it is neither
                tag nor digest.
        """
        return self._image(
            "datafi_registry_credentials", self.datafi_registry_rule, "co", tag_or_digest
        )

    def _credentials_faults(
        self, credentials: dict[str, secretsmanager.ISecret | None]
    ) -> list[Fault]:
        if all(secret is None for secret in credentials.values()):
            allowed = "given, at least one of them, as both upstreams ask who pulls"
            remedy = f"store username and accessToken in a secret named {_NAME_PREFIX}…"
            return [Fault(" and ".join(credentials), allowed, "nothing", remedy)]
        return [
            fault
            for argument, secret in credentials.items()
            if secret is not None
            for fault in self._secret_faults(argument, secret)
        ]

    def _secret_faults(self, argument: str, secret: secretsmanager.ISecret) -> list[Fault]:
        faults = secret_faults(argument, secret)
        if faults:
            return faults
        arn = _ARN.fullmatch(concrete(secret.secret_arn) or "")
        name = arn["name"] if arn else _name_of(secret)
        if name is not None and not name.startswith(_NAME_PREFIX):
            allowed = f"a secret whose name starts with {_NAME_PREFIX}"
            remedy = "store username and accessToken in one of such a name"
            faults.append(Fault(argument, allowed, repr(name) if name else "none", remedy))
        if secret.encryption_key and not secret.encryption_key.key_arn.endswith(_DEFAULT_KEY):
            allowed = "encrypted with the default key (aws/secretsmanager), which ECR demands"
            remedy = "make the secret without an encryption_key"
            faults.append(Fault(argument, allowed, "one with a key of its own", remedy))
        stack = Stack.of(self)
        for part, own in (("account", concrete(stack.account)), ("region", concrete(stack.region))):
            if arn and own is not None and arn[part] != own:
                allowed = f"a secret in the {part} of the stack ({own})"
                faults.append(Fault(argument, allowed, f"one in {arn[part]}", "make one there"))
        return faults

    def _taken_faults(self, prefix: str | None) -> list[Fault]:
        """Another cache of the stack with the same prefix."""
        other = self._prefixes.get(prefix) if isinstance(prefix, str) else None
        if other is None:
            return []
        allowed = "unique in the account and region"
        remedy = "choose another one, or share the cache"
        return [Fault("repository_prefix", allowed, f"that of {other}", remedy)]

    @property
    def _prefixes(self) -> dict[str, str]:
        """The prefixes that are given in the stack, and to which caches."""
        return _PREFIXES.setdefault(outermost_stack(self), {})

    def _default_prefix(self, secret: secretsmanager.ISecret, url: str) -> str:
        """Other for each deployment: the names of the repositories are physical.

        Other as well for another secret or registry, with which CloudFormation replaces the rule. A
        secret whose ARN is not known yet is told by its construct.
        """
        stack = outermost_stack(self)
        arn = concrete(secret.secret_arn) or secret.node.path
        place = f"{concrete(stack.stack_name)}/{self.node.path}/{arn}/{concrete(url)}"
        return f"datafi-{hashlib.sha256(place.encode()).hexdigest()[:8]}"

    def _rule(
        self,
        rule_id: str,
        credentials: secretsmanager.ISecret | None,
        *,
        prefix: str | None,
        suffix: str,
        registry: str,
        url: str,
    ) -> ecr.CfnPullThroughCacheRule | None:
        """Source of the names: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreatePullThroughCacheRule.html."""
        if credentials is None:
            return None
        return ecr.CfnPullThroughCacheRule(
            self,
            rule_id,
            ecr_repository_prefix=f"{prefix or self._default_prefix(credentials, url)}/{suffix}",
            upstream_registry=registry,
            upstream_registry_url=url,
            credential_arn=credentials.secret_full_arn or credentials.secret_arn,
        )

    def _image(
        self,
        argument: str,
        rule: ecr.CfnPullThroughCacheRule | None,
        repository: str,
        tag_or_digest: str,
    ) -> ecs.ContainerImage:
        known = concrete(tag_or_digest)
        is_digest = isinstance(known, str) and known.startswith("sha256:")
        faults = (image_digest_faults if is_digest else image_tag_faults)(known)
        faults += required_faults(tag_or_digest=tag_or_digest)
        if rule is None:
            allowed = "given for images of that registry"
            faults.append(Fault(argument, allowed, "nothing", "hand in its secret"))
        refuse(self, faults)
        made = cast(ecr.CfnPullThroughCacheRule, rule)
        name = f"{made.ecr_repository_prefix}/{repository}"
        return _CachedImage(made, name, f"{'@' if is_digest else ':'}{tag_or_digest}")


def _name_of(secret: secretsmanager.ISecret) -> str | None:
    """The name, empty for one that CloudFormation makes up, `None` for one not known yet."""
    made = secret.node.default_child
    if isinstance(made, secretsmanager.CfnSecret):
        name = Stack.of(made).resolve(made.name) or ""
        return name if isinstance(name, str) else None
    return concrete(secret.secret_name)


def _registry_faults(registry: str | None, *, is_used: bool) -> list[Fault]:
    """A registry that ECR takes for one of Azure, by its host.

    Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-creating-rule.html
    """
    faults = registry_faults(registry, "datafi_registry")
    if faults or not is_used:
        return faults
    return cached_registry_faults("datafi_registry", registry)


class _CachedImage(ecs.ContainerImage):
    """An image that ECR fetches when it is first pulled."""

    def __init__(self, rule: ecr.CfnPullThroughCacheRule, repository: str, version: str) -> None:
        super().__init__()
        self._rule = rule
        self._repository = repository
        self._version = version

    def bind(
        self, scope: Construct, container_definition: ecs.ContainerDefinition
    ) -> ecs.ContainerImageConfig:
        """Let the task's execution role pull the image, once the rule is there.

        Source of the permissions: https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-iam.html
        """
        stack = Stack.of(self._rule)
        role = container_definition.task_definition.obtain_execution_role()
        arn = stack.format_arn(service="ecr", resource="repository", resource_name=self._repository)
        iam.Grant.add_to_principal(grantee=role, actions=list(_PULL_ACTIONS), resource_arns=[arn])
        iam.Grant.add_to_principal(
            grantee=role, actions=["ecr:GetAuthorizationToken"], resource_arns=["*"]
        )
        container_definition.task_definition.node.add_dependency(self._rule)
        host = f"{stack.account}.dkr.ecr.{stack.region}.{stack.url_suffix}"
        return ecs.ContainerImageConfig(image_name=f"{host}/{self._repository}{self._version}")
