"""PullThroughCache: rules, images, and what a task may do with them."""

from typing import Any

import pytest
from datafi_cdk import Coordinator, EdgeServer, InvalidInputError, PullThroughCache
from aws_cdk import Environment, NestedStack, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk.assertions import Template
from constructs import Construct
from deployment import (
    ACCOUNT,
    INLINE_POLICY,
    POLICY,
    REGION,
    TASK_DEFINITION,
    container,
    deployed,
    needs,
    new_app,
    new_stack,
    one,
    properties,
    secret,
    secret_arn,
    statements,
    surroundings,
)

RULE = "AWS::ECR::PullThroughCacheRule"
PULL = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:BatchImportUpstreamImage",
    "ecr:CreateRepository",
    "ecr:GetDownloadUrlForLayer",
]
HUB = "ecr-pullthroughcache/hub"
DIGEST = f"sha256:{'0' * 64}"


def login(scope: Construct, name: str = "ecr-pullthroughcache/hub") -> secretsmanager.ISecret:
    """A secret for an upstream."""
    return secretsmanager.Secret.from_secret_complete_arn(scope, name, secret_arn(name))


@pytest.fixture(scope="module")
def template() -> Template:
    """An edge server and a coordinator whose images come through ECR."""
    made = surroundings()
    cache = PullThroughCache(
        made.stack,
        "Images",
        docker_hub_credentials=login(made.stack),
        datafi_registry_credentials=login(made.stack, "ecr-pullthroughcache/acr"),
        repository_prefix="acme",
    )
    EdgeServer(made.stack, "Es", **made.around, name="es", pull_through_cache=cache)
    EdgeServer(
        made.stack, "Pinned", **made.around, name="pinned", pull_through_cache=cache,
        image_digest=DIGEST, execution_role=iam.Role.from_role_arn(
            made.stack, "Imported", f"arn:aws:iam::{ACCOUNT}:role/pulls"
        ),
    )  # fmt: skip
    Coordinator(
        made.stack, "Co", **made.around, secret=secret(made.stack, "co"), pull_through_cache=cache
    )
    return deployed(made.stack)


def image(template: Template, prefix: str) -> str:
    """The image of a container, with its references by name."""
    separator, parts = container(template, prefix)["Image"]["Fn::Join"]
    return str(separator.join(part if isinstance(part, str) else part["Ref"] for part in parts))


def test_each_upstream_has_a_rule(template: Template) -> None:
    """Docker Hub and Azure, each with its own prefix and secret."""
    assert properties(template, RULE, "ImagesDockerHub") == {
        "CredentialArn": secret_arn("ecr-pullthroughcache/hub"),
        "EcrRepositoryPrefix": "acme/hub",
        "UpstreamRegistry": "docker-hub",
        "UpstreamRegistryUrl": "registry-1.docker.io",
    }
    assert properties(template, RULE, "ImagesDatafiRegistry") == {
        "CredentialArn": secret_arn("ecr-pullthroughcache/acr"),
        "EcrRepositoryPrefix": "acme/acr",
        "UpstreamRegistry": "azure-container-registry",
        "UpstreamRegistryUrl": "datafi.azurecr.io",
    }


def test_images_are_in_the_accounts_own_registry(template: Template) -> None:
    """Tags and digests are joined as Docker writes them."""
    host = "AWS::AccountId.dkr.ecr.AWS::Region.AWS::URLSuffix"
    assert image(template, "EsTask") == f"{host}/acme/hub/datafi/es:latest"
    assert image(template, "Pinned") == f"{host}/acme/hub/datafi/es@{DIGEST}"
    assert image(template, "Co") == f"{host}/acme/acr/co:latest"
    assert "RepositoryCredentials" not in container(template, "Co")


@pytest.mark.parametrize(
    ("role", "repository"),
    [
        ("EsExecutionRole", "acme/hub/datafi/es"),
        ("CoExecutionRole", "acme/acr/co"),
        ("Imported", "acme/hub/datafi/es"),
    ],
)
def test_the_execution_role_may_pull_that_image(
    template: Template, role: str, repository: str
) -> None:
    """Pull and import one repository, and log in: also a role that was handed in."""
    kind = INLINE_POLICY if role == "Imported" else POLICY
    granted = statements(template, role, kind)
    (resource,) = [resource for actions, resource, _ in granted if actions == PULL]
    assert resource["Fn::Join"][1][-1] == f":repository/{repository}"
    assert (["ecr:GetAuthorizationToken"], "*", None) in granted


def test_tasks_wait_for_the_rule(template: Template) -> None:
    """A task definition is made after the rule by which its image comes."""
    waited = one(template, TASK_DEFINITION, "EsTask")["DependsOn"]
    assert any(name.startswith("ImagesDockerHub") for name in waited)


def test_the_rule_may_be_in_another_stack() -> None:
    """The server's stack needs the cache's, and not the other way round."""
    app = new_app()
    cached = new_stack("Cache", app)
    cache = PullThroughCache(cached, "Images", docker_hub_credentials=login(cached))
    made = surroundings(new_stack("Servers", app))
    EdgeServer(made.stack, "Es", **made.around, name="es", pull_through_cache=cache)
    app.synth()
    assert needs(made.stack) == [cached]


def prefix_of(stack: Stack, name: str = "ecr-pullthroughcache/hub") -> Any:
    """The default prefix of a cache in this stack, with the secret of this name."""
    made = PullThroughCache(stack, "Images", docker_hub_credentials=login(stack, name))
    assert made.docker_hub_rule is not None
    return made.docker_hub_rule.ecr_repository_prefix


def test_default_prefixes_differ_and_are_valid() -> None:
    """Two deployments in one account do not clash, and neither do two in nested stacks."""
    app = new_app()
    stack = Stack(app, "Id", stack_name="one")
    renamed = Stack(new_app(), "Id", stack_name="two")
    nested = [NestedStack(stack, name) for name in ("A", "B")]
    found = [prefix_of(each) for each in (stack, renamed, *nested)]
    assert len(set(found)) == 4
    assert all(2 <= len(prefix) <= 30 and prefix.islower() for prefix in found)
    assert prefix_of(Stack(new_app(), "Id", stack_name="one")) == found[0]


def test_default_prefixes_follow_from_secret_and_registry() -> None:
    """CloudFormation replaces such a rule, and two cannot have one prefix at a time."""

    def prefix(url: str = "datafi.azurecr.io", *, secret_id: str | None = None) -> Any:
        stack = new_stack()
        cache = PullThroughCache(
            stack,
            "Images",
            docker_hub_credentials=login(stack),
            datafi_registry_credentials=secretsmanager.Secret(
                stack, secret_id, secret_name="ecr-pullthroughcache/made"
            )
            if secret_id
            else login(stack, "ecr-pullthroughcache/acr"),
            datafi_registry=url,
        )
        assert cache.docker_hub_rule is not None
        assert cache.datafi_registry_rule is not None
        assert cache.docker_hub_rule.ecr_repository_prefix == hub
        return cache.datafi_registry_rule.ecr_repository_prefix

    hub = prefix_of(new_stack())
    assert prefix_of(new_stack(), "ecr-pullthroughcache/other") != hub
    found = {
        prefix(),
        prefix("other.azurecr.io"),
        prefix(secret_id="One"),
        prefix(secret_id="Two"),
    }
    assert len(found) == 4
    assert prefix() in found


def test_the_oldest_secret_is_named_by_what_is_known_of_it() -> None:
    """A secret that the same app makes is named by reference."""
    stack = new_stack()
    made = secretsmanager.Secret(stack, "Login", secret_name="ecr-pullthroughcache/hub")
    PullThroughCache(stack, "Images", docker_hub_credentials=made)
    template = Template.from_stack(stack)
    assert "Ref" in properties(template, RULE)["CredentialArn"]
    assert template.find_resources(POLICY) == {}


CASES: list[tuple[dict[str, Any], str]] = [
    ({"docker_hub_credentials": None}, "given, at least one of them"),
    ({"docker_hub_credentials": "user:token"}, "a secret of Secrets Manager"),
    ({"docker_hub_credentials": "acr"}, "a secret whose name starts with ecr-pullthroughcache/"),
    ({"repository_prefix": "Acme"}, "2 to 26 of a-z"),
    ({"repository_prefix": "a" * 27}, "2 to 26 of a-z"),
    ({"repository_prefix": "acme/"}, "2 to 26 of a-z"),
    ({"repository_prefix": 1}, "2 to 26 of a-z"),
    ({"repository_prefix": {"acme": "x"}}, "2 to 26 of a-z"),
    ({"datafi_registry": "https://datafi.azurecr.io"}, "the host of a registry"),
    ({"datafi_registry": None}, "datafi_registry must be given"),
    (
        {"datafi_registry": "ghcr.io", "datafi_registry_credentials": ...},
        "datafi_registry must be a registry of Azure, whose host ends in .azurecr.io",
    ),
]


@pytest.mark.parametrize(("arguments", "words"), CASES)
def test_refuses(arguments: dict[str, Any], words: str) -> None:
    """Each argument that cannot work."""
    stack = new_stack()
    given = {"docker_hub_credentials": login(stack), **arguments}
    if "datafi_registry_credentials" in given:
        given["datafi_registry_credentials"] = login(stack, "ecr-pullthroughcache/acr")
    if given["docker_hub_credentials"] == "acr":
        given["docker_hub_credentials"] = secret(stack, "acr")
    with pytest.raises(InvalidInputError) as refusal:
        PullThroughCache(stack, "Images", **given)
    assert str(refusal.value).startswith("Test/Images: ")
    assert words in str(refusal.value)
    assert "user:token" not in str(refusal.value)


@pytest.mark.parametrize(
    ("account", "region", "words"),
    [
        ("222222222222", REGION, "a secret in the account of the stack (222222222222)"),
        (ACCOUNT, "eu-west-1", "a secret in the region of the stack (eu-west-1)"),
    ],
)
def test_refuses_a_secret_of_another_place(account: str, region: str, words: str) -> None:
    """ECR reads the secret in the rule's own account and region."""
    stack = Stack(new_app(), "Test", env=Environment(account=account, region=region))
    with pytest.raises(InvalidInputError) as refusal:
        PullThroughCache(stack, "Images", docker_hub_credentials=login(stack))
    assert words in str(refusal.value)


def test_refuses_images_of_an_upstream_without_a_secret() -> None:
    """And what is neither a tag nor a digest."""
    stack = new_stack()
    cache = PullThroughCache(stack, "Images", docker_hub_credentials=login(stack))
    with pytest.raises(InvalidInputError, match="datafi_registry_credentials must be given"):
        cache.coordinator_image()
    for wrong in ("datafi/es:latest", "sha256:0", None, 1):
        with pytest.raises(InvalidInputError, match="Test/Images: "):
            cache.edge_server_image(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("alias", [None, "alias/acme"])
def test_refuses_a_secret_with_a_key_of_its_own(alias: str | None) -> None:
    """ECR reads secrets that have the default key, and no others."""
    stack = new_stack()
    key = kms.Alias.from_alias_name(stack, "Key", alias) if alias else kms.Key(stack, "Key")
    made = secretsmanager.Secret(
        stack, "Login", secret_name="ecr-pullthroughcache/hub", encryption_key=key
    )
    with pytest.raises(InvalidInputError, match="must be encrypted with the default key"):
        PullThroughCache(stack, "Images", docker_hub_credentials=made)


def test_takes_a_secret_whose_key_is_the_default_one_by_name() -> None:
    """The default key may be named."""
    stack = new_stack()
    key = kms.Alias.from_alias_name(stack, "Key", "alias/aws/secretsmanager")
    made = secretsmanager.Secret(
        stack, "Login", secret_name="ecr-pullthroughcache/hub", encryption_key=key
    )
    assert PullThroughCache(stack, "Images", docker_hub_credentials=made).docker_hub_rule


def test_refuses_a_new_secret_without_a_name() -> None:
    """CloudFormation would make up one that ECR does not take."""
    stack = new_stack()
    with pytest.raises(InvalidInputError, match=r"starts with ecr-pullthroughcache/, got none;"):
        PullThroughCache(
            stack, "Images", docker_hub_credentials=secretsmanager.Secret(stack, "Login")
        )


def test_refuses_a_prefix_twice_in_a_stack() -> None:
    """It is the identity of the rules; another stack may be of another account."""
    app = new_app()
    stack, other = (new_stack(name, app) for name in ("Test", "Other"))
    nested = NestedStack(stack, "Nested")
    arguments: dict[str, Any] = {"repository_prefix": "acme"}
    for scope in (stack, other):
        PullThroughCache(scope, "Images", docker_hub_credentials=login(scope), **arguments)
    with pytest.raises(InvalidInputError) as refusal:
        PullThroughCache(
            nested, "Second", docker_hub_credentials=login(stack, f"{HUB}2"), **arguments
        )
    assert "repository_prefix must be unique in the account and region" in str(refusal.value)
    assert "got that of Test/Images; choose another one" in str(refusal.value)
