"""Hands events on to the functions of the update APIs that they are about.

Each stack has one such function in place of rules and permissions for each server. It waits for no
answer: Lambda keeps the event, tries again when the function fails, and in the end puts it into the
function's dead-letter queue.

IAM: `lambda:InvokeFunction` on these functions.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from api_errors import AwsFault
from aws_call import aws_call
from router import LambdaClient


class EventForwarder:
    """Finds the update APIs that an event is about.

    Args:
        apis: The update APIs: for each the name of its function, those of its ECS services, and
            the numbers of the stacks that deploy these; an environment holds 4 KB only.
        stacks: The names of these stacks.
        client: Client for Lambda.
        log: Takes one entry for each event.
    """

    def __init__(
        self,
        apis: Sequence[tuple[str, Sequence[str], Sequence[int]]],
        stacks: Sequence[str],
        client: LambdaClient,
        log: Callable[[Mapping[str, object]], None],
    ) -> None:
        """Keep the parts."""
        self._apis = apis
        self._stacks = stacks
        self._client = client
        self._log = log

    def handle(self, event: Mapping[str, Any], request_id: str) -> None:
        """Hand one event on; those of other services of the cluster are about nobody here.

        Raises:
            AwsFault: A function could not be told. The others are, and may be again: events come
                at least once.
        """
        functions = self._concerned(event)
        faults: list[AwsFault] = []
        for function in functions:
            try:
                aws_call(
                    "lambda:InvokeFunction",
                    self._client.invoke,
                    FunctionName=function,
                    InvocationType="Event",
                    Payload=json.dumps(event),
                )
            except AwsFault as fault:
                faults.append(fault)
        if functions:
            entry: dict[str, object] = {
                "requestId": request_id,
                "event": event["detail-type"],
                "functions": functions,
            }
            self._log(entry | ({"faults": [str(fault) for fault in faults]} if faults else {}))
        if faults:
            raise faults[0]

    def _concerned(self, event: Mapping[str, Any]) -> list[str]:
        if event["source"] == "aws.cloudformation":
            stack = event["detail"]["stack-id"].split("/")[1]
            return [
                function
                for function, _, stacks in self._apis
                if stack in [self._stacks[number] for number in stacks]
            ]
        names = {arn.rpartition("/")[2] for arn in event["resources"]}
        return [function for function, services, _ in self._apis if names & set(services)]
