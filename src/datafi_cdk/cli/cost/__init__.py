"""A monthly estimate of what a synthesized app costs on AWS."""
