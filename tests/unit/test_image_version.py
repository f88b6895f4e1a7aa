"""The version of an image: where it is decided, and what the template then says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from datafi_cdk import (
    Coordinator,
    EdgeServer,
    ImageVersion,
    InvalidInputError,
    PullThroughCache,
)
from aws_cdk import IStackSynthesizer, Stack, StackSynthesizer, Token
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs
from aws_cdk.assertions import Template
from constructs import Construct
from deployment import (
    POLICY,
    Surroundings,
    container,
    deployed,
    new_app,
    new_stack,
    readers,
    secret,
    secret_arn,
    secrets,
    statements,
    surroundings,
    versions,
)

QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart"
DIGEST, OTHER_DIGEST = f"sha256:{'0' * 64}", f"sha256:{'a1' * 32}"
TEXT = Token.as_string({"Ref": "Text"})
HOST = "registry.example.com:5000"
SSM_TYPE = "AWS::SSM::Parameter::Value<String>"
Make = Callable[[Stack], dict[str, Any]]


def registry(name: str) -> Make:
    """An image that is pulled by its name."""
    return lambda _: {"image": ecs.ContainerImage.from_registry(name)}


def server(arguments: Make = lambda _: {}, stack: Stack | None = None) -> EdgeServer:
    """An edge server with these arguments."""
    made = surroundings(stack)
    return EdgeServer(made.stack, "Es", **made.around, name="es", **arguments(made.stack))


def image(made: Construct, **live: str) -> Any:
    """The image of the one server of a stack, as it is deployed."""
    return container(deployed(Stack.of(made), **live))["Image"]


KEPT: dict[str, tuple[Make, str, str, str]] = {
    "by default": (lambda _: {}, "latest", "datafi/es:latest", "datafi/es"),
    "a tag": (lambda _: {"image_tag": "v1"}, "v1", "datafi/es:v1", "datafi/es"),
    "a digest": (
        lambda _: {"image_digest": DIGEST},
        DIGEST,
        f"datafi/es@{DIGEST}",
        "datafi/es",
    ),
    "another image": (registry("acme/es:v1"), "v1", "acme/es:v1", "acme/es"),
    "one without a tag": (registry("es"), "latest", "es:latest", "es"),
    "one with a port": (registry(f"{HOST}/es:v1"), "v1", f"{HOST}/es:v1", f"{HOST}/es"),
    "a port and no tag": (registry(f"{HOST}/es"), "latest", f"{HOST}/es:latest", f"{HOST}/es"),
    "a port and a digest": (
        registry(f"{HOST}/es@{DIGEST}"),
        DIGEST,
        f"{HOST}/es@{DIGEST}",
        f"{HOST}/es",
    ),
    "a tag and a digest": (
        registry(f"{HOST}/es:v1@{DIGEST}"),
        DIGEST,
        f"{HOST}/es@{DIGEST}",
        f"{HOST}/es",
    ),
}


@pytest.mark.parametrize("case", KEPT)
def test_the_version_of_the_code_is_where_the_live_one_starts(case: str) -> None:
    """It is the value of the parameter; a tag or a digest that is rolled out takes its place."""
    arguments, version, deployed_first, repository = KEPT[case]
    made = server(arguments)
    assert made.version_parameter_name == "/datafi/Test/Es"
    assert versions(Stack.of(made)) == {"/datafi/Test/Es": version}
    assert image(made) == deployed_first
    assert image(made, Es="v2") == f"{repository}:v2"
    assert image(made, Es=OTHER_DIGEST) == f"{repository}@{OTHER_DIGEST}"


def test_the_template_decides_by_what_the_parameter_holds() -> None:
    """The parameter is read by its literal name, and split before a digest."""
    made = server()
    template = Template.from_stack(Stack.of(made))
    ((reader, said),) = readers(template).items()
    assert said == {
        "Type": SSM_TYPE,
        "Default": "/datafi/Test/Es",
        "Description": "Parameter that holds the live version of an image",
    }
    joined = {"Fn::Join": ["", ["datafi/es:", {"Ref": reader}]]}
    assert container(template)["Image"] == {
        "Fn::Join": ["@sha256:", {"Fn::Split": [":sha256:", joined]}]
    }


def _asset(stack: Stack) -> dict[str, Any]:
    return {"image": ecs.ContainerImage.from_asset(str(QUICKSTART), file="datafi.yaml")}


def _built(stack: Stack) -> dict[str, Any]:
    asset = ecr_assets.DockerImageAsset(
        stack, "Built", directory=str(QUICKSTART), file="datafi.yaml"
    )
    return {"image": ecs.ContainerImage.from_docker_image_asset(asset)}


def _tarball(stack: Stack) -> dict[str, Any]:
    return {"image": ecs.ContainerImage.from_tarball(str(QUICKSTART / "datafi.yaml"))}


UNSEEN: dict[str, Make] = {
    "built": _asset,
    "built before": _built,
    "a tarball": _tarball,
    "a token": lambda _: {"image": ecs.ContainerImage.from_registry(TEXT)},
    "a token as tag": lambda _: {"image": ecs.ContainerImage.from_registry(f"acme/es:{TEXT}")},
    "the start of a tag": registry(f"acme/es:{TEXT}-arm"),
    "the hash of an asset": registry(f"acme/assets:es-{'0' * 64}"),
    "another digest": registry(f"acme/es@sha512:{'0' * 128}"),
}


@pytest.mark.parametrize("case", [*UNSEEN, "image_tag"])
def test_a_version_that_the_code_does_not_say_is_fixed(case: str) -> None:
    """The image stays as it is, and there is no parameter."""
    arguments = {**UNSEEN, "image_tag": lambda _: {"image_tag": TEXT}}[case]
    made = server(arguments)
    stack = Stack.of(made)
    template = Template.from_stack(stack)
    assert made.version_parameter_name is None
    assert stack.dependencies == []
    assert readers(template) == {}
    assert container(template)["Image"] != "datafi/es:latest"


@pytest.mark.parametrize("version", ["v2", DIGEST])
@pytest.mark.parametrize(
    "arguments", [lambda _: {}, registry(f"{HOST}/es:v1")], ids=["its own image", "another image"]
)
def test_a_fixed_version_is_literal(arguments: Make, version: str) -> None:
    """No parameter, no stack beside: only the code changes it."""
    made = server(lambda stack: {**arguments(stack), "image_version": ImageVersion.fixed(version)})
    stack = Stack.of(made)
    template = Template.from_stack(stack)
    repository = f"{HOST}/es" if "image" in arguments(stack) else "datafi/es"
    mark = "@" if version == DIGEST else ":"
    assert container(template)["Image"] == f"{repository}{mark}{version}"
    assert readers(template) == {}
    assert made.version_parameter_name is None
    assert stack.node.root.node.try_find_child("Test-versions") is None


@pytest.mark.parametrize(("tag", "variable"), [("latest", "KEY"), ("v2", "EDGE_KEY")])
def test_a_fixed_tag_tells_which_key_the_image_reads(tag: str, variable: str) -> None:
    """As `image_tag` does."""
    made = server(
        lambda stack: {"secret": secret(stack, "es"), "image_version": ImageVersion.fixed(tag)}
    )
    assert set(secrets(Template.from_stack(Stack.of(made)))) == {variable}


@pytest.mark.parametrize(
    "version", [ImageVersion.fixed(DIGEST), ImageVersion.from_parameter_name("/acme/es")]
)
def test_the_keys_of_an_unknown_tag_are_named(version: ImageVersion) -> None:
    """An edge server with a secret says which fields its image reads."""

    def arguments(stack: Stack) -> dict[str, Any]:
        return {"secret": secret(stack, "es"), "image_version": version}

    with pytest.raises(InvalidInputError, match="Es: secret_variables must be given if the tag"):
        server(arguments)
    named = server(lambda stack: {**arguments(stack), "secret_variables": ["KEY"]})
    assert set(secrets(Template.from_stack(Stack.of(named)))) == {"KEY"}


def test_a_parameter_of_ones_own_is_read() -> None:
    """By its name, once for all servers that share it; no stack is made beside."""
    made = surroundings()
    shared = ImageVersion.from_parameter_name("/acme/es")
    for name in ("one", "two"):
        each = EdgeServer(made.stack, name, **made.around, name=name, image_version=shared)
        assert each.version_parameter_name == "/acme/es"
    template = Template.from_stack(made.stack)
    ((reader, said),) = readers(template).items()
    assert said["Default"] == "/acme/es"
    assert made.stack.dependencies == []
    images = [container(template, name)["Image"] for name in ("one", "two")]
    assert images[0] == images[1]
    assert reader in str(images[0])


def _repository(made: Surroundings) -> dict[str, Any]:
    repository = ecr.Repository(new_stack("Images", made.stack.node.root), "Es")  # type: ignore[arg-type]
    return {"image": ecs.ContainerImage.from_ecr_repository(repository, "v1")}


def test_an_image_in_ecr_of_another_stack_keeps_its_repository_and_its_grants() -> None:
    """The repository is referred to across stacks, and the task may still pull from it."""
    made = surroundings()
    fixed = surroundings()
    EdgeServer(made.stack, "Es", **made.around, name="es", **_repository(made))
    EdgeServer(
        fixed.stack, "Es", **fixed.around, name="es", **_repository(fixed),
        image_version=ImageVersion.fixed("v1"),
    )  # fmt: skip
    template, pinned = deployed(made.stack), deployed(fixed.stack)
    assert "Fn::ImportValue" in str(container(template)["Image"])
    assert container(template)["Image"] == container(pinned)["Image"]
    policies = [each.find_resources(POLICY) for each in (template, pinned)]
    assert policies[0] == policies[1]
    assert "ecr:BatchGetImage" in str(policies[0])


def test_a_coordinator_is_still_pulled_with_its_credentials() -> None:
    """ECS logs in to the registry, and the role may read the secret."""
    made = surroundings()
    co = Coordinator(
        made.stack,
        "Co",
        **made.around,
        secret=secret(made.stack, "co"),
        registry_credentials=secret(made.stack, "acr", with_key=True),
        registry=HOST,
    )
    template = deployed(made.stack, Co="v9")
    assert co.version_parameter_name == "/datafi/Test/Co"
    assert container(template)["Image"] == f"{HOST}/co:v9"
    assert container(template)["RepositoryCredentials"] == {
        "CredentialsParameter": secret_arn("acr")
    }
    readable = [entry for _, entry, _ in statements(template, "CoExecutionRole")]
    assert secret_arn("acr") in str(readable)


def test_an_image_through_the_cache_keeps_its_rule() -> None:
    """The repository of the cache is kept, and its version is the live one."""
    made = surroundings()
    upstream = secret(made.stack, "ecr-pullthroughcache/hub")
    cache = PullThroughCache(
        made.stack, "Images", docker_hub_credentials=upstream, repository_prefix="acme"
    )
    es = EdgeServer(made.stack, "Es", **made.around, name="es", pull_through_cache=cache)
    assert versions(made.stack) == {es.version_parameter_name: "latest"}
    parts = container(deployed(made.stack, Es=DIGEST))["Image"]["Fn::Join"][1]
    assert parts[-1] == f"/acme/hub/datafi/es@{DIGEST}"


class _Once(StackSynthesizer):
    """A synthesizer of somebody's own, for one stack."""

    def add_file_asset(self, asset: Any) -> Any:
        """Nothing is published."""

    def add_docker_image_asset(self, asset: Any) -> Any:
        """Nothing is published."""

    def synthesize(self, session: Any) -> None:
        """Nothing is written."""


def once() -> IStackSynthesizer:
    """A synthesizer that cannot be handed in again."""
    return _Once()


def test_refuses_a_synthesizer_that_is_for_one_stack() -> None:
    """The parameter's stack would need the same; a fixed version needs no stack."""
    stack = Stack(new_app(), "Test", synthesizer=once())
    with pytest.raises(InvalidInputError, match="Es: image_version must be kept in a stack Test-v"):
        server(stack=stack)
    stack = Stack(new_app(), "Test", synthesizer=once())
    assert server(lambda _: {"image_version": ImageVersion.fixed("v2")}, stack)


def test_refuses_an_id_that_is_taken() -> None:
    """Something else has the id of the parameter's stack."""
    app = new_app()
    Stack(app, "Test-versions")
    with pytest.raises(InvalidInputError, match="got one that is taken by Test-versions; rename"):
        server(stack=new_stack("Test", app))


@pytest.mark.parametrize("case", UNSEEN)
@pytest.mark.parametrize(
    "version", [ImageVersion.fixed("v2"), ImageVersion.from_parameter_name("/acme/es")]
)
def test_refuses_a_version_of_an_image_that_does_not_show_its_own(
    case: str, version: ImageVersion
) -> None:
    """What would be exchanged is not seen."""
    with pytest.raises(InvalidInputError, match="Es: image_version must be left out with an image"):
        server(lambda stack: {**UNSEEN[case](stack), "image_version": version})


@pytest.mark.parametrize("other", [{"image_tag": "v1"}, {"image_digest": DIGEST}])
def test_refuses_a_version_given_twice(other: dict[str, str]) -> None:
    """The tag or the digest is part of the version."""
    (argument,) = other
    with pytest.raises(InvalidInputError, match=f"image_version must be left out if {argument}"):
        server(lambda _: {**other, "image_version": ImageVersion.fixed("v2")})


@pytest.mark.parametrize(
    ("version", "allowed"),
    [
        ("", "an image tag"),
        (".v2", "an image tag"),
        ("datafi/es:v2", "an image tag"),
        ("v2 ", "an image tag"),
        ("v" * 129, "an image tag"),
        ("sha256:0", "a digest"),
        (DIGEST.upper(), "an image tag"),
        pytest.param(TEXT, "known at synthesis", id="a token"),
        (None, "a string"),
        (2, "a string"),
        (b"v2", "a string"),
    ],
)
def test_refuses_what_is_no_version(version: Any, allowed: str) -> None:
    """A fixed version is a tag or a digest."""
    with pytest.raises(InvalidInputError) as refusal:
        ImageVersion.fixed(version)
    (fault,) = refusal.value.faults
    assert fault.place == "ImageVersion.fixed: tag_or_digest"
    assert fault.allowed.startswith(allowed)


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("", "the full name"),
        ("acme", "the full name"),
        ("acme/es", "the full name"),
        ("/acme/", "the full name"),
        ("//acme", "the full name"),
        ("/acme/e s", "the full name"),
        ("/acme/es:3", "the full name"),
        ("/aws/es", "the full name"),
        ("/AWSome", "the full name"),
        ("/ssm-es", "the full name"),
        ("/a" * 16, "the full name"),
        ("/" + "a" * 900, "the full name"),
        pytest.param(TEXT, "known at synthesis", id="a token"),
        (None, "a string"),
        (("/acme",), "a string"),
    ],
)
def test_refuses_what_no_parameter_is_named(name: Any, allowed: str) -> None:
    """The rules of the Parameter Store."""
    with pytest.raises(InvalidInputError) as refusal:
        ImageVersion.from_parameter_name(name)
    (fault,) = refusal.value.faults
    assert fault.place == "ImageVersion.from_parameter_name: parameter_name"
    assert fault.allowed.startswith(allowed)


@pytest.mark.parametrize("name", ["/a" * 15, "/" + "a" * 899, "/acme/es_1.x-Y", "/acme/aws"])
def test_takes_what_a_parameter_is_named(name: str) -> None:
    """The edges of these rules."""
    assert ImageVersion.from_parameter_name(name).parameter_name == name


@pytest.mark.parametrize(
    ("reference", "parameter_name", "sentence"),
    [
        (None, None, "ImageVersion must be one of reference and parameter_name, got none;"),
        ("v1", "/acme/es", "ImageVersion must be one of reference and parameter_name, got both;"),
        ("v 1", None, "ImageVersion: reference must be an image tag"),
        (None, "acme es", "ImageVersion: parameter_name must be the full name of a parameter"),
        (None, 5, "ImageVersion: parameter_name must be a string, got a value of type int;"),
    ],
)
def test_refuses_a_version_that_neither_method_makes(
    reference: Any, parameter_name: Any, sentence: str
) -> None:
    """The class can be called by itself, and then must be told one of the two."""
    with pytest.raises(InvalidInputError) as refusal:
        ImageVersion(reference, parameter_name)
    assert str(refusal.value).startswith(sentence)


def test_refuses_a_parameter_that_the_library_makes() -> None:
    """It would be deleted just before it is read."""
    version = ImageVersion.from_parameter_name("/datafi/Test/Es")
    with pytest.raises(InvalidInputError, match="whose name does not start with /datafi/Test/"):
        server(lambda _: {"image_version": version})
