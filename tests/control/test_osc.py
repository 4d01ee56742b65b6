"""OSC over real sockets on this machine."""

from __future__ import annotations

import importlib.util
import math
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket
from pythonosc.udp_client import SimpleUDPClient

from tessonance.control.messages import Beat, Bpm, Message, SetAxis, Tap
from tessonance.control.osc import LOOPBACK, Endpoint, OscIn, OscOut, endpoint
from tessonance.errors import ControlError

ROOT = Path(__file__).parent.parent.parent
ANY_PORT = Endpoint(LOOPBACK, 0)


@pytest.fixture
def listening() -> Iterator[OscIn]:
    with OscIn(ANY_PORT) as osc:
        yield osc


def until(reached: Callable[[], object], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.002)


def send(osc: OscIn, *packets: bytes, host: str = LOOPBACK) -> None:
    """Send packets, and wait for them."""
    before = osc.state.packets
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as out:
        for sent, packet in enumerate(packets, 1):
            out.sendto(packet, (host, osc.port))
            if sent % 100 == 0:  # as many as surely wait at once
                until(lambda sent=sent: osc.state.packets >= before + sent)
    until(lambda: osc.state.packets == before + len(packets))


def message(address: str, *arguments: object) -> bytes:
    builder = OscMessageBuilder(address)
    for argument in arguments:
        builder.add_arg(argument)
    return builder.build().dgram


def bundle(*parts: bytes) -> bytes:
    return b"#bundle\0" + struct.pack(">Q", 1) + b"".join(struct.pack(">i", len(part)) + part for part in parts)


def test_what_another_program_sends_is_heard_in_its_order(listening: OscIn) -> None:
    client = SimpleUDPClient(LOOPBACK, listening.port)
    before = time.perf_counter()
    with client:
        client.send_message("/tess/axis/bloom", 0.25)
        client.send_message("/tess/bpm", 128)
        client.send_message("/tess/tap", [])
    until(lambda: listening.state.messages == 3)
    said = listening.poll()
    assert [type(one) for one in said] == [SetAxis, Bpm, Tap]
    assert all(before < one.seconds < time.perf_counter() for one in said)
    assert listening.poll() == []


def test_bundles_are_followed_at_once_and_wholly(listening: OscIn) -> None:
    """Also bundles in bundles, and such as are to be followed an hour later."""
    inner = OscBundleBuilder(time.time() + 3600)
    for name in "abc":
        builder = OscMessageBuilder(f"/tess/axis/{name}")
        builder.add_arg(0.5)
        inner.add_content(builder.build())
    outer = OscBundleBuilder(IMMEDIATELY)
    outer.add_content(inner.build())
    send(listening, outer.build().dgram)
    assert [one.axis for one in listening.poll() if isinstance(one, SetAxis)] == ["a", "b", "c"]
    assert listening.state.ignored == 0


BAD = {
    "nothing": b"",
    "zeros": b"\0" * 64,
    "text": b"hello, is anybody there",
    "no type tags": b"/tess/axis/bloom\0\0\0\0\x3f\0\0\0",
    "cut off": message("/tess/axis/bloom", 0.5)[:-6],
    "no end of the address": b"/tess" + b"a" * 60,
    "not UTF-8": b"/tess/\xff\xfe\0\0\0\0,f\0\0\x3f\0\0\0",
    "a type nobody knows": b"/tess/tap\0\0\0,q\0\0",
    "a blob": message("/tess/axis/bloom", b"1234"),
    "an array": message("/tess/axis/bloom", [0.5, 0.5]),
    "text for a number": message("/tess/axis/bloom", "much"),
    "NaN": message("/tess/axis/bloom", math.nan),
    "infinite": message("/tess/axis/bloom", math.inf),
    "many arguments": message("/tess/axis/bloom", *[0.5] * 500),
    "huge": message("/tess/tesseract", "x" * 20_000),
    "an unknown address": message("/tess/colour", 0.5),
    "a bundle cut off": bundle(message("/tess/tap"))[:-5],
    "a bundle without a time": b"#bundle\0\0\0",
    "a size below zero": b"#bundle\0" + struct.pack(">Qi", 1, -4),
    "a size of nothing": b"#bundle\0" + struct.pack(">Qi", 1, 0),
    "a size beyond the end": b"#bundle\0" + struct.pack(">Qi", 1, 1000),
    "deep bundles": bundle(bundle(bundle(bundle(bundle(bundle(message("/tess/tap"))))))),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_is_counted_with_its_reason_and_nothing_stops(listening: OscIn, name: str) -> None:
    send(listening, BAD[name], message("/tess/beat"))
    assert [type(one) for one in listening.poll()] == [Beat]
    assert listening.state.ignored == 1
    assert listening.state.reason
    assert listening.state.reason.isprintable()


def test_very_deep_bundles_end_nothing(listening: OscIn) -> None:
    deep = message("/tess/tap")
    while len(deep) < 8_000:
        deep = bundle(deep)
    send(listening, deep, message("/tess/beat"))
    assert [type(one) for one in listening.poll()] == [Beat]


def test_ten_thousand_random_packets_move_nothing_beyond_its_bounds(listening: OscIn) -> None:
    rng = random.Random(7)
    good = [message("/tess/axis/bloom", 0.5), message("/tess/tesseract", 1), bundle(*[message("/tess/gain", 0.1)] * 3)]
    good += [message("/tess/feature/low", 1e30), message("/tess/bpm", 100.0), message("/tess/axis/ink", -4)]
    said: list[Message] = []
    for _ in range(100):
        send(listening, *[_random_packet(rng, good) for _ in range(100)])
        said += listening.poll()
    assert listening.state.packets == 10_000
    assert listening.state.ignored > 1_000
    assert len(said) > 1_000
    for one in said:
        if (value := getattr(one, "value", None)) is not None:
            assert 20 <= value <= 400 if isinstance(one, Bpm) else 0 <= value <= 1
    send(listening, message("/tess/tap"))
    assert [type(one) for one in listening.poll()] == [Tap]


def _random_packet(rng: random.Random, good: list[bytes]) -> bytes:
    kind = rng.random()
    if kind < 0.2:
        return rng.randbytes(rng.randrange(0, 200))
    packet = bytearray(rng.choice(good))
    if kind < 0.3:
        return bytes(packet[: rng.randrange(len(packet))])
    for _ in range(rng.randrange(0, 4)):
        packet[rng.randrange(len(packet))] = rng.randrange(256)
    return bytes(packet) if kind < 0.9 else bytes(packet) + rng.randbytes(rng.randrange(0, 40))


def test_a_flood_that_nobody_fetches_forgets_the_oldest(listening: OscIn) -> None:
    full = bundle(*[message("/tess/axis/a", 0.5)] * 200)
    send(listening, *[full] * 30, message("/tess/tap"))
    said = listening.poll()
    assert len(said) == 4_096
    assert isinstance(said[-1], Tap)
    assert listening.state.ignored == 30 * 200 + 1 - 4_096
    assert "the oldest are forgotten" in listening.state.reason


def test_who_finds_no_axis_of_a_name_can_count_it(listening: OscIn) -> None:
    listening.ignore("no axis 'colour'")
    assert (listening.state.ignored, listening.state.reason) == (1, "no axis 'colour'")


def test_a_port_in_use_is_said_so(listening: OscIn) -> None:
    with pytest.raises(ControlError) as refused:
        OscIn(Endpoint(LOOPBACK, listening.port))
    assert str(refused.value).startswith(f"--osc-in {LOOPBACK}:{listening.port}: OSC cannot be received here")
    assert "another program may use the port" in str(refused.value)


def test_only_this_machine_is_listened_to_unless_told_otherwise(listening: OscIn) -> None:
    assert listening.state.address == f"{LOOPBACK}:{listening.port}"
    assert endpoint("9000") == (LOOPBACK, 9000)
    assert endpoint(":9000") == (LOOPBACK, 9000)


@pytest.mark.parametrize(
    ("text", "found", "shown"),
    [
        ("0.0.0.0:9000", ("0.0.0.0", 9000), "0.0.0.0:9000"),
        ("localhost:1", ("localhost", 1), "localhost:1"),
        ("[::1]:9000", ("::1", 9000), "[::1]:9000"),
        ("[fe80::1%eth0]:65535", ("fe80::1%eth0", 65535), "[fe80::1%eth0]:65535"),
        (" stage.local:7000 ", ("stage.local", 7000), "stage.local:7000"),
    ],
)
def test_addresses_are_read_as_people_write_them(text: str, found: tuple[str, int], shown: str) -> None:
    assert endpoint(text) == found
    assert str(endpoint(text)) == shown


@pytest.mark.parametrize("text", ["", "here", "here:", "0.0.0.0", "h:0", "h:65536", "h:99999999", "::1:9000", "a/b:1"])
def test_what_is_no_address_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ControlError, match=r"try: --osc-in 127\.0\.0\.1:9000") as refused:
        endpoint(text)
    assert repr(text) in str(refused.value)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "999.1.1.1", "a" * 300])
def test_a_host_that_is_not_there_is_said_so(host: str) -> None:
    with pytest.raises(ControlError, match="there is no host"):
        OscOut(Endpoint(host, 9000))


def test_a_host_of_another_machine_cannot_be_listened_on() -> None:
    with pytest.raises(ControlError, match="the host must be of this machine"):
        OscIn(Endpoint("192.0.2.1", 9000))


def test_ipv6_is_heard_and_spoken() -> None:
    try:
        listening = OscIn(Endpoint("::1", 0))
    except ControlError:
        pytest.skip("no IPv6 on this machine")
    with listening, OscOut(Endpoint("::1", listening.port)) as out:
        out.send({"low": 0.5}, {"bloom": 0.25})
        until(lambda: listening.state.packets == 1)
        assert SetAxis(listening.poll()[1].seconds, "bloom", 0.25).value == 0.25


def test_what_the_show_says_is_read_by_other_programs() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((LOOPBACK, 0))
        other.settimeout(20.0)
        with OscOut(Endpoint(LOOPBACK, other.getsockname()[1])) as out:
            out.send({"low": 0.5, "40-90Hz": 1.0}, {"bloom": 0.25, "ink": 0.75}, beat=0.125, bpm=120.0)
            out.send({}, {})
            first, second = OscPacket(other.recv(65_536)), OscPacket(other.recv(65_536))
    assert [(one.message.address, one.message.params) for one in first.messages] == [
        ("/tess/feature/low", [0.5]),
        ("/tess/feature/40-90Hz", [1.0]),
        ("/tess/coordinate", [0.25, 0.75]),
        ("/tess/axis/bloom", [0.25]),
        ("/tess/axis/ink", [0.75]),
        ("/tess/beat", [0.125]),
        ("/tess/bpm", [120.0]),
    ]
    assert [one.message.address for one in second.messages] == ["/tess/coordinate"]
    assert (out.state.packets, out.state.ignored) == (2, 0)


def test_one_show_can_lead_another(listening: OscIn) -> None:
    """What one says of its axes and features the other follows; where it is wholly is not for following."""
    with OscOut(Endpoint(LOOPBACK, listening.port)) as out:
        out.send({"low": 0.5}, {"bloom": 0.25}, bpm=120.0)
        until(lambda: listening.state.packets == 1)
    assert [type(one).__name__ for one in listening.poll()] == ["SetFeature", "SetAxis", "Bpm"]
    assert listening.state.reason == "no address /tess/coordinate"


def test_a_program_that_is_not_there_stops_nothing() -> None:
    with OscIn(ANY_PORT) as gone:
        port = gone.port
    with OscOut(Endpoint(LOOPBACK, port)) as out:
        for _ in range(100):
            out.send({"low": 0.5}, {"bloom": 0.25})
    assert out.state.packets + out.state.ignored == 100


def test_what_cannot_be_sent_is_counted() -> None:
    with OscOut(Endpoint(LOOPBACK, 9)) as out:
        out.send({f"f{k}": 0.5 for k in range(5_000)}, {})
    assert (out.state.packets, out.state.ignored) == (0, 1)
    assert out.state.reason.startswith("cannot be sent: ")


def test_closing_leaves_no_thread_and_frees_the_port() -> None:
    with OscIn(ANY_PORT) as first:
        pass
    first.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "tessonance-osc"]
    OscIn(Endpoint(LOOPBACK, first.port)).close()


def test_the_reference_page_is_what_the_table_says() -> None:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "docs" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    written = (ROOT / "docs" / "reference" / "osc.md").read_text(encoding="utf-8")
    assert written.rstrip() == reference.osc().rstrip(), "run `python docs/reference.py`"
