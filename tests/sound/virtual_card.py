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

    wrapper: tuple[str, ...] = ()  # what programs are started by

    def __init__(self, folder: Path) -> None:
        # The path of a socket may have 107 characters; pytest's folders are longer on some machines.
        self.runtime = Path(tempfile.mkdtemp(prefix="card"))
        self.folder = folder
        self._servers: list[subprocess.Popen[bytes]] = []
        (folder / ".asoundrc").write_text(
            "pcm.!default {type pulse}\nctl.!default {type pulse}\npcm.pulse {type pulse}\n"
        )
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PULSE_", "PIPEWIRE_"))}
        self.environment = kept | {
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(self.runtime),
            "PULSE_SERVER": f"unix:{self.runtime}/pulse/native",
            "PULSE_COOKIE": str(folder / "cookie"),
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self.runtime}/bus",
        }

    def start(self) -> None:
        """Start the server, and wait until its card is there."""
        (self.runtime / "pulse").mkdir(exist_ok=True)
        self._serve(
            *("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--realtime=no"),
            *("--high-priority=no", "-L"),
            f"module-native-protocol-unix socket={self.runtime}/pulse/native auth-anonymous=1",
            *("-L", "module-null-sink sink_name=card rate=48000 channels=2"),
        )
        self._wait_for("Default Sink: card")

    def kill(self) -> None:
        """End the server as a power cut would."""
        for server in self._servers:
            server.kill()
        while self._servers:
            self._servers.pop().wait()

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.runtime, ignore_errors=True)

    def play(self, path: Path) -> None:
        """Play a file to its end, with a buffer that no busy machine empties."""
        words = ["paplay", "--latency-msec=1000", "--device=card", str(path)]
        subprocess.run(words, env=self.environment, check=True, timeout=60)

    def program(self, name: str, *words: object) -> Program:
        """Start a program that uses the card."""
        return Program(
            subprocess.Popen(
                [*self.wrapper, sys.executable, "-W", "error", str(PROGRAMS), name, *map(str, words)],
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )

    def _serve(self, *words: str) -> None:
        quiet = subprocess.DEVNULL
        self._servers.append(subprocess.Popen(words, env=self.environment, stdin=quiet, stdout=quiet, stderr=quiet))

    def _ask(self, *words: str) -> str:
        done = subprocess.run(["pactl", *words], env=self.environment, capture_output=True, text=True, check=False)
        return done.stdout

    def _wait_for(self, sign: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while sign not in self._ask("info"):
            assert all(server.poll() is None for server in self._servers), "a sound server ended"
            assert time.monotonic() < deadline, "the sound server does not answer"
            time.sleep(0.05)


class PipeWireCard(VirtualCard):
    """The same with PipeWire, whose programs reach it as a JACK server, in blocks of 128 frames."""

    wrapper = ("pw-jack",)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.environment |= {"PIPEWIRE_LATENCY": "128/48000"}

    def start(self) -> None:
        for old in self.runtime.iterdir():
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        self._serve("dbus-daemon", "--session", "--nofork", f"--address=unix:path={self.runtime}/bus")
        self._wait_until_there("bus")
        self._serve("pipewire")
        self._wait_until_there("pipewire-0")
        self._serve("wireplumber")
        self._serve("pipewire-pulse")
        self._wait_for("Server Name:")
        self._ask("load-module", "module-null-sink", "sink_name=card", "rate=48000", "channels=2")
        self._wait_for("Default Sink: card")
        self._wait_for("Default Source: card.monitor")

    def _wait_until_there(self, name: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not (self.runtime / name).exists():
            assert time.monotonic() < deadline, f"no {name}"
            time.sleep(0.02)


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
