"""OSC: what other programs say to the show, and what the show says to them, over UDP."""

from __future__ import annotations

import re
import socket
import struct
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, replace
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, NamedTuple

from tessonance.control.messages import Message, Refused, heard
from tessonance.errors import ControlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["Endpoint", "OscIn", "OscOut", "OscState", "endpoint"]

LOOPBACK = "127.0.0.1"
WHERE = re.compile(r"(?:(?:\[(?P<six>[\w:.%]+)\]|(?P<host>[^\s:\[\]/]*)):)?(?P<port>\d{1,5})", re.ASCII)
PACKET_BYTES = 8_192  # more than any packet that is meant for the show, and little to read
DEPTH = 4  # bundles within bundles
TAGS = re.compile(r",[ifhdsTF]{0,8}")  # what the table knows; blobs and arrays can lead a reader back and forth
WAITING = 4_096  # messages between two frames, of 1/24 s: a hundred thousand a second
BUFFER_BYTES = 2**20  # of the operating system: bursts are kept while Python does something else
LOOK_SECONDS = 0.25  # at whether it is over
BUNDLE = b"#bundle\0"
AT_ONCE = struct.pack(">Q", 1)


class Endpoint(NamedTuple):
    """A host and a port: `str` gives what a person would write."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def endpoint(text: str, *, option: str = "--osc-in") -> Endpoint:
    """Read where to listen or to send: ``HOST:PORT``, ``[IPv6]:PORT``, or the port alone for this machine only.

    Parameters
    ----------
    text : str
    option : str
        Who asks, for the error.

    Returns
    -------
    Endpoint

    Raises
    ------
    ControlError
        If it is not that.
    """
    match = re.fullmatch(
        r"(?:(?:\[(?P<six>[0-9A-Fa-f:.%\w]+)\]|(?P<host>[^\s:\[\]/]*)):)?(?P<port>\d{1,5})", text.strip()
    )
    if match is None or not 1 <= int(match["port"]) <= 65_535:
        raise ControlError(
            f"{text!r} is no address",
            where=option,
            wanted="HOST:PORT with a port from 1 to 65535, or the port alone",
            hint=f"{option} {LOOPBACK}:9000, or [::1]:9000",
        )
    return Endpoint(match["six"] or match["host"] or LOOPBACK, int(match["port"]))


@dataclass(frozen=True)
class OscState:
    """How it stands with OSC, for people to read.

    Parameters
    ----------
    address : str
        Where it listens, or where it sends to.
    packets : int
        Received, or sent.
    messages : int
        Received, that could be followed.
    ignored : int
        Packets and messages that could not be followed, or that could not be sent.
    reason : str
        Why, for the last of those; empty if there was none.
    """

    address: str
    packets: int = 0
    messages: int = 0
    ignored: int = 0
    reason: str = ""


class OscIn:
    """Listens for OSC on a thread of its own; whatever comes, it goes on.

    Parameters
    ----------
    address : Endpoint or str
        Where to listen: this machine alone unless the host says otherwise, such as ``0.0.0.0:9000`` for every network
        that it is in. Port 0 of an `Endpoint` takes any free one; see `port`.
    clock : callable
        Gives the time of arrival.

    Raises
    ------
    ControlError
        If it cannot listen there.

    Notes
    -----
    What a bundle says is followed when it arrives, whatever time it bears. The packets are those of OSC 1.0
    (https://opensoundcontrol.stanford.edu/spec-1_0.html), read by python-osc; bundles are taken apart here, because a
    size below zero in one keeps that reader busy for ever.
    """

    def __init__(self, address: Endpoint | str, *, clock: Callable[[], float] = time.perf_counter) -> None:
        where = endpoint(address) if isinstance(address, str) else address
        self._clock = clock
        self._socket = _listening(where)
        self.port: int = self._socket.getsockname()[1]
        self._state = OscState(str(where._replace(port=self.port)))
        self._lock = Lock()
        self._waiting: deque[Message] = deque(maxlen=WAITING)
        self._open = True
        self._thread = Thread(target=self._listen, name="tessonance-osc", daemon=True)
        self._thread.start()

    def poll(self) -> list[Message]:
        """Take what was said since the last call, in the order it came; never waits.

        Returns
        -------
        list of Message
            Every number is within its bounds, which are 0..1 unless `tessonance.control.messages` says otherwise. Names
            of axes, features and tesseracts are as they came: there may be none of that name, see `ignore`.
        """
        said = []
        while self._waiting:
            said.append(self._waiting.popleft())
        return said

    def ignore(self, reason: str) -> None:
        """Count one more message that could not be followed: for who finds no axis of its name."""
        with self._lock:
            self._state = replace(self._state, ignored=self._state.ignored + 1, reason=reason)

    @property
    def state(self) -> OscState:
        """How it stands."""
        return self._state

    def close(self) -> None:
        """Stop listening; again does nothing."""
        self._open = False
        self._thread.join()
        self._socket.close()

    def __enter__(self) -> OscIn:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _listen(self) -> None:
        while self._open:
            try:
                packet = self._socket.recv(PACKET_BYTES + 1)
            except TimeoutError:
                continue
            except OSError as error:  # Windows also tells here of packets that are larger than they may be
                self.ignore(f"cannot be received: {error.strerror or error}")
                time.sleep(0.001)  # should it be the network that is gone, this goes round and round
                continue
            self._take(packet)

    def _take(self, packet: bytes) -> None:
        now, said = self._clock(), 0
        for part in messages_of(packet):
            try:
                message = heard(*_read(part), now)
            except Refused as refused:
                self.ignore(str(refused))
                continue
            said += 1
            if message is not None:
                if len(self._waiting) == WAITING:
                    self.ignore("more than can be followed; the oldest are forgotten")
                self._waiting.append(message)
        with self._lock:
            self._state = replace(self._state, packets=self._state.packets + 1, messages=self._state.messages + said)


class OscOut:
    """Tells another program what the show hears and where it is; a program that is not there stops nothing.

    Parameters
    ----------
    address : Endpoint or str

    Raises
    ------
    ControlError
        If there is no such host.
    """

    def __init__(self, address: Endpoint | str) -> None:
        where = endpoint(address, option="--osc-out") if isinstance(address, str) else address
        family, self._to = _resolved(where, "--osc-out")
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._state = OscState(str(where))

    def send(
        self,
        features: Mapping[str, float],
        coordinate: Mapping[str, float],
        *,
        beat: float | None = None,
        bpm: float | None = None,
    ) -> None:
        """Tell of one moment, in one bundle: call it once a frame.

        Parameters
        ----------
        features : mapping of str to float
            0..1, by name.
        coordinate : mapping of str to float
            0..1, by the names of the axes, in their order.
        beat : float, optional
            Where in the beat the music is, 0..1.
        bpm : float, optional
            Beats a minute.
        """
        said = [_packed(f"/tess/feature/{name}", value) for name, value in features.items()]
        said.append(_packed("/tess/coordinate", *coordinate.values()))
        said += [_packed(f"/tess/axis/{name}", value) for name, value in coordinate.items()]
        said += [_packed(f"/tess/{name}", value) for name, value in (("beat", beat), ("bpm", bpm)) if value is not None]
        packet = BUNDLE + AT_ONCE + b"".join(struct.pack(">i", len(part)) + part for part in said)
        try:
            self._socket.sendto(packet, self._to)
        except OSError as error:
            reason = f"cannot be sent: {error.strerror or error}"
            self._state = replace(self._state, ignored=self._state.ignored + 1, reason=reason)
        else:
            self._state = replace(self._state, packets=self._state.packets + 1)

    @property
    def state(self) -> OscState:
        """How it stands."""
        return self._state

    def close(self) -> None:
        """Let go of the network; again does nothing."""
        self._socket.close()

    def __enter__(self) -> OscOut:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def messages_of(packet: bytes, depth: int = 0) -> Iterator[bytes | Refused]:
    """Take bundles apart: what they hold, message by message, or why that is not to be read."""
    if len(packet) > PACKET_BYTES:
        yield Refused(f"a packet of more than {PACKET_BYTES} bytes")
    elif not packet.startswith(BUNDLE):
        yield packet
    elif depth >= DEPTH:
        yield Refused(f"bundles within more than {DEPTH} bundles")
    else:
        yield from _elements(packet, depth)


def _elements(packet: bytes, depth: int) -> Iterator[bytes | Refused]:
    at = len(BUNDLE) + len(AT_ONCE)
    if len(packet) < at:
        yield Refused("a bundle that is cut off")
    while at < len(packet):
        size = int.from_bytes(packet[at : at + 4], "big")  # a size below zero is a very large one
        if at + 4 + size > len(packet) or size == 0:
            yield Refused("a bundle that is cut off")
            return
        yield from messages_of(packet[at + 4 : at + 4 + size], depth + 1)
        at += 4 + size


def _read(part: bytes | Refused) -> tuple[str, list[Any]]:
    """Return the address and the arguments of a message."""
    from pythonosc.osc_message import OscMessage
    from pythonosc.parsing.osc_types import get_string

    if isinstance(part, Refused):
        raise part
    try:
        address, at = get_string(part, 0)
        tags = get_string(part, at)[0] if part[at:] else ","
        if address.startswith("/") and TAGS.fullmatch(tags):
            return address, OscMessage(part).params
    except Exception:  # whatever a reader of bytes that anybody may send comes up with: the thread goes on
        raise Refused(f"no message, of {len(part)} bytes") from None
    raise Refused(f"no message of numbers and text, of {len(part)} bytes")


def _packed(address: str, *values: float) -> bytes:
    """Return an OSC 1.0 message of 32-bit numbers; python-osc's builder takes twenty times as long."""
    return _text(address) + _text("," + "f" * len(values)) + struct.pack(f">{len(values)}f", *values)


def _text(text: str) -> bytes:
    encoded = text.encode("ascii")
    return encoded + b"\0" * (4 - len(encoded) % 4)


def _listening(where: Endpoint) -> socket.socket:
    family, address = _resolved(where, "--osc-in")
    listening = socket.socket(family, socket.SOCK_DGRAM)
    with suppress(OSError):  # a wish
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
    try:
        listening.bind(address)
    except OSError as error:
        listening.close()
        raise ControlError(
            "OSC cannot be received here",
            where=f"--osc-in {where}",
            got=error.strerror or str(error),
            hint="another program may use the port: close it, or take another one; the host must be of this machine",
        ) from None
    listening.settimeout(LOOK_SECONDS)
    return listening


def _resolved(where: Endpoint, option: str) -> tuple[int, Any]:
    try:
        found = socket.getaddrinfo(where.host, where.port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError):
        raise ControlError(
            f"there is no host {where.host!r}", where=f"{option} {where}", hint="its number, as 192.168.0.20"
        ) from None
    family, *_, address = min(found, key=lambda one: one[0] != socket.AF_INET)  # most programs know only IPv4
    return family, address
