"""Configuration: every setting of the server in one frozen value, validated once at start.

A setting comes from the command line, else from the environment (`EYELINE_PORT`), else from a TOML file
(`port = 8000`), else from its default.  `all_settings` lists them all; `--help` and the table in `docs/operate.md`
are generated from it.
"""

from eyeline.settings.descriptions import Setting, all_settings
from eyeline.settings.fields import Settings
from eyeline.settings.sources import read

__all__ = ["Setting", "Settings", "all_settings", "read"]
