"""Image references: the tag changes, the repository never does."""

from __future__ import annotations

from typing import Any

import pytest

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("image", "repository", "version"),
    [
        ("datafi/es:v1", "datafi/es", "v1"),
        ("datafi/es", "datafi/es", "latest"),
        ("es", "es", "latest"),
        ("localhost:5000/es:v1", "localhost:5000/es", "v1"),
        ("localhost:5000/es", "localhost:5000/es", "latest"),
        ("localhost:5000/a/b/es:v1", "localhost:5000/a/b/es", "v1"),
        ("datafi.azurecr.io/co:latest", "datafi.azurecr.io/co", "latest"),
        (f"datafi/es@{DIGEST}", "datafi/es", DIGEST),
        (f"datafi/es:v1@{DIGEST}", "datafi/es", DIGEST),
        (f"localhost:5000/es:v2@{DIGEST}", "localhost:5000/es", DIGEST),
        (f"localhost:5000/es@{DIGEST}", "localhost:5000/es", DIGEST),
    ],
)
def test_moves_only_the_version(world: Any, image: str, repository: str, version: str) -> None:
    """Registries with a port, tags, digests and both: a tag takes the place of all of them."""
    world.ecs.definitions[world.ecs.revision] = world.ecs.plain(image)
    assert world.order(imageTag="v2")["statusCode"] == 200
    assert world.ecs.image() == f"{repository}:v2"
    assert world.log[0]["from"] == version


@pytest.mark.parametrize("image", ["es", "es:latest", "localhost:5000/es"])
def test_no_tag_means_latest(world: Any, image: str) -> None:
    """Asking for `latest` where no tag is written changes nothing."""
    world.ecs.definitions[world.ecs.revision] = world.ecs.plain(image)
    assert world.order(imageTag="latest")["statusCode"] == 200
    assert "RegisterTaskDefinition" not in world.ecs.names()
    assert "UpdateService" not in world.ecs.names()


@pytest.mark.parametrize(
    "image", ["es:v1", "localhost:5000/es:v1", f"es@{DIGEST}", f"localhost:5000/a/es@{DIGEST}"]
)
def test_parsing_loses_nothing(asset: Any, image: str) -> None:
    """A parsed reference is written as it was."""
    assert str(asset.image_reference.ImageReference.parse(image)) == image
