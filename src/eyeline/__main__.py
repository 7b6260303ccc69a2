"""`python -m eyeline` is `eyeline`."""

from eyeline.cli import main

main()
