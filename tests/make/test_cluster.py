"""Many machines: workers come, die and go, and what comes of it is the same pictures, each once."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from machines import ODD, Machines

import tessonance as tess
from tessonance.errors import GeneratorError, MissingExtra, TessError
from tessonance.make import cluster as cluster_module
from tessonance.make import member as member_module
from tessonance.make import roster as roster_module
from tessonance.make.cluster import ClusterCrew
from tessonance.make.painting import Progress
from tessonance.make.roster import Roster
from tessonance.project import Project, parse_project
from tessonance.store import TesseractWriter, journal

if importlib.util.find_spec("distributed") is None:
    if os.environ.get("CI") == "true":
        raise ImportError("the extra [cluster] is to be tested here, and `distributed` is not installed")
    pytest.skip("`distributed` is not installed: pip install 'tessonance[cluster]'", allow_module_level=True)


@pytest.fixture(scope="module")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the generator `odd`, on the path of this process and of those it starts."""
    folder = tmp_path_factory.mktemp("plugins")
    (folder / "odd.py").write_text(ODD)
    info = folder / "odd-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[tessonance.generators]\nodd = odd:odd\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        patch.setenv("PYTHONPATH", str(folder))
        yield folder


@pytest.fixture(scope="module")
def machines(plugins: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    """A scheduler with two workers, for all tests that harm nobody."""
    machines = Machines(tmp_path_factory.mktemp("machines"))
    try:
        machines.add_worker()
        machines.add_worker()
        yield machines
    finally:
        machines.end()


@pytest.fixture
def odd(small_text: str, tmp_path: Path) -> Callable[[str], Project]:
    """The small project, painted by `odd` with a fault."""

    def project(fault: str) -> Project:
        (tmp_path / "odd").mkdir(exist_ok=True)
        own = f'use = "odd"\nfolder = "{(tmp_path / "odd").as_posix()}"\nfault = "{fault}"'
        return parse_project(small_text.replace('use = "plasma"', own))

    return project


@pytest.fixture
def puts(monkeypatch: pytest.MonkeyPatch) -> Counter[tuple[int, ...]]:
    """How often each cell is put."""
    counted: Counter[tuple[int, ...]] = Counter()
    honest = TesseractWriter.put

    def put(self: TesseractWriter, cell: Sequence[int], encoded: bytes | memoryview) -> None:
        honest(self, cell, encoded)
        counted[tuple(cell)] += 1

    monkeypatch.setattr(TesseractWriter, "put", put)
    return counted


def events(path: Path, kind: str) -> list[dict[str, Any]]:
    with tess.open(path) as tesseract:
        return [event for event in journal.read(tesseract.place) if event["event"] == kind]


def slow_and_large(text: str, *, steps: int = 17) -> Project:
    return parse_project(text.replace("steps = 5", f"steps = {steps}").replace("seed = 3", "seed = 3\ndelay_ms = 20"))


def test_a_cluster_paints_the_same_bytes_as_one_process(
    machines: Machines, small_project: Project, tmp_path: Path, puts: Counter[tuple[int, ...]]
) -> None:
    flats = np.arange(15)
    with tess.generate(small_project, tmp_path / "one.tess", workers=1) as one:
        alone = [bytes(one.encoded(one.grid.cell(int(flat)))) for flat in flats]
    puts.clear()
    with tess.generate(small_project, tmp_path / "many.tess", cluster=machines.address) as many:
        assert [bytes(many.encoded(many.grid.cell(int(flat)))) for flat in flats] == alone
    assert set(puts.values()) == {1}
    who = events(tmp_path / "many.tess", "worker")
    # Fifteen cells take so little that one of the two may have painted all before the other joined.
    assert {event["pid"] for event in who} <= {process.pid for process in machines.processes[1:]}
    assert who
    assert all(event["address"].startswith("tcp://127.0.0.1") for event in who)


def test_a_budget_is_spent_by_a_cluster_as_by_one_process(machines: Machines, tmp_path: Path) -> None:
    axes = '{ name = "pan", steps = 17 }, { name = "zoom", steps = 9 }'
    project = parse_project(
        f'picture = {{ width = 48, height = 48 }}\ngenerator = {{ use = "scene", seed = 1 }}\naxis = [{axes}]'
    )
    painted, flats = [], np.arange(17 * 9)
    for name, whose in (("one", {"workers": 1}), ("many", {"cluster": machines.address})):
        reports: list[Any] = []
        path = tmp_path / f"{name}.tess"
        with tess.generate(project, path, budget=0.5, on_report=reports.append, **whose) as made:  # type: ignore[arg-type]
            there = made.is_painted(flats)
            pictures = [bytes(made.encoded(made.grid.cell(int(flat)))) for flat in flats[there]]
        painted.append((there.tolist(), pictures, reports[-1]))
    assert painted[0] == painted[1]
    assert 0 < sum(painted[0][0]) <= 0.5 * len(flats) + 1


def test_generators_are_opened_once_by_each_worker_named_by_device_and_closed(
    machines: Machines, odd: Callable[[str], Project], tmp_path: Path
) -> None:
    tess.generate(odd(""), tmp_path / "s.tess", cluster=machines.address).close()
    assert sorted(path.name for path in (tmp_path / "odd").iterdir()) == [
        "closed-0",
        "closed-1",
        "opened-0",
        "opened-1",
    ]
    assert {event["device"] for event in events(tmp_path / "s.tess", "worker")} == {"brush:0", "brush:1"}


@pytest.fixture
def tasks(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """How many tasks each worker is given."""
    counted: Counter[int] = Counter()
    honest = Roster.give

    def give(self: Roster, number: int, points: Sequence[dict[str, float]], *, task: int) -> None:
        counted[number] += 1
        honest(self, number, points, task=task)

    monkeypatch.setattr(Roster, "give", give)
    return counted


def shades(path: Path) -> set[int]:
    """By how much the pictures of `odd` are off."""
    with tess.open(path) as tesseract:
        grid = tesseract.grid
        return {
            round((int(tesseract.picture(cell)[0, 0, 0]) - 20 - 60 * (point["bloom"] + point["ink"] + 1)) / 10) * 10
            for cell in map(grid.cell, range(grid.size))
            for point in [grid.point(cell)]
        }


def test_a_worker_that_drifts_is_reported_and_sent_away(
    machines: Machines,
    odd: Callable[[str], Project],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    tasks: Counter[int],
) -> None:
    tess.generate(odd("drifts"), tmp_path / "s.tess", cluster=machines.address).close()
    assert shades(tmp_path / "s.tess") in ({0}, {40}), "all pictures are of one kind"
    (drift,) = events(tmp_path / "s.tess", "drift")
    assert drift["sent_away"]
    assert not tasks[drift["worker"]]
    assert drift["distance"] > drift["limit"]
    assert "paints other pictures than worker" in caplog.text
    assert "--allow-drift" in caplog.text


def test_a_worker_that_drifts_may_be_allowed(
    machines: Machines, odd: Callable[[str], Project], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tess.generate(odd("drifts"), tmp_path / "s.tess", cluster=machines.address, allow_drift=True).close()
    assert shades(tmp_path / "s.tess") == {0, 40}
    (drift,) = events(tmp_path / "s.tess", "drift")
    assert not drift["sent_away"]
    assert "It paints all the same" in caplog.text


def test_a_worker_of_another_version_is_named(
    machines: Machines, small_project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member_module, "own_version", lambda: "9.9")
    with pytest.raises(TessError, match=r"worker \d at tcp:(.|\n)*another version of tessonance\n  wanted: 9.9"):
        tess.generate(small_project, tmp_path / "s.tess", cluster=machines.address)
    assert not (tmp_path / "s.tess").exists()


def test_a_scheduler_of_another_version_is_named(
    machines: Machines, small_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_module, "own_version", lambda: "9.9")
    with pytest.raises(TessError, match=r"the scheduler has another version of tessonance\n  wanted: 9.9"):
        ClusterCrew(small_project, machines.address)


def test_a_worker_whose_generator_does_not_open_is_named(machines: Machines, odd: Callable[[str], Project]) -> None:
    with pytest.raises(GeneratorError, match=r"worker \d at tcp:.*: the model is not here"):
        ClusterCrew(odd("cannot open"), machines.address)


@pytest.mark.slow
def test_workers_that_die_before_they_can_paint_end_the_run(odd: Callable[[str], Project], plugins: Path) -> None:
    with pytest.raises(GeneratorError, match="workers keep dying before they can paint"):
        ClusterCrew(odd("dies opening"), "local:3")


def test_a_generator_that_only_the_driver_has_is_missed_by_name(
    machines: Machines, small_text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(GeneratorError, match=r"worker \d at tcp:.*: there is no generator 'mine'"):
        ClusterCrew(parse_project(small_text.replace("plasma", "mine")), machines.address)


@pytest.mark.parametrize("cluster", ["", "local:0", "local:x", "host:8786", "http://host:8786", "tcp://host"])
def test_what_is_no_cluster_is_refused(small_project: Project, cluster: str) -> None:
    with pytest.raises(TessError, match=r"this is no cluster\n  wanted: tcp://HOST:PORT"):
        ClusterCrew(small_project, cluster)


def test_where_no_scheduler_answers_the_error_says_what_to_try(
    small_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cluster_module.CONNECT_SECONDS < 10
    monkeypatch.setattr(cluster_module, "CONNECT_SECONDS", 0.5)
    with pytest.raises(TessError, match=r"tcp://127.0.0.1:9: no Dask scheduler answers there(.|\n)*dask scheduler"):
        ClusterCrew(small_project, "tcp://127.0.0.1:9")


def test_a_port_where_something_else_listens_is_left_soon(
    small_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_module, "CONNECT_SECONDS", 0.5)
    wanted = r"no Dask scheduler answers there\n  got: TimeoutError"
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(TessError, match=wanted):
        ClusterCrew(small_project, f"tcp://127.0.0.1:{silent.getsockname()[1]}")


def test_tls_without_certificates_is_refused_in_words(small_project: Project) -> None:
    with pytest.raises(TessError, match=r"no Dask scheduler answers there(.|\n)*certificates"):
        ClusterCrew(small_project, "tls://127.0.0.1:9")


def test_a_scheduler_where_nobody_comes_is_left_with_the_command_to_type(
    small_project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roster_module, "FIRST_WORKER_SECONDS", 0.2)
    empty = Machines(tmp_path)
    try:
        with pytest.raises(GeneratorError, match=r"no worker joined(.|\n)*try: .*dask worker tcp://127.0.0.1"):
            ClusterCrew(small_project, empty.address)
    finally:
        empty.end()


def test_without_dask_it_says_what_to_install(small_project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed.utils", None)
    with pytest.raises(MissingExtra, match=r"pip install 'tessonance\[cluster\]'"):
        ClusterCrew(small_project, "local:2")


def test_own_workers_and_a_cluster_s_are_not_mixed(small_project: Project, tmp_path: Path) -> None:
    with pytest.raises(TessError, match="a cluster has its own workers"):
        tess.generate(small_project, tmp_path / "s.tess", workers=2, cluster="local:2")


def test_a_killed_worker_loses_nothing(small_text: str, tmp_path: Path, puts: Counter[tuple[int, ...]]) -> None:
    """`local:2`, one of the two killed in the middle: every cell is put once."""
    project, killed = slow_and_large(small_text, steps=65), []

    def kill(at: Progress) -> None:
        if at.fresh >= 20 and not killed:
            killed.append(events(tmp_path / "s.tess", "worker")[-1]["pid"])
            os.kill(killed[0], signal.SIGKILL if os.name == "posix" else signal.SIGTERM)

    with tess.generate(project, tmp_path / "s.tess", cluster="local:2", progress=kill) as tesseract:
        assert tesseract.painted() == project.grid.size
    assert set(puts.values()) == {1}
    assert events(tmp_path / "s.tess", "worker left")


def test_a_worker_who_joins_late_is_used(plugins: Path, small_text: str, tmp_path: Path, tasks: Counter[int]) -> None:
    machines, added = Machines(tmp_path), []

    def add(at: Progress) -> None:
        if at.fresh and not added:
            added.append(machines.add_worker())

    try:
        machines.add_worker()
        stop = lambda: tasks[1] > 0  # noqa: E731
        project = slow_and_large(small_text, steps=1025)
        tess.generate(project, tmp_path / "s.tess", cluster=machines.address, progress=add, stop=stop).close()
        assert tasks[1] > 0
        assert len(events(tmp_path / "s.tess", "worker")) == 2
    finally:
        machines.end()


@pytest.mark.slow
def test_a_scheduler_that_dies_ends_the_run_and_keeps_what_is_painted(
    small_text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_module, "CONNECT_SECONDS", 1.0)
    machines = Machines(tmp_path)

    def kill(at: Progress) -> None:
        if at.fresh:
            machines.processes[0].kill()

    try:
        machines.add_worker()
        project = slow_and_large(small_text, steps=1025)
        with pytest.raises(GeneratorError, match="the scheduler is gone"):
            tess.generate(project, tmp_path / "s.tess", cluster=machines.address, progress=kill)
        with tess.open(tmp_path / "s.tess") as tesseract:
            assert tesseract.painted() > 0
    finally:
        machines.end()


def test_in_flight_work_is_bounded(machines: Machines, small_project: Project) -> None:
    crew = ClusterCrew(small_project, machines.address)
    try:
        ends = time.monotonic() + 30
        while sorted(set(crew.idle)) != [0, 1]:
            assert list(crew.collect(0.1)) == []
            assert time.monotonic() < ends, "one of the workers has not joined"
        for task, worker in enumerate(crew.idle):
            crew.give(worker, [{"bloom": 0.0, "ink": 0.0}], task=task)
        assert crew.idle == []
        back: list[int] = []
        ends = time.monotonic() + 30
        while len(back) < 4 and time.monotonic() < ends:
            back += [done.task for done in crew.collect(0.2) if done.error is None]
        assert sorted(back) == [0, 1, 2, 3]
    finally:
        crew.close()


def test_closing_leaves_no_thread_and_no_process(small_project: Project) -> None:
    before = threading.active_count()
    crew = ClusterCrew(small_project, "local:1")
    assert crew._local is not None
    processes = list(crew._local._processes)
    crew.close()
    assert all(process.poll() is not None for process in processes)
    assert threading.active_count() <= before + 1  # Dask keeps one for work of its own


@pytest.mark.slow
def test_a_cell_that_workers_die_of_is_given_up_and_the_others_are_painted(
    plugins: Path, odd: Callable[[str], Project], tmp_path: Path
) -> None:
    with pytest.raises(GeneratorError, match="1 given up, 14 painted"):
        tess.generate(odd("deadly cell"), tmp_path / "s.tess", cluster="local:2")


@pytest.mark.slow
def test_a_task_that_is_stuck_is_given_up(small_text: str, tmp_path: Path) -> None:
    stuck = parse_project(small_text.replace("seed = 3", "seed = 3\ndelay_ms = 1500"))
    with pytest.raises(GeneratorError, match=r"longer than 1 s"):
        tess.generate(stuck, tmp_path / "s.tess", cluster="local:1", task_seconds=1.0, limit=1)
