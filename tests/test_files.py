"""Whole files only."""

import errno
import stat

import pytest

from esmlearn.files import atomic_write, sha256, write_text


def test_what_is_written_arrives_and_nothing_else_stays(tmp_path):
    target = tmp_path / "new" / "scores.json"
    with atomic_write(target) as aside:
        assert aside.suffix == ".json"
        assert aside.parent == target.parent
        aside.write_text("[]")
        assert not target.exists()
    assert target.read_text() == "[]"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_a_full_disk_or_an_interrupt_leaves_the_old_whole_file(tmp_path, error):
    target = tmp_path / "model.safetensors"
    target.write_bytes(b"whole")
    with pytest.raises(type(error)), atomic_write(target) as aside:
        aside.write_bytes(b"ha")
        raise error
    assert target.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [target]


def test_an_error_that_the_disk_reports_late_leaves_the_old_file(tmp_path):
    """Network file systems tell of a full disk only when a file is synchronised, which a device can't be."""
    target = tmp_path / "a.nc"
    target.write_text("whole")
    with pytest.raises(OSError, match="Invalid argument"), atomic_write(target) as aside:
        aside.symlink_to("/dev/null")
    assert target.read_text() == "whole"
    with atomic_write(target, durable=False) as aside:
        aside.symlink_to("/dev/null")
    assert target.is_symlink()


def test_text_is_whole_too_and_in_utf_8(tmp_path):
    target = tmp_path / "new" / "a.json"
    write_text(target, "°C")
    assert target.read_bytes() == b"\xc2\xb0C"
    assert list(target.parent.iterdir()) == [target]


def test_the_hash_of_a_file_is_that_of_its_bytes(tmp_path):
    """The known answer for the three letters abc (FIPS 180-2, appendix B.1)."""
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_others_may_read_what_the_umask_lets_them(tmp_path):
    plain = tmp_path / "plain"
    plain.write_text("")
    with atomic_write(tmp_path / "product.nc") as aside:
        aside.write_text("")
    assert stat.S_IMODE((tmp_path / "product.nc").stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
