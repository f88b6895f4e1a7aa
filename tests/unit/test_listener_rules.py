"""The rules of a load balancer: their priorities, their conditions, and how many there may be."""

import random
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from datafi_cdk import EdgeServer, IngressBase, InvalidInputError, SharedIngress
from aws_cdk import App, NestedStack, Stack, Token
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk.assertions import Template
from constructs import Construct
from deployment import (
    ACCOUNT,
    LISTENER,
    LISTENER_RULE,
    LOAD_BALANCER,
    REGION,
    ROOT_DOMAIN,
    SECURITY_GROUP,
    TARGET_GROUP,
    Surroundings,
    let_in,
    needs,
    new_app,
    new_stack,
    properties,
    surroundings,
)

LISTENER_ARN = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:listener/app/platform/50dc6c49/"
FIXED = elbv2.ListenerAction.fixed_response(503)
# Two names whose HTTP rules get one priority under `ROOT_DOMAIN`.
CLASHING = tuple(f"{name}.{ROOT_DOMAIN}" for name in ("es-175", "es-261"))


def an_ingress(scope: Construct | None = None, **arguments: Any) -> IngressBase:
    """An ingress that costs little: its listeners are there already."""
    return SharedIngress.from_attributes(
        scope or new_stack(),
        "Ingress",
        **{
            "https_listener_arn": f"{LISTENER_ARN}443",
            "grpc_listener_arn": f"{LISTENER_ARN}50051",
            "security_group_ids": ["sg-platform"],
            "root_domain": ROOT_DOMAIN,
            **arguments,
        },
    )


def target_group(scope: Construct, group_id: str = "Targets") -> elbv2.IApplicationTargetGroup:
    """A target group that is there already."""
    return elbv2.ApplicationTargetGroup.from_target_group_attributes(
        scope,
        group_id,
        target_group_arn=f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/{group_id}/1",
    )


def add_http(ingress: IngressBase, host: str, rule_id: str = "", **arguments: Any) -> Construct:
    """A rule of the ingress for one host, beside it."""
    scope = Stack.of(ingress)
    rule_id = rule_id or f"Rule-{host}"
    return ingress.add_http_rule(scope, rule_id, hosts=[host], action=FIXED, **arguments)


def add_grpc(ingress: IngressBase, host: str, rule_id: str = "", **arguments: Any) -> Construct:
    """The gRPC rules of the ingress for one host, in a construct of their own."""
    scope = Construct(Stack.of(ingress), rule_id or f"Grpc-{host}")
    ingress.add_grpc_rules(scope, hosts=[host], target_group=target_group(scope), **arguments)
    return scope


def priorities(stack: Stack) -> dict[str, int]:
    """The priority of each rule of a stack, by listener, host and whether it is for gRPC."""
    found: dict[str, int] = {}
    for rule in Template.from_stack(stack).find_resources(LISTENER_RULE).values():
        made = rule["Properties"]
        host, *others = made["Conditions"]
        (value,) = host["HostHeaderConfig"]["Values"]
        listener = made["ListenerArn"].rpartition("/")[2]
        found[f"{listener} {value} {len(others)}"] = made["Priority"]
    return found


def refused(make: Any) -> str:
    """What is said of what cannot be."""
    with pytest.raises(InvalidInputError) as error:
        make()
    return str(error.value)


def priorities_of(hosts: Iterable[str], **arguments: Any) -> dict[str, int]:
    """The priorities that these hosts get, one after the other."""
    ingress = an_ingress(**arguments)
    for host in hosts:
        add_http(ingress, host)
        add_grpc(ingress, host)
    return priorities(Stack.of(ingress))


@pytest.mark.parametrize("seed", range(5))
def test_priorities_are_those_of_the_host_alone(seed: int) -> None:
    """Whatever is inserted, removed or reordered, a host keeps its priorities."""
    chance = random.Random(seed)  # noqa: S311
    hosts = [f"es-{number}.{ROOT_DOMAIN}" for number in chance.sample(range(170), 12)]
    before = priorities_of(hosts)
    others = [f"new-{number}.{ROOT_DOMAIN}" for number in range(4)]
    changed = [*chance.sample(hosts, 8), *others]
    chance.shuffle(changed)
    after = priorities_of(changed)
    kept = before.keys() & after.keys()
    assert len(kept) == 8 * 3
    assert {rule: after[rule] for rule in kept} == {rule: before[rule] for rule in kept}


def test_thirty_servers_named_alike_do_not_clash() -> None:
    """Thirty servers with numbered names have priorities of their own on each listener."""
    found = priorities_of(f"es-{number}.{ROOT_DOMAIN}" for number in range(1, 31))
    assert len(found) == 90
    assert len({(rule.split()[0], priority) for rule, priority in found.items()}) == 90


@pytest.mark.parametrize(
    ("priority_range", "of_grpc", "of_http"),
    [
        ((1, 50000), range(1, 25001), range(25001, 50001)),
        ((1000, 1999), range(1000, 1500), range(1500, 2000)),
        ((1000, 1998), range(1000, 1499), range(1499, 1998)),
        ((49999, 50000), range(49999, 50000), range(50000, 50001)),
    ],
)
def test_rules_stay_in_the_range_and_grpc_comes_first(
    priority_range: tuple[int, int], of_grpc: range, of_http: range
) -> None:
    """The lower half of the range is for gRPC, the upper one for HTTP."""
    hosts = [f"host-{number}.{ROOT_DOMAIN}" for number in range(3 if len(of_http) > 1 else 1)]
    for rule, priority in priorities_of(hosts, priority_range=priority_range).items():
        is_http = rule.startswith("443 ") and rule.endswith(" 0")
        assert priority in (of_http if is_http else of_grpc), rule


def test_a_clash_names_both_and_a_priority_that_is_free() -> None:
    """Two hosts whose priorities meet are refused; the one proposed by hand mends it."""
    first, second = CLASHING
    ingress = an_ingress()
    add_http(ingress, first)
    before = priorities(Stack.of(an := ingress))
    (taken,) = before.values()
    assert refused(lambda: add_http(an, second, "Clash")) == (
        "Test: http_rule_priority must be the only one of its kind on port 443 of Test/Ingress, "
        f"got {taken} for {second!r}, which {first!r} has; "
        f"set one of the two by hand (free: {taken + 1}), or choose another name."
    )

    mended = an_ingress()
    add_http(mended, first)
    add_http(mended, second, priority=taken + 1)
    assert priorities(Stack.of(mended)) == {**before, f"443 {second} 0": taken + 1}


def test_the_proposed_priority_is_free_on_both_listeners() -> None:
    """A gRPC priority is proposed in the gRPC half, and past those that others have."""
    first, second = CLASHING
    ingress = an_ingress()
    add_grpc(ingress, first)
    taken = max(priorities(Stack.of(ingress)).values())
    ingress = an_ingress()
    add_grpc(ingress, first)
    add_http(ingress, "other", priority=taken + 1)
    assert f"(free: {taken + 2})" in refused(lambda: add_grpc(ingress, second))


def test_a_full_range_has_no_proposal() -> None:
    """Where no priority is left, none is proposed."""
    ingress = an_ingress(priority_range=(10, 11))
    add_http(ingress, "a")
    message = refused(lambda: add_http(ingress, "b"))
    assert "got 11 for 'b', which 'a' has; set one of the two by hand, or" in message


def test_the_same_host_twice_is_refused_with_its_name() -> None:
    """Two rules for one host are one too many."""
    ingress = an_ingress()
    add_http(ingress, "a")
    message = refused(lambda: add_http(ingress, "a", "Again"))
    assert "'a', which 'a' has; remove one of the two." in message


@pytest.mark.parametrize("priority", [0, 50001, -1, 1.5, "7", True, [7]])
@pytest.mark.parametrize("kind", ["http", "grpc"])
def test_a_priority_out_of_bounds_is_refused(kind: str, priority: Any) -> None:
    """By hand, a priority is a whole number from 1 to 50000."""
    add = add_http if kind == "http" else add_grpc
    message = refused(lambda: add(an_ingress(), "a", "Rule", priority=priority))
    allowed = f"Test{'/Rule' if kind == 'grpc' else ''}: {kind}_rule_priority must be "
    assert message.startswith(f"{allowed}a whole number from 1 to 50000, got ")


@pytest.mark.parametrize("priority", [999, 2000])
def test_a_priority_by_hand_stays_in_the_range(priority: int) -> None:
    """What is outside of the range belongs to somebody else."""
    ingress = an_ingress(priority_range=(1000, 1999))
    message = refused(lambda: add_http(ingress, "a", priority=priority))
    assert f"a whole number from 1000 to 1999, got {priority}" in message


def test_priorities_by_hand_are_taken() -> None:
    """Both bounds can be chosen, as can a number that is known at deployment only."""
    ingress = an_ingress()
    add_grpc(ingress, "a", priority=1)
    add_http(ingress, "a", priority=50000)
    add_http(ingress, "b", priority=Token.as_number({"Ref": "Priority"}))
    assert priorities(Stack.of(ingress)) == {
        "443 a 0": 50000,
        "443 a 1": 1,
        "50051 a 0": 1,
        "443 b 0": {"Ref": "Priority"},
    }


def test_unknown_hosts_get_the_priority_of_their_construct() -> None:
    """Hosts and lists of hosts known at deployment only leave it to the path of the rule."""

    def made(earlier: int) -> list[int]:
        for index in range(earlier):
            Token.as_list({"Ref": f"Earlier{index}"})
        ingress = an_ingress()
        stack = Stack.of(ingress)
        ingress.add_http_rule(stack, "OfList", hosts=Token.as_list({"Ref": "Hosts"}), action=FIXED)
        ingress.add_http_rule(
            stack, "OfString", hosts=[Token.as_string({"Ref": "Host"})], action=FIXED
        )
        template = Template.from_stack(stack)
        (host,) = properties(template, LISTENER_RULE, "OfList")["Conditions"]
        assert host["HostHeaderConfig"]["Values"] == {"Ref": "Hosts"}
        return [
            properties(template, LISTENER_RULE, rule)["Priority"] for rule in ("OfList", "OfString")
        ]

    first, second = made(0), made(9)
    assert first == second
    assert len(set(first)) == 2


def add_rules(ingress: IngressBase, scopes: Sequence[Construct], count: int) -> None:
    """So many HTTP rules, in these scopes in turn."""
    for number in range(count):
        scope = scopes[number % len(scopes)]
        ingress.add_http_rule(
            scope, f"R{number}", hosts=[f"h{number}"], action=FIXED, priority=number + 1
        )


def test_rules_of_all_stacks_are_counted() -> None:
    """The hundredth rule fits, wherever its stack; the next is refused with the way out."""
    app = new_app()
    ingress = an_ingress(new_stack("Front", app))
    stacks = [new_stack("One", app), new_stack("Two", app)]
    scopes = [*stacks, NestedStack(stacks[0], "Nested")]
    add_rules(ingress, scopes, 100)
    message = refused(
        lambda: ingress.add_http_rule(stacks[1], "Rule", hosts=["one-more"], action=FIXED)
    )
    assert message == (
        "Two: ingress must be on a load balancer of at most 100 rules, got number 101 on "
        "Front/Ingress; give further servers an ingress of their own, or let AWS raise the quota "
        "and say so in max_rules."
    )


def test_a_raised_quota_is_believed() -> None:
    """With `max_rules` there may be more, or fewer; a number not known yet is not counted."""
    add_rules(more := an_ingress(max_rules=101), [Stack.of(more)], 101)
    fewer = an_ingress(max_rules=2)
    assert "at most 2 rules" in refused(lambda: add_rules(fewer, [Stack.of(fewer)], 3))
    unknown = an_ingress(max_rules=Token.as_number({"Ref": "MaxRules"}))
    add_rules(unknown, [Stack.of(unknown)], 101)


def test_target_groups_of_all_stacks_are_counted() -> None:
    """A target group counts once; the hundred and first is refused, however many rules fit."""
    app = new_app()
    ingress = an_ingress(new_stack("Front", app), max_rules=1000)
    stacks = [new_stack("One", app), new_stack("Two", app)]

    def add(number: int, times: int) -> None:
        scope = Construct(stacks[number % 2], f"Server{number}")
        group = target_group(scope)
        for time in range(times):
            ingress.add_http_rule(
                scope,
                f"Rule{time}",
                hosts=[f"h{number}-{time}"],
                target_group=group,
                priority=10 * number + time + 1,
            )

    for number in range(100):
        add(number, times=2)
    assert refused(lambda: add(100, times=1)) == (
        "One/Server100: ingress must be on a load balancer of at most 100 target groups, got "
        "number 101 on Front/Ingress; give further servers an ingress of their own."
    )


def in_thirty_stacks(servers: int) -> tuple[App, Surroundings, list[Stack]]:
    """A load balancer in a stack, and servers in three others."""
    app = new_app()
    front = surroundings(new_stack("Front", app), max_rules=150)
    stacks = [new_stack(f"Servers{number}", app) for number in range(3)]
    for number in range(servers):
        name = f"es-{number}"
        EdgeServer(stacks[number % 3], f"Server-{name}", **front.around, name=name)
    return app, front, stacks


def test_the_load_balancer_does_not_grow_with_thirty_servers() -> None:
    """Not a resource of the load balancer's stack is added or changed, and no cycle arises."""
    _, empty, _ = in_thirty_stacks(0)
    app, front, stacks = in_thirty_stacks(30)
    app.synth()
    before = Template.from_stack(empty.stack).to_json()["Resources"]
    template = Template.from_stack(front.stack)
    assert template.to_json()["Resources"] == before
    template.resource_count_is(LOAD_BALANCER, 1)
    template.resource_count_is(LISTENER, 3)
    assert len(properties(template, SECURITY_GROUP, "Ingress")["SecurityGroupIngress"]) == 3
    for stack in stacks:
        made = Template.from_stack(stack)
        made.resource_count_is(LISTENER_RULE, 30)
        made.resource_count_is(TARGET_GROUP, 20)
        made.resource_count_is("AWS::EC2::SecurityGroupEgress", 0)
        assert [dependency.stack_name for dependency in needs(stack)] == ["Front"]


def test_servers_may_be_in_nested_stacks() -> None:
    """Rules and target groups are in the nested stack of the server, beside the ingress or not."""
    app = new_app()
    front = surroundings(new_stack("Front", app))
    other = new_stack("Other", app)
    nested = [NestedStack(front.stack, "Nested"), NestedStack(other, "Nested")]
    for number, stack in enumerate(nested):
        EdgeServer(stack, "Es", **front.around, name=f"es-{number}")
    app.synth()
    for stack in (front.stack, other):
        Template.from_stack(stack).resource_count_is(LISTENER_RULE, 0)
    for stack in nested:
        template = Template.from_stack(stack)
        template.resource_count_is(LISTENER_RULE, 3)
        template.resource_count_is(TARGET_GROUP, 2)
        assert len(let_in(template)) == 2
    assert needs(front.stack) == []


def test_an_ingress_may_be_in_a_nested_stack() -> None:
    """A server beside it, and one in the parent, refer to it one way."""
    app = new_app()
    parent = new_stack("Parent", app)
    front = surroundings(NestedStack(parent, "Front"))
    for stack in (front.stack, parent):
        EdgeServer(stack, "Es", **front.around, name=f"es-{'n' if stack is parent else 'f'}")
    app.synth()
    for stack in (front.stack, parent):
        Template.from_stack(stack).resource_count_is(LISTENER_RULE, 3)


RULES: list[tuple[dict[str, Any], str]] = [
    ({"hosts": "es"}, "hosts must be a list of strings of 1 to 128 characters, got a value of"),
    ({"hosts": []}, "hosts must be a list of strings of 1 to 128 characters, got nothing"),
    ({"hosts": None}, "hosts must be a list of strings of 1 to 128 characters, got nothing"),
    ({"hosts": {"es"}}, "got a value of type set; write it as ['es.datafi-edge.example.com']."),
    ({"hosts": [5]}, "hosts must be a list of strings of 1 to 128 characters, got a value of type"),
    ({"hosts": [""]}, "hosts must be a list of strings of 1 to 128 characters, got '' (0)"),
    ({"hosts": ["x" * 129]}, "(129)"),
    (
        {"hosts": ["https://a"]},
        "hosts must be host names, of which * and ? stand for any characters, got 'https://a'",
    ),
    (
        {"paths": ["status"]},
        "paths must be paths, which begin with / or a wildcard, got 'status'; write it",
    ),
    (
        {"hosts": ["*.*", "?.?"], "paths": ["/*", "/?"]},
        "hosts and paths must be with at most 5 wildcards (* and ?) in a rule, got 6; make several",
    ),
    ({"paths": "/a"}, "paths must be a list of strings of 1 to 128 characters, got a value of"),
    ({"paths": None}, "paths must be a list of strings of 1 to 128 characters, got nothing"),
    ({"paths": [5]}, "write it as ['/status']."),
    ({"paths": ["/" * 129]}, "(129)"),
    ({"hosts": list("abcdef")}, "hosts must be at most 5, as a rule takes 5 values, got 6; make"),
    (
        {"hosts": ["a", "b"], "paths": ["/c", "/d", "/e", "/f"]},
        "hosts and paths must be at most 5, as a rule takes 5 values, got 6; make several rules",
    ),
    ({"action": None}, "target_group must be given if action is not, and left out if it is, got"),
    (
        {"action": "forward"},
        "action must be an elbv2.ListenerAction, got a value of type str; hand",
    ),
    ({"action": None, "target_group": "tg"}, "target_group must be a target group (IApplication"),
    ({"target_group": "tg"}, "left out if it is, got both; hand in one of the two."),
]


@pytest.mark.parametrize(("changes", "message"), RULES)
def test_refuses_rules_that_cannot_be(changes: dict[str, Any], message: str) -> None:
    """Hosts, paths and targets of other types or sizes are refused by name."""
    ingress = an_ingress()
    arguments: dict[str, Any] = {"hosts": ["a"], "action": FIXED, **changes}
    said = refused(lambda: ingress.add_http_rule(Stack.of(ingress), "Rule", **arguments))
    assert said.startswith("Test: ")
    assert message in said


def test_a_rule_takes_five_values() -> None:
    """Five hosts and paths fit, and three hosts beside the two content types of gRPC."""
    ingress = an_ingress()
    stack = Stack.of(ingress)
    ingress.add_http_rule(stack, "Http", hosts=["a", "b"], paths=["/c", "/d", "/e"], action=FIXED)
    group = target_group(stack)
    ingress.add_grpc_rules(stack, hosts=["a", "b", "c"], target_group=group)
    Template.from_stack(stack).resource_count_is(LISTENER_RULE, 3)
    only = an_ingress(grpc_over_https=False)
    only.add_grpc_rules(Stack.of(only), hosts=list("abcde"), target_group=target_group(only))
    scope = Construct(stack, "Four")
    assert refused(
        lambda: ingress.add_grpc_rules(scope, hosts=list("abcd"), target_group=group)
    ) == (
        "Test/Four: hosts must be at most 3 beside the content types of gRPC, as a rule takes 5 "
        "values, got 4; make several rules of them."
    )


def test_two_ingresses_on_one_load_balancer_know_of_each_other() -> None:
    """Priorities, names and quotas are those of the load balancer, however it is taken."""
    stack = new_stack()
    first = an_ingress(Construct(stack, "First"))
    second = an_ingress(Construct(stack, "Second"), max_rules=2)
    add_http(first, f"a.{ROOT_DOMAIN}", "A", priority=7)
    said = refused(lambda: add_http(second, f"b.{ROOT_DOMAIN}", "B", priority=7))
    assert f"got 7 for 'b.{ROOT_DOMAIN}', which 'a.{ROOT_DOMAIN}' has; set one" in said
    assert "remove one" in refused(lambda: add_http(second, f"a.{ROOT_DOMAIN}", "C", priority=8))
    add_http(second, f"d.{ROOT_DOMAIN}", "D")
    assert "got number 3" in refused(lambda: add_http(second, f"e.{ROOT_DOMAIN}", "E"))


def test_ingresses_of_other_load_balancers_and_apps_do_not_clash() -> None:
    """One host may be served by two load balancers, and by two apps."""
    app = new_app()
    arns = {"https_listener_arn": f"{LISTENER_ARN}443".replace("platform", "other")}
    arns["grpc_listener_arn"] = f"{LISTENER_ARN}50051".replace("platform", "other")
    ingresses = [
        an_ingress(new_stack("One", app)),
        an_ingress(new_stack("Two", app), **arns),
        an_ingress(new_stack("One", new_app())),
    ]
    for ingress in ingresses:
        add_http(ingress, "a", priority=7)


def test_the_rules_of_the_owner_are_known() -> None:
    """A priority of a rule that the app has added to its listener is refused with its path."""
    made = surroundings()
    https = made.ingress.https_listener
    conditions = [elbv2.ListenerCondition.host_headers(["shop.example.com"])]
    https.add_action("Shop", priority=1000, conditions=conditions, action=FIXED)
    ingress = SharedIngress.from_listeners(
        made.stack,
        "Taken",
        https_listener=https,
        root_domain="other.example.com",
        priority_range=(999, 1000),
    )
    assert "got 1000 for 'es.other.example.com', which 'Test/Ingress/LoadBalancer/" in refused(
        lambda: add_http(ingress, "es.other.example.com")
    )


@pytest.mark.parametrize(
    ("http", "grpc"),
    [
        (["es.{domain}"], ["es.{domain}"]),
        (["ES.{domain}"], ["es.{domain}"]),
        (["other.{domain}", "es.{domain}"], ["es.{domain}"]),
    ],
)
@pytest.mark.parametrize("domain", [ROOT_DOMAIN, None])
@pytest.mark.parametrize("http_is_first", [True, False])
def test_a_grpc_rule_that_an_http_rule_hides_is_refused(
    http: list[str], grpc: list[str], domain: str | None, http_is_first: bool
) -> None:
    """Among several hosts, in other letters, under a domain known at deployment only."""
    ingress = an_ingress()
    domain = domain or Token.as_string({"Ref": "Domain"})
    stack = Stack.of(ingress)
    hosts = [[host.format(domain=domain) for host in each] for each in (http, grpc)]

    def add_both() -> None:
        for is_http in (http_is_first, not http_is_first):
            if is_http:
                ingress.add_http_rule(stack, "Http", hosts=hosts[0], action=FIXED, priority=10)
            else:
                ingress.add_grpc_rules(
                    stack, hosts=hosts[1], target_group=target_group(stack), priority=20
                )

    assert "grpc_rule_priority must be less than that of the HTTP rule of" in refused(add_both)


def test_an_http_rule_for_some_paths_hides_no_grpc() -> None:
    """What goes to a path of its own is not what gRPC asks for; a rule for all paths is."""
    ingress = an_ingress()
    stack = Stack.of(ingress)
    ingress.add_http_rule(stack, "Path", hosts=["a"], paths=["/x"], action=FIXED, priority=10)
    add_grpc(ingress, "a", priority=20)
    ingress.add_http_rule(stack, "All", hosts=["b"], paths=["/*"], action=FIXED, priority=11)
    assert "which would hide it" in refused(lambda: add_grpc(ingress, "b", priority=21))


def test_a_token_priority_twice_is_called_a_token() -> None:
    """A number that is known at deployment only is shown as what it is."""
    ingress = an_ingress()
    priority = Token.as_number({"Ref": "Priority"})
    add_http(ingress, "a", priority=priority)
    assert "got a token for 'b'" in refused(lambda: add_http(ingress, "b", priority=priority))
