"""Which crew paints a project: this process, several of them, servers, or a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tessonance.make.crew import SoloCrew
from tessonance.make.resolve import placed

if TYPE_CHECKING:
    from tessonance.make.crew import Crew
    from tessonance.project import Project

__all__ = ["crew"]


def crew(
    project: Project,
    workers: int,
    *,
    task_seconds: float | None = None,
    cluster: str | None = None,
    allow_drift: bool = False,
) -> Crew:
    """Call together a crew; one worker is this process itself, unless its tasks are to be ended after some time.

    A generator that paints on servers gets a thread for each of them, however many workers are asked for.

    Parameters
    ----------
    project : Project
    workers : int
        At least 1; a cluster has its own.
    task_seconds : float, optional
        After how long a task is taken for stuck.
    cluster : str, optional
        Of Dask; see `tessonance.make.cluster.ClusterCrew`.
    allow_drift : bool
        Whether workers of the cluster that paint other pictures than the first may paint.

    Returns
    -------
    Crew

    Raises
    ------
    TessError
        If the generator cannot be opened.
    """
    from tessonance.make.processes import ProcessCrew

    if cluster is not None:
        from tessonance.make.cluster import ClusterCrew

        return ClusterCrew(project, cluster, task_seconds=task_seconds, allow_drift=allow_drift)
    if places := placed(project):
        from tessonance.make.places import PlaceCrew

        return PlaceCrew(places, task_seconds=task_seconds)
    if workers == 1 and task_seconds is None:
        return SoloCrew(project)
    return ProcessCrew(project, workers, task_seconds=task_seconds)
