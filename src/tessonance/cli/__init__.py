"""The command line: one short module per command, loaded when it is wanted."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper
from keyword import iskeyword
from typing import TYPE_CHECKING

import click

from tessonance.errors import TessError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

__all__ = ["COMMANDS", "cli", "main"]

COMMANDS = (
    "demo",
    "new",
    "try",
    "generate",
    "import",
    "info",
    "sheet",
    "smooth",
    "bake",
    "tune",
    "certify",
    "verify",
    "merge",
    "grow",
    "pack",
    "unpack",
    "features",
    "render",
    "play",
    "bench",
    "devices",
    "doctor",
)


class _Commands(click.Group):
    """Commands found by name: each is the function of that name in the module of that name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        name = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name  # `import` and `try` are words of Python's own
        command: click.Command = getattr(import_module(f"tessonance.cli.{name}"), name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="tessonance", prog_name="tess")  # asked for only when it is shown
def cli() -> None:
    """Let music play a tesseract: a grid of pictures that a neural network painted beforehand.

    Start with `tess demo`. Then make your own: `tess new`, `tess generate`, `tess render`.
    """


def main(words: Sequence[str] | None = None) -> None:
    """Run `tess`; exit code 0, 1 for what was refused, 2 for a wrong call, 130 for an interruption.

    Parameters
    ----------
    words : sequence of str, optional
        The command line behind ``tess``; the program's own unless given.
    """
    _end_as_interrupted()
    _write_what_can_be_written()
    try:
        code = cli.main(words, prog_name="tess", standalone_mode=False)
    except click.exceptions.Exit as leaving:
        code = leaving.exit_code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except TessError as error:
        click.secho("error: ", fg="red", bold=True, nl=False, err=True)
        click.echo(str(error), err=True)
        code = 1
    except OSError as error:  # of standard output: files have errors of their own
        click.secho(f"error: cannot write what there is to say: {error.strerror}", fg="red", err=True)
        code = 1
    except (KeyboardInterrupt, click.Abort):
        click.echo("\nstopped; nothing that was finished is lost", err=True)
        code = 130
    sys.exit(code if isinstance(code, int) else 0)


def _write_what_can_be_written() -> None:
    """Put a question mark for a sign that the output lacks, as files on Windows do, rather than end there."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    _keep_what_is_said()


def _keep_what_is_said() -> None:
    """Write to standard error by a number of our own.

    What libraries of sound write to the usual one is taken away while they look for devices, as they do all night where
    one is away; what the show says meanwhile must not go with it.
    """
    stream = sys.stderr
    if sys.platform != "linux" or not isinstance(stream, TextIOWrapper):
        return
    with suppress(OSError):  # there is no standard error, or it is in memory
        if stream.fileno() == 2:
            sys.stderr = open(os.dup(2), "w", 1, stream.encoding, "replace", closefd=False)  # noqa: SIM115


def _end_as_interrupted() -> None:
    """Let a closed terminal or a polite kill clean up as Ctrl-C does."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for name in ("SIGTERM", "SIGHUP"):
        if threading.current_thread() is threading.main_thread() and hasattr(signal, name):
            signal.signal(getattr(signal, name), interrupt)
