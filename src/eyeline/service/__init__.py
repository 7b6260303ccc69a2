"""Eyeline as a service of systemd: the unit, and installing it."""
