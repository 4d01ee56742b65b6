"""What `tess generate` decided by looking at pictures, in words: what a budget saved, how axes are spaced."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tessonance.make.budget import AxisPilot, BudgetReport
    from tessonance.make.perceptual import SpacingReport

__all__ = ["budgets_and_spacings", "in_words", "spacing_in_words"]


def budgets_and_spacings(
    reports: list[BudgetReport | SpacingReport],
) -> tuple[list[BudgetReport], list[SpacingReport]]:
    """Sort the reports of a run."""
    from tessonance.make.perceptual import SpacingReport

    spacings = [report for report in reports if isinstance(report, SpacingReport)]
    return [report for report in reports if not isinstance(report, SpacingReport)], spacings


def spacing_in_words(report: SpacingReport) -> str:
    """Return the line that tells how the values of an axis stand, and why."""
    from tessonance.smooth.spacing import UNEVEN

    if not report.pictures:
        return f"  {report.name}: spaced evenly; there are too few steps, or pictures, for a pilot"
    change = f"the variation of its steps is {report.even:.2f} evenly, {report.spaced:.2f} by sight"
    why_not = "it is even enough" if report.even <= UNEVEN else "sight would not help clearly"
    verdict = "spaced by sight" if report.helps else f"spaced evenly, since {why_not}"
    return f"  {report.name}: {verdict}: {change} ({report.pictures:,} pictures painted to see, not kept)"


def in_words(report: BudgetReport) -> list[str]:
    """Return the lines that tell what a run with a budget came to."""
    lines = [f"  {_axis(axis)}" for axis in report.axes]
    if report.tried:
        lines.append(
            f"{report.accepted} of {report.tried} skipped pictures, drawn at random and painted to see, could be "
            f"guessed well: surely {math.floor(100 * report.surely)} % of all skipped ones can be (95 % certainty)"
        )
    saved = report.cells - report.painted
    share = f"{saved:,} pictures ({100 * saved / report.cells:.1f} % of the grid)"
    if report.enough:
        lines.append(f"enough: it saves {share}; `tess bake` lets a show morph what is not painted")
    elif any(axis.strange for axis in report.axes):
        lines.append(f"{share} are lacking, and cannot be guessed: paint it whole, without --budget")
    elif report.next_pictures:
        lines.append(f"not enough yet: {share} are skipped; the next step takes {_budget(report)}")
    elif report.tried:
        lines.append(f"not enough: {share} are skipped, and no axis may become finer")
    return lines


def _axis(axis: AxisPilot) -> str:
    told = f"{axis.name}: {axis.knots} of {axis.steps} steps painted"
    if axis.strange:
        return f"{told}; refused: neighbours have nothing to do with one another: {'; '.join(axis.strange)}"
    if not axis.tried:
        return told
    verdict = "enough" if axis.is_fine else f"too few, they err by {axis.error:.2f} of what random pictures differ by"
    return f"{told}; {axis.accepted} of {axis.tried} tried between them could be guessed well: {verdict}"


def _budget(report: BudgetReport) -> str:
    percent = math.ceil(1000 * report.next_pictures / report.cells) / 10
    return f"{report.next_pictures:,} pictures: --budget {min(percent, 100):g}%"
