"""Where a construct is in the tree, which never changes: CDK is asked once for each.

Every question to CDK is a request to its Node.js process, and these are asked for most.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from aws_cdk import Stack
from constructs import IConstruct

_Answer = TypeVar("_Answer")


def path_of(construct: IConstruct) -> str:
    """The path of a construct from the root of its tree.

    Args:
        construct: The construct.
    """
    return asked_once(construct, "path", lambda: construct.node.path)


def root_of(construct: IConstruct) -> IConstruct:
    """The root of a construct's tree, as a rule the app.

    Args:
        construct: The construct.
    """
    return asked_once(construct, "root", lambda: construct.node.root)


def stack_of(construct: IConstruct) -> Stack:
    """The stack that a construct is in.

    Args:
        construct: The construct.

    Raises:
        RuntimeError: It is in none.
    """
    return asked_once(construct, "stack", lambda: Stack.of(construct))


def outermost_stack(construct: IConstruct) -> Stack:
    """The stack of a construct that is nested in no other.

    Args:
        construct: The construct.
    """
    return asked_once(construct, "outermost_stack", lambda: _outermost(stack_of(construct)))


def _outermost(stack: Stack) -> Stack:
    parent = stack.nested_stack_parent
    return outermost_stack(parent) if parent else stack


def asked_once(construct: IConstruct, question: str, ask: Callable[[], _Answer]) -> _Answer:
    """An answer that is kept with the construct, so that it goes when the construct does.

    Args:
        construct: The construct that it is about.
        question: A name for it.
        ask: Asks CDK; the answer `None` is asked for again.
    """
    answers = vars(construct).setdefault("_datafi_answers", {})
    if answers.get(question) is None:
        answers[question] = ask()
    answer: _Answer = answers[question]
    return answer
