"""Looks at a server from outside, as the operator: `eyeline doctor`."""
