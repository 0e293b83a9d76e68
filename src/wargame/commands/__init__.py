"""One module for each command: `EXAMPLES`, `add_arguments(parser)` and `run(args) -> exit code`."""
