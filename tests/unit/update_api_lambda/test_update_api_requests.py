"""What a caller may ask for beside an update: a report, a rollback, a dry run, force."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import ENVIRONMENT


def test_reports_a_service_that_was_never_updated(world: Any) -> None:
    """The version of the code runs."""
    assert world.report() == {
        "status": 200,
        "service": "es",
        "live": {"imageTag": "v1"},
        "requested": {"imageTag": "v1"},
        "rolloutState": "COMPLETED",
        "tasks": {"desired": 1, "running": 1, "pending": 0},
        "updates": [
            {
                "at": "2026-01-04T03:04:05+00:00",
                "by": None,
                "action": "code",
                "from": None,
                "to": "v1",
                "result": "COMPLETED",
                "requestId": None,
            }
        ],
        "requestId": "request-1",
    }


def test_reports_an_update_in_progress(world: Any) -> None:
    """The old version serves until the new one is there."""
    world.ecs.takes_time = True
    world.update("v2")
    report = world.report()
    assert (report["live"], report["requested"]) == ({"imageTag": "v1"}, {"imageTag": "v2"})
    assert report["rolloutState"] == "IN_PROGRESS"
    assert report["updates"][0] == {
        "at": "2026-01-05T03:04:05+00:00",
        "by": "203.0.113.7",
        "action": "update",
        "from": "v1",
        "to": "v2",
        "result": "IN_PROGRESS",
        "requestId": "request-0",
    }


@pytest.mark.parametrize("is_told", [True, False])
@pytest.mark.parametrize(("rolls_back", "state"), [(True, "ROLLED_BACK"), (False, "FAILED")])
def test_reports_an_update_that_failed(
    world: Any, *, rolls_back: bool, state: str, is_told: bool
) -> None:
    """Before the event of it was acted on and after, and what ran before runs."""
    world.ecs.takes_time = True
    world.update("v2")
    world.ecs.fail(rolls_back=rolls_back)
    if is_told:
        world.deployment_event("SERVICE_DEPLOYMENT_FAILED")
        world.ecs.complete()
    report = world.report()
    assert report["rolloutState"] == state
    assert (report["live"], report["requested"]) == ({"imageTag": "v1"}, {"imageTag": "v2"})
    assert [(each["to"], each["result"]) for each in report["updates"]] == [
        ("v2", state),
        ("v1", "COMPLETED"),
    ]


def test_reports_a_first_deployment(world: Any) -> None:
    """Nothing serves yet."""
    world.ssm.parameters["/datafi/Edge/es"][0]["Labels"] = []
    world.ecs.deployments[0]["rolloutState"] = "IN_PROGRESS"
    report = world.report()
    assert (report["live"], report["rolloutState"]) == (None, "IN_PROGRESS")


def test_reports_the_last_ten_updates(world: Any) -> None:
    """Newest first, those of the code among them."""
    for number in range(2, 8):
        world.update(f"v{number}")
        world.ssm.write(f"c{number}")
        world.deploy_by_stack(f"c{number}")
    updates = world.report()["updates"]
    assert len(updates) == 10
    assert [(each["action"], each["from"], each["to"]) for each in updates[:3]] == [
        ("code", "v7", "c7"),
        ("update", "c6", "v7"),
        ("code", "v6", "c6"),
    ]
    assert updates[0]["result"] == "COMPLETED"


def test_what_serves_during_a_forced_rollout(world: Any) -> None:
    """The same version, by the tasks that ran before."""
    world.ecs.takes_time = True
    world.update("v1", force=True)
    report = world.report()
    assert (report["live"], report["rolloutState"]) == ({"imageTag": "v1"}, "IN_PROGRESS")


def test_what_serves_while_one_rollout_takes_the_place_of_another(world: Any) -> None:
    """What completed, not what was begun."""
    world.ecs.takes_time = True
    world.update("v2")
    world.update("v3", force=True)
    assert world.report()["live"] == {"imageTag": "v1"}


def test_what_serves_while_ecs_rolls_back(world: Any) -> None:
    """What is brought back, not what failed."""
    world.ecs.takes_time = True
    world.update("v2")
    world.ecs.fail(at_once=False)
    assert world.report()["live"] == {"imageTag": "v1"}


def test_a_version_that_the_code_repeats_is_the_codes(world: Any) -> None:
    """CloudFormation writes the same value, and the description of the request stays with it."""
    world.update("v2")
    world.ssm.write("v2")
    updates = world.report()["updates"]
    assert [(each["action"], each["by"]) for each in updates[:2]] == [
        ("code", None),
        ("update", "203.0.113.7"),
    ]


def test_an_update_that_another_took_the_place_of(world: Any) -> None:
    """It neither completed nor failed."""
    world.ecs.takes_time = True
    world.update("v2")
    world.update("v3", force=True)
    assert [each["result"] for each in world.report()["updates"][:2]] == [
        "IN_PROGRESS",
        "SUPERSEDED",
    ]


def test_goes_back_to_the_version_before(world: Any) -> None:
    """With a revision of its own, and so that the next rollback goes forth again."""
    world.update("v2")
    answer = world.rollback()
    assert (answer["status"], answer["message"]) == (200, "es is being updated to v1.")
    assert (world.ssm.value, world.ecs.image()) == ("v1", "datafi/es:v1")
    assert world.told()[-1]["action"] == "rollback"
    assert world.report()["updates"][0]["action"] == "rollback"
    assert world.rollback()["message"] == "es is being updated to v2."


def test_goes_back_past_what_failed(world: Any) -> None:
    """The version before is the one that completed before what runs."""
    world.update("v2")
    world.ecs.takes_time = True
    world.deployment_event()
    world.update("bad")
    world.ecs.fail()
    world.deployment_event()
    assert world.rollback()["message"] == "es is being updated to v1."


def test_has_nothing_to_go_back_to(world: Any) -> None:
    """409 says so."""
    answer = world.rollback()
    assert answer["status"] == 409
    assert answer["message"] == "es has run no other version that is on record."


def test_an_update_waits_for_the_one_in_progress(world: Any) -> None:
    """409 with its state, also for the same tag, and for a rollback."""
    world.ecs.takes_time = True
    world.update("v2")
    for answer in (world.update("v3"), world.update("v2"), world.rollback()):
        assert answer == {
            "status": 409,
            "error": "Conflict",
            "message": "es is being updated; wait, or send force.",
            "requested": {"imageTag": "v2"},
            "rolloutState": "IN_PROGRESS",
            "tasks": {"desired": 1, "running": 1, "pending": 0},
        }
    assert world.ecs.names().count("UpdateService") == 1


def test_an_update_that_ecs_does_not_show_yet_counts(world: Any) -> None:
    """Right after UpdateService, DescribeServices may tell of the service as it was."""
    world.ecs.on_update = lambda: None
    genuine = world.ecs.deploy
    world.ecs.deploy = lambda _: None
    world.update("v2")
    world.ecs.deploy = genuine
    world.clock.seconds += 59
    assert world.update("v3")["status"] == 409
    world.clock.seconds += 2
    assert world.update("v3")["status"] == 200


def test_force_takes_the_place_of_the_one_in_progress(world: Any) -> None:
    """The caller has said so."""
    world.ecs.takes_time = True
    world.update("v2")
    assert world.update("v3", force=True)["status"] == 200
    assert (world.ssm.value, world.ecs.image()) == ("v3", "datafi/es:v3")


def test_force_deploys_a_moving_tag_again(world: Any) -> None:
    """The same revision, whose image is pulled anew; and it is in the history."""
    answer = world.update("v1", force=True)
    assert answer["message"] == "es is being updated to v1."
    assert "RegisterTaskDefinition" not in world.ecs.names()
    assert dict(world.ecs.calls)["UpdateService"] == {
        "cluster": "arn:aws:ecs:eu-west-1:111111111111:cluster/c",
        "service": "s",
        "forceNewDeployment": True,
    }
    assert len(world.ssm.parameters["/datafi/Edge/es"]) == 2


def test_a_parameter_that_was_changed_by_hand_is_set_to_what_runs(world: Any) -> None:
    """Without a deployment, since that version runs already."""
    world.ssm.write("v9")
    assert world.update("v1")["status"] == 200
    assert world.ssm.value == "v1"
    assert "UpdateService" not in world.ecs.names()


def test_a_dry_run_changes_nothing(world: Any) -> None:
    """It says what would be done."""
    answer = world.update("v2", dryRun=True)
    assert answer["message"] == "es would be updated from v1 to v2."
    assert answer["dryRun"] is True
    assert world.update("v1", dryRun=True)["message"] == "es already runs v1."
    assert world.rollback(dryRun=True)["status"] == 409
    assert world.ssm.value == "v1"
    assert set(world.ecs.names()) == {"DescribeServices", "DescribeTaskDefinition"}
    assert world.ssm.names() == ["GetParameterHistory"] * 3


def test_a_fixed_version_is_not_changed(world: Any) -> None:
    """409 says why; the report works, with the few calls that the function may then make."""
    services = json.loads(ENVIRONMENT["SERVICES"])
    services["services"][0][-1] = ""
    world.build(SERVICES=json.dumps(services))
    for answer in (world.update("v2"), world.rollback()):
        assert answer["status"] == 409
        assert answer["message"].startswith("The version of es is fixed in the code that deploys")
    world.ecs.failures["ListServiceDeployments"] = world.refused("ListServiceDeployments")
    report = world.report()
    assert (report["live"], report["updates"]) == ({"imageTag": "v1"}, [])
    world.deployment_event()
    world.stack_event()
    assert world.ssm.calls == []


def test_one_caller_at_a_time(world: Any) -> None:
    """While one holds the lease, the others get 409 and deploy nothing."""
    inside: list[dict[str, Any]] = []
    world.ecs.on_update = lambda: inside.append(world.update("v3"))
    assert world.update("v2")["status"] == 200
    (answer,) = inside
    assert answer["status"] == 409
    assert answer["message"] == "Another request is updating es; try again later."
    assert world.ecs.image() == "datafi/es:v2"
    assert list(world.ssm.parameters) == ["/datafi/Edge/es"]


def test_a_version_that_runs_already_needs_no_lease(world: Any) -> None:
    """Asked while another request is being handled, the answer is the same."""
    lease = {"Name": "/datafi/Edge/es.lease", "Value": "another", "Type": "String"}
    world.ssm.put_parameter(**lease, Overwrite=False)
    assert world.update("v1")["message"] == "es already runs v1."
    assert world.update("v2")["status"] == 409


def test_a_lease_that_was_not_given_back_ends(world: Any) -> None:
    """Its holder ran into the function's time-out."""
    lease = {"Name": "/datafi/Edge/es.lease", "Value": "gone", "Type": "String"}
    world.ssm.put_parameter(**lease, Overwrite=False)
    world.clock.seconds += 179
    assert world.update("v2")["status"] == 409
    world.clock.seconds += 1
    assert world.update("v2")["status"] == 200
    assert list(world.ssm.parameters) == ["/datafi/Edge/es"]


def test_of_two_that_take_an_ended_lease_one_gets_it(world: Any) -> None:
    """Parameter Store numbers the versions: the second is told a number too high."""
    lease = {"Name": "/datafi/Edge/es.lease", "Value": "gone", "Type": "String"}
    world.ssm.put_parameter(**lease, Overwrite=False)
    world.clock.seconds += 181
    genuine = world.ssm.get_parameter

    def get_parameter(**parameters: Any) -> Any:
        answer = genuine(**parameters)
        world.ssm.put_parameter(**{**lease, "Value": "faster"}, Overwrite=True)
        return answer

    world.ssm.get_parameter = get_parameter
    assert world.update("v2")["status"] == 409
    assert world.ecs.image() == "datafi/es:v1"


def test_several_services_behind_one_function(world: Any) -> None:
    """Each has its path; `target` must be its kind."""
    services = json.loads(ENVIRONMENT["SERVICES"])
    services["services"].append(["co", "CO", 0, "t", 0, ""])
    world.build(SERVICES=json.dumps(services))
    assert world.send(path="/co", body='{"imageTag": "v2", "target": "ES"}')["statusCode"] == 400
    assert world.send(path="/co", body='{"imageTag": "v2", "target": "CO"}')["statusCode"] == 409
    assert world.send(path="/es", body='{"imageTag": "v2", "target": "ES"}')["statusCode"] == 200
    message = json.loads(world.send(path="/x")["body"])["message"]
    assert message == "The path must be one of /es, /co, or one of these with /rollback."
