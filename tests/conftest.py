"""Pytest configuration for all tests: recorded properties are printed at the end, and Hypothesis has no deadline."""

import pytest
from hypothesis import Phase, settings

settings.register_profile("unhurried", settings.default, deadline=None)
settings.load_profile("unhurried")
# For tests of wrong source (`make mutants`): that an example fails is enough, so no smaller one is sought.
settings.register_profile(
    "mutants", deadline=None, derandomize=True, database=None, phases=(Phase.explicit, Phase.generate)
)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests recorded by `record_property`, including tests that ran in another process."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{name}: {value}")
