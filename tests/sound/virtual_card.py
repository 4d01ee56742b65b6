"""Sound cards without a sound card: servers with a null sink, in a home of their own.

PortAudio takes its surroundings from the environment when it starts: what uses such a card runs as a program of its
own, out of `card_programs.py`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = Path(__file__).with_name("card_programs.py")
START_SECONDS = 20.0


class VirtualCard:
    """A PulseAudio server whose only card is a null sink: what is played comes out of its monitor."""

    def __init__(self, folder: Path) -> None:
        # The path of a socket may have 107 characters; pytest's folders are longer on some machines.
        self.runtime = Path(tempfile.mkdtemp(prefix="card"))
        self.folder = folder
        self._server: subprocess.Popen[bytes] | None = None
        (folder / ".asoundrc").write_text(
            "pcm.!default {type pulse}\nctl.!default {type pulse}\npcm.pulse {type pulse}\n"
        )
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("PULSE_")} | {
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(self.runtime),
            "PULSE_SERVER": f"unix:{self.runtime}/card.sock",
            "PULSE_COOKIE": str(folder / "cookie"),
            "DBUS_SESSION_BUS_ADDRESS": "disabled:",
        }

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        words = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--realtime=no"]
        words += [
            "--high-priority=no",
            "-L",
            f"module-native-protocol-unix socket={self.runtime}/card.sock auth-anonymous=1",
        ]
        words += ["-L", "module-null-sink sink_name=card rate=48000 channels=2"]
        quiet = subprocess.DEVNULL
        self._server = subprocess.Popen(words, env=self.environment, stdin=quiet, stdout=quiet, stderr=quiet)
        deadline = time.monotonic() + START_SECONDS
        while subprocess.run(
            ["pactl", "info"], env=self.environment, stdout=quiet, stderr=quiet, check=False
        ).returncode:
            assert self._server.poll() is None, "pulseaudio ended"
            assert time.monotonic() < deadline, "pulseaudio does not answer"
            time.sleep(0.05)

    def kill(self) -> None:
        """End the server as a power cut would."""
        if self._server is not None:
            self._server.kill()
            self._server.wait()
            self._server = None

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.runtime, ignore_errors=True)

    def play(self, path: Path) -> None:
        """Play a file to its end, with a buffer that no busy machine empties."""
        subprocess.run(
            ["paplay", "--latency-msec=1000", "--device=card", str(path)], env=self.environment, check=True, timeout=60
        )

    def program(self, name: str, *words: object) -> Program:
        """Start a program that uses the card."""
        return Program(
            subprocess.Popen(
                [sys.executable, "-W", "error", str(PROGRAMS), name, *map(str, words)],
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )


class Program:
    """A program that says JSON, a line each."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.communicate()

    def line(self) -> Any:
        """Wait for the next thing it says."""
        assert self._process.stdout is not None
        text = self._process.stdout.readline()
        if not text:
            assert self._process.stderr is not None
            pytest.fail(f"the program ended: {self._process.stderr.read()}")
        return json.loads(text)

    def until(self, **wanted: object) -> Any:
        """Skip what it says until it says this."""
        while True:
            said = self.line()
            if all(said.get(key) == value for key, value in wanted.items()):
                return said

    def tell(self, word: str) -> None:
        """Say something to it."""
        assert self._process.stdin is not None
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()

    def end(self) -> str:
        """Wait for its end, and return what it complained of."""
        _, complaints = self._process.communicate(timeout=30)
        assert self._process.returncode == 0, complaints
        return complaints
