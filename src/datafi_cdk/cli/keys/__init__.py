"""`datafi-cdk keys`: makes the values that go to Secrets Manager."""
