"""What `tess generate --budget` saved and how sure it is, in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tessonance.make.budget import AxisPilot, BudgetReport

__all__ = ["in_words"]


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
        lines.append(f"enough: it saves {share}; what is not painted is guessed at the show")
    elif any(axis.strange for axis in report.axes):
        lines.append(f"{share} are lacking, and cannot be guessed: paint it whole, without --budget")
    elif report.next_pictures:
        lines.append(f"not enough yet: {share} are skipped; the next step takes {_budget(report)}")
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
