"""What users install: the wheel, built from the checkout and from the sdist, away from both."""

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from zipfile import ZipFile

import pytest
from datafi_cdk.bundled import bundled
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

BUNDLED = ("lambda_assets/", "examples/quickstart/")
LEFTOVERS = (
    "examples/quickstart/cdk.out/manifest.json",
    "lambda_assets/update_api/__pycache__/handler.cpython-311.pyc",
    "src/datafi_cdk/__pycache__/errors.cpython-311.pyc",
    "src/datafi_cdk/local/cdk_cli/node_modules/aws-cdk/package.json",
)


@dataclass(frozen=True)
class Built:
    """The distributions of one checkout."""

    wheel: Path
    sdist: Path
    wheel_of_sdist: Path


@dataclass(frozen=True)
class Installed:
    """A clean environment that holds the wheel and only what the wheel requires."""

    python: Path
    site_packages: Path

    def run(self, *arguments: str, cwd: Path) -> str:
        """Run its Python on its own, with template validation on, and return what it prints."""
        ours = ("PYTHON", "CDK_", "VIRTUAL_ENV")
        env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        command = [str(self.python), *arguments]
        done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout


def _build(checkout: Path, target: str) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "--target", target]
    subprocess.run([*command, "--directory", "dist"], cwd=checkout, check=True)
    (built,) = (checkout / "dist").glob("*.whl" if target == "wheel" else "*.tar.gz")
    return built


def _requirements(distribution: metadata.Distribution) -> dict[str, metadata.Distribution]:
    """What a distribution needs without extras, directly or not, as installed here."""
    found: dict[str, metadata.Distribution] = {}
    todo = [distribution]
    while todo:
        for requirement in map(Requirement, todo.pop().requires or []):
            name = canonicalize_name(requirement.name)
            wanted = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
            if wanted and name not in found:
                found[name] = metadata.distribution(name)
                todo.append(found[name])
    return found


@pytest.fixture(scope="module")
def built(copy_checkout: Callable[[], Path], tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build everything from a checkout in which people have worked."""
    checkout = copy_checkout()
    for leftover in LEFTOVERS:
        (checkout / leftover).parent.mkdir(parents=True, exist_ok=True)
        (checkout / leftover).touch()
    sdist = _build(checkout, "sdist")
    unpacked = tmp_path_factory.mktemp("sdist")
    subprocess.run(["tar", "-xzf", sdist, "-C", unpacked], check=True)
    (source,) = unpacked.iterdir()
    return Built(_build(checkout, "wheel"), sdist, _build(source, "wheel"))


@pytest.fixture(scope="module")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Install the wheel; link what it requires from the running environment, so offline."""
    home = tmp_path_factory.mktemp("clean")
    venv.create(home, symlinks=True)
    places = {"base": str(home), "platbase": str(home)}
    python = Path(sysconfig.get_path("scripts", "venv", places)) / "python"
    site_packages = Path(sysconfig.get_path("purelib", "venv", places))

    install = [sys.executable, "-m", "uv", "pip", "install", "--offline", "--no-cache", "--no-deps"]
    subprocess.run([*install, "--python", python, built.wheel], check=True)
    (dist_info,) = site_packages.glob("datafi_cdk-*.dist-info")
    for requirement in _requirements(metadata.Distribution.at(dist_info)).values():
        for name in {file.parts[0] for file in requirement.files or []} - {"..", "__pycache__"}:
            link = site_packages / name
            if not link.exists():
                link.symlink_to(Path(str(requirement.locate_file(name))).resolve())
    return Installed(python, site_packages)


def test_sdist_builds_the_same_wheel(built: Built) -> None:
    """The wheel built from the sdist and the one from the checkout are the same bytes."""
    assert built.wheel_of_sdist.name == built.wheel.name
    assert built.wheel_of_sdist.read_bytes() == built.wheel.read_bytes()


def test_wheel_holds_exactly_the_library(built: Built, project_files: list[str]) -> None:
    """The wheel has every file of the package and of the bundled folders, and no other."""
    package = {
        name.removeprefix("src/") for name in project_files if name.startswith("src/datafi_cdk/")
    }
    bundles = {f"datafi_cdk/{name}" for name in project_files if name.startswith(BUNDLED)}
    info = built.wheel.name.removesuffix("-py3-none-any.whl") + ".dist-info"
    about = ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")

    assert "datafi_cdk/py.typed" in package
    assert {name.split("/")[1] for name in bundles} == {"lambda_assets", "examples"}
    with ZipFile(built.wheel) as wheel:
        assert set(wheel.namelist()) == package | bundles | {f"{info}/{name}" for name in about}


def test_sdist_has_no_leftovers(built: Built) -> None:
    """Nothing that git ignores gets into the sdist."""
    with tarfile.open(built.sdist) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE"} <= names
    assert names.isdisjoint(LEFTOVERS)


def test_metadata(built: Built, installed: Installed) -> None:
    """The metadata name the licence, the extras and the command; publishers can read it."""
    (dist_info,) = installed.site_packages.glob("datafi_cdk-*.dist-info")
    distribution = metadata.Distribution.at(dist_info)
    assert distribution.metadata["Metadata-Version"] == "2.4"
    assert distribution.metadata["License-Expression"] == "Apache-2.0"
    assert distribution.metadata.get_all("Provides-Extra") == ["cli", "local", "monitoring"]
    (command,) = distribution.entry_points
    assert (command.name, command.value) == ("datafi-cdk", "datafi_cdk.cli:main")


def synthesized_kinds(folder: Path) -> set[str]:
    """The types of resources in all templates of an app that ran in a folder."""
    templates = [json.loads(path.read_text()) for path in folder.glob("cdk.out/*.template.json")]
    return {entry["Type"] for each in templates for entry in each["Resources"].values()}


def test_wheel_synthesizes_the_quickstart(installed: Installed, tmp_path: Path) -> None:
    """The wheel alone, away from the checkout, synthesizes the quickstart that it brings."""
    imported = installed.run("-c", "import datafi_cdk; print(datafi_cdk.__file__)", cwd=tmp_path)
    assert Path(imported.strip()).parent == installed.site_packages / "datafi_cdk"

    quickstart = installed.site_packages / "datafi_cdk/examples/quickstart"
    installed.run(str(quickstart / "app.py"), cwd=tmp_path)
    kinds = synthesized_kinds(tmp_path)
    assert {"AWS::ECS::Service", "AWS::Lambda::Function"} <= kinds


@pytest.mark.parametrize("example", ["multi_stack", "serverless"])
def test_constructs_work_in_a_foreign_app(
    example: str, root: Path, installed: Installed, tmp_path: Path
) -> None:
    """An app that is none of ours composes the installed constructs, Lambdas included."""
    app = tmp_path / "app.py"
    app.write_bytes((root / "examples" / example / "app.py").read_bytes())
    installed.run(str(app), cwd=tmp_path)
    kinds = synthesized_kinds(tmp_path)
    assert {"AWS::ElasticLoadBalancingV2::ListenerRule", "Custom::AcmValidationRecords"} <= kinds


@pytest.mark.parametrize(
    "folder", ["lambda_assets/update_api", "lambda_assets/zone_cleanup", "examples/quickstart"]
)
def test_bundled_folders_are_found_alike(
    folder: str, root: Path, project_files: list[str], installed: Installed, tmp_path: Path
) -> None:
    """The checkout and the wheel each find their own copy of a bundled folder, file for file."""
    lookup = f"from datafi_cdk.bundled import bundled; print(bundled({folder!r}))"
    in_wheel = Path(installed.run("-c", lookup, cwd=tmp_path).strip())

    assert in_wheel.is_relative_to(installed.site_packages)
    assert bundled(folder) == root / folder
    files = [
        Path(name).relative_to(folder) for name in project_files if name.startswith(f"{folder}/")
    ]
    assert [(in_wheel / file).read_bytes() for file in files] == [
        (bundled(folder) / file).read_bytes() for file in files
    ]
