"""`datafi-cdk secrets`: what the containers read from Secrets Manager."""
