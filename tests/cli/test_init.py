"""`datafi-cdk init`: a new CDK app."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from datafi_cdk import DatafiEdgeConfig

from .installed import COMMAND, run

FILES = [
    ".gitignore",
    "app.py",
    "cdk.json",
    "datafi.schema.json",
    "datafi.yaml",
    "requirements.txt",
]
ROOT = ("--root-domain", "edge.example.com")


def names(directory: Path) -> list[str]:
    """What is in a folder."""
    return sorted(path.name for path in directory.iterdir())


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new app with two servers."""
    home = tmp_path_factory.mktemp("home")
    servers = ("--server", "es", "--server", "es2")
    aws = ("--account", "111111111111", "--region", "eu-central-1")
    done = run("init", "Acme Edge", *ROOT, *servers, *aws, cwd=home)
    assert all(name in done.out for name in FILES)
    return home / "Acme Edge"


def test_it_has_what_an_app_needs(app: Path) -> None:
    """All files are there; the recommended flags, the schema line and the servers are in them."""
    assert names(app) == FILES
    settings = json.loads((app / "cdk.json").read_text())
    assert settings["app"] == "python app.py"
    assert len(settings["context"]) > 50
    first = (app / "datafi.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=datafi.schema.json"
    assert json.loads((app / "datafi.schema.json").read_text())["$schema"]
    assert (app / "requirements.txt").read_text().startswith("datafi-cdk[cli]~=")
    config = DatafiEdgeConfig.from_file(app / "datafi.yaml")
    assert config.deployment_name == "acme-edge"
    assert config.aws
    assert (config.aws.account, config.aws.region) == ("111111111111", "eu-central-1")
    assert [server.name for server in config.edge_servers.long_running] == ["es", "es2"]


def test_it_synthesizes(app: Path) -> None:
    """With the recommended flags, it writes the templates of its stacks to cdk.out."""
    flags = json.dumps(json.loads((app / "cdk.json").read_text())["context"])
    env = {**os.environ, "CDK_CONTEXT_JSON": flags}
    env.pop("CDK_OUTDIR", None)
    subprocess.run([sys.executable, "app.py"], cwd=app, env=env, check=True)
    stacks = {path.name.split(".")[0] for path in (app / "cdk.out").glob("*.template.json")}
    assert stacks == {"DatafiEdge-acme-edge", "DatafiEdge-acme-edge-versions"}


def test_refuses_to_overwrite(tmp_path: Path) -> None:
    """One file that is there keeps all from being written, and is named."""
    (tmp_path / "cdk.json").write_text("{}")
    done = run("init", *ROOT, cwd=tmp_path, fails=1)
    assert "holds cdk.json already" in done.err
    assert names(tmp_path) == ["cdk.json"]
    assert (tmp_path / "cdk.json").read_text() == "{}"


def test_refuses_what_the_configuration_would(tmp_path: Path) -> None:
    """Every fault is told, and nothing is written."""
    wrong = ("--root-domain", "-edge", "--server", "es", "--server", "es", "--account", "12")
    done = run("init", "app", *wrong, cwd=tmp_path, fails=1)
    for place in ("dns.root_domain", "edge_servers.long_running", "aws.region", "aws.account"):
        assert place in done.err
    assert names(tmp_path) == []


def test_names_that_yaml_takes_for_something_else_stay_names(tmp_path: Path) -> None:
    """A server called `on` or `1e3` is read back as that, also by YAML 1.1."""
    servers = ("--server", "on", "--server", "1e3", "--server", "null")
    run("init", *ROOT, "--name", "true", *servers, cwd=tmp_path)
    config = DatafiEdgeConfig.from_file(tmp_path / "datafi.yaml")
    assert config.deployment_name == "true"
    assert [server.name for server in config.edge_servers.long_running] == ["on", "1e3", "null"]
    assert 'name: "on"' in (tmp_path / "datafi.yaml").read_text()


def test_a_coordinator_waits_for_its_secrets(tmp_path: Path) -> None:
    """With one, the file says what is still missing, and nothing else is."""
    run("init", *ROOT, "--coordinator", cwd=tmp_path)
    with pytest.raises(Exception) as refused:
        DatafiEdgeConfig.from_file(tmp_path / "datafi.yaml")
    places = [fault.place.rpartition(" ")[2] for fault in refused.value.faults]
    assert sorted(places) == [
        "coordinator.registry_credentials_secret_arn",
        "coordinator.secret_arn",
    ]


def test_tells_what_to_give_without_a_terminal(tmp_path: Path) -> None:
    """The option that answers the question is named."""
    assert "--root-domain" in run("init", cwd=tmp_path, fails=1).err
    assert names(tmp_path) == []


def test_asks_at_a_terminal_until_the_answer_can_work(tmp_path: Path) -> None:
    """The root domain is asked for, and again after one that cannot be."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [COMMAND, "init"],
        cwd=tmp_path,
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(terminal)
    os.write(controller, b"edge\nedge.example.com\n")
    _, err = process.communicate(timeout=60)
    os.close(controller)
    assert process.returncode == 0, err
    assert "dns.root_domain must be" in err
    config = DatafiEdgeConfig.from_file(tmp_path / "datafi.yaml")
    assert config.dns.root_domain == "edge.example.com"


def test_tells_how_to_deploy_on_this_machine(tmp_path: Path) -> None:
    """The embedded AWS must be of the account that the app names, and a coordinator has secrets."""
    plain = run("init", "plain", "--root-domain", "edge.example.com", cwd=tmp_path).out
    assert plain.endswith(
        "Or first on this machine:\n  datafi-cdk local up\n  datafi-cdk local deploy\n"
    )
    place = ("--account", "111111111111", "--region", "eu-central-1")
    options = ("--root-domain", "edge.example.com", "--coordinator", *place)
    assert run("init", "full", *options, cwd=tmp_path).out.endswith(
        "Or first on this machine, in a copy of the folder:\n"
        "  datafi-cdk local up --account 111111111111 --region eu-central-1\n"
        "  datafi-cdk secrets import --env-file env.sh --local\n"
        "  datafi-cdk local deploy\n"
    )


def test_a_letter_that_cannot_be_shown_is_no_error(tmp_path: Path) -> None:
    """Names are written in another way where the output has no letters for them."""
    env = {"PYTHONIOENCODING": "ascii"}
    made = run("init", "ä", "--name", "a", "--root-domain", "a.example.com", cwd=tmp_path, env=env)
    assert "\\xe4" in made.out
