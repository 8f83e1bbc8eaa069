"""What `camseg`, or `python -m camseg`, does: one of the commands, by its name."""

import sys

from camseg import __version__, named
from camseg.cli import run

COMMANDS = "camseg.commands"
USAGE = f"usage: camseg COMMAND --help; the commands are {', '.join(named.names(COMMANDS))}"


def main() -> None:
    """Run the command that the command line names; an error of the user's making is one line."""
    run(_command)


def _command() -> None:
    name, *arguments = sys.argv[1:] or ["--help"]
    if name in ("--help", "-h"):
        print(USAGE)
    elif name == "--version":
        print(__version__)
    else:
        named.load(COMMANDS, name, "command").main(arguments)


if __name__ == "__main__":
    main()
