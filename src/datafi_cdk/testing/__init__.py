"""What your own tests can assert of an app: who reaches what, and that nothing is left dangling.

Plain functions for any test runner: they raise `AssertionError`, and need nothing but the templates
and the standard library.

Example:
    ```python
    from aws_cdk import App
    from datafi_cdk.testing import assert_no_problems, assert_reachable

    app = App()
    MyStack(app, "Edge")
    assert_reachable(
        app,
        '''
        | from     | name                | port  | to            | container port |
        |----------|---------------------|-------|---------------|----------------|
        | internet | *                   | 80    | redirect 301 to HTTPS port 443 | |
        | internet | *                   | 443   | fixed-response 404 |            |
        | internet | *                   | 50051 | fixed-response 404 |            |
        | internet | es.edge.example.com | 443   | Edge/Es       | 80             |
        | internet | es.edge.example.com | 443   | Edge/Es       | 50051          |
        | internet | es.edge.example.com | 50051 | Edge/Es       | 50051          |
        ''',
    )
    assert_no_problems(app)
    ```
"""

from __future__ import annotations

from .assertions import assert_no_problems, assert_reachable

__all__ = ["assert_no_problems", "assert_reachable"]
