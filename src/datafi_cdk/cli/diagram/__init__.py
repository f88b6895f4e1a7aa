"""`datafi-cdk diagram`: the architecture of an app, drawn from its templates."""
