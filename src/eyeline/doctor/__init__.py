"""`eyeline doctor`: checks a server from outside, for its operator."""
