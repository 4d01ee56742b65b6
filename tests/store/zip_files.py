"""ZIP files for tests, good ones and others."""

from zipfile import ZipFile, ZipInfo


def members_of(path):
    """Return every member's bytes by name."""
    with ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def write_zip(path, members):
    """Write members as they are, be they pairs of names and bytes, or of ZipInfo and bytes."""
    with ZipFile(path, "w") as archive:
        for name, data in members:
            info = name
            if isinstance(name, str):
                info = ZipInfo("x")
                info.filename = name  # as it is: ZipInfo itself would turn it round
            archive.writestr(info, data)
