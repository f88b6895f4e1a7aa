"""`datafi-cdk check`: whether a configuration can be deployed, and whether a deployment works."""
