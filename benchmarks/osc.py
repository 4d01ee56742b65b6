"""What arrives over OSC, and how soon: `python benchmarks/osc.py`.

240 packets a second of 17 numbers each, for ten seconds, as a sensor or another program sends them at most; then the
same as fast as they can be sent. Sender and listener are threads of one process, so each also waits for the other.
"""

from __future__ import annotations

import threading
import time
from statistics import median

from tessonance.control.messages import SetAxis
from tessonance.control.osc import LOOPBACK, Endpoint, OscIn, OscOut

PACKETS_A_SECOND = 240
SECONDS = 10
NUMBERS = 17
FRAME_SECONDS = 1 / 60
BURST = 600


def main() -> None:
    """Print both tables."""
    print(f"{PACKETS_A_SECOND} packets a second × {NUMBERS} numbers, {SECONDS} s")
    run([1 / PACKETS_A_SECOND] * (PACKETS_A_SECOND * SECONDS))
    print(f"{BURST} packets × {NUMBERS} numbers, all at once")
    run([0.0] * BURST)


def run(gaps: list[float]) -> None:
    """Send packets with these gaps, fetch them once a frame, and print what came."""
    sent_at: dict[int, float] = {}
    late: list[float] = []
    with OscIn(Endpoint(LOOPBACK, 0)) as listening, OscOut(Endpoint(LOOPBACK, listening.port)) as out:
        sender = threading.Thread(target=send, args=(out, gaps, sent_at))
        sender.start()
        quiet = 0
        while quiet < 20:  # frames without a message after the last one was sent
            time.sleep(FRAME_SECONDS)
            said = [one for one in listening.poll() if isinstance(one, SetAxis)]
            late += [one.seconds - sent_at[round(one.value * len(gaps))] for one in said if one.axis == "number"]
            quiet = quiet + 1 if not said and not sender.is_alive() else 0
        lost = listening.state.ignored - len(late)  # each packet also has a coordinate, which is not for following
    late.sort()
    print(f"  received {len(late)} of {len(gaps)}, forgotten {max(lost, 0)}; sent {out.state.packets}")
    most = late[len(late) * 99 // 100]
    print(f"  from sending to hearing: median {median(late) * 1e3:.2f} ms, 99 % {most * 1e3:.2f} ms")


def send(out: OscOut, gaps: list[float], sent_at: dict[int, float]) -> None:
    """Send one packet after each gap, and note when."""
    features = {f"f{k}": k / 16 for k in range(NUMBERS - 2)}
    when = time.perf_counter()
    for number, gap in enumerate(gaps):
        when += gap
        time.sleep(max(when - time.perf_counter(), 0.0))
        sent_at[number] = time.perf_counter()
        out.send(features, {"number": number / len(gaps)})


if __name__ == "__main__":
    main()
