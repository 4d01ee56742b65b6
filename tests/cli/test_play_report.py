"""What `tess play` says at the end of a show."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tessonance.cli.play import _tell
from tessonance.show.pacing import Pace
from tessonance.show.player import ShowReport

QUIET = ShowReport(Pace(3600, 16.7, 17.2, 21.0), 0.0, 0, 0, 0, 0)


def test_a_show_in_which_all_went_well_is_told_in_two_lines(capsys: pytest.CaptureFixture[str]) -> None:
    _tell(QUIET)
    assert capsys.readouterr().out.count("\n") == 2


def test_frames_that_did_not_morph_as_they_were_to_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    _tell(replace(QUIET, blended=1200, plain=3000, unmoved=7))
    out = capsys.readouterr().out
    assert "1,200 frames were cross-faded, since morph was more than this machine holds" in out
    assert "3,000 frames were morphed plainly, since a fine morph was more than this machine holds" in out
    assert "7 frames stood still in part, since a field was not ready" in out
