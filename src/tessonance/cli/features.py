"""`tess features`: what the program hears in a song."""

from __future__ import annotations

from pathlib import Path

import click

from tessonance.cli.files import made_of
from tessonance.cli.options import FILE, SECONDS


@click.command()
@click.argument("song", type=FILE)
@click.option("-o", "--output", type=FILE, help="A .csv or .npz; SONG with .csv unless given.")
@click.option("--plot", type=FILE, help="Their picture, a PNG; beside the output if not given.")
@click.option("--no-plot", is_flag=True, help="Draw no picture.")
@click.option("--feature", "names", multiple=True, help="Only this one, or a band as 40-90Hz; may be repeated.")
@click.option("--from", "start", type=SECONDS, default=0.0, help="Where to begin; seconds or 1:30.")
@click.option("--to", "stop", type=SECONDS, help="Where to end.")
@click.option("--force", is_flag=True, help="Replace files that exist.")
def features(
    song: Path,
    output: Path | None,
    plot: Path | None,
    no_plot: bool,
    names: tuple[str, ...],
    start: float,
    stop: float | None,
    force: bool,
) -> None:
    """Write the features heard in SONG, a value every 5.3 ms, and draw them."""
    import tessonance as tess
    from tessonance.cli.progress import bar
    from tessonance.errors import OutputExists
    from tessonance.sound import write_csv, write_npz, write_plot

    output = output or Path(made_of(song, ".csv").name)
    if output.suffix not in (".csv", ".npz"):
        raise click.BadParameter("write to NAME.csv or NAME.npz", param_hint="--output")
    if plot and plot.suffix.lower() != ".png":
        raise click.BadParameter("write to NAME.png", param_hint="--plot")
    plot = None if no_plot else plot or output.with_suffix(".png")
    for path in filter(None, (output, plot)):
        if path.exists() and not force:
            raise OutputExists("exists already", where=path, hint="--force replaces it, -o names another")
    with bar("hearing", unit="s") as update:
        track = tess.features(song, names or None, start=start, stop=stop, progress=update)
    (write_csv if output.suffix == ".csv" else write_npz)(track, output)
    click.echo(f"{output}: {len(track.values):,} hops of {len(track.names)} features")
    if plot:
        write_plot(track, plot, title=song.stem)
        click.echo(f"{plot}: their picture")
