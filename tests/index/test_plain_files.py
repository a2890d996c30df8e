import os
import socket
import tracemalloc

import pytest

from bioqa.index.plain_files import is_plain_name, open_plain, plain_size, read_plain, special_entries


@pytest.mark.parametrize("name", ["model.onnx", "000001", "Größe.npy", ".hidden", "a b"])
def test_names_of_files_in_the_folder_itself(name):
    assert is_plain_name(name)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../x", "a/b", "/etc/passwd", "a\\b", "C:x", "x\0", "x\n", "x\u202ey", "n" * 256, "\ud800"],
)
def test_names_that_lead_elsewhere_or_cannot_be_seen(name):
    assert not is_plain_name(name)


def test_a_link_is_not_followed_and_what_it_points_to_keeps_its_content(tmp_path):
    (tmp_path / "precious").write_bytes(b"kept")
    (tmp_path / "link").symlink_to(tmp_path / "precious")
    for mode in ("rb", "wb", "a+b"):
        with pytest.raises(OSError, match="symbolic link"):
            open_plain(tmp_path / "link", mode)
    assert (tmp_path / "precious").read_bytes() == b"kept"


def test_a_link_to_nothing_makes_no_file(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic link"):
        open_plain(tmp_path / "link", "wb")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
@pytest.mark.parametrize("mode", ["rb", "wb", "a+b"])
def test_pipes_sockets_devices_and_folders_are_refused_without_waiting(tmp_path, mode):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "socket"))
    for name in ("pipe", "folder", "socket"):
        with pytest.raises(OSError, match=r"not a plain file"):
            open_plain(tmp_path / name, mode)
    listening.close()


def test_modes(tmp_path):
    path = tmp_path / "file"
    with open_plain(path, "xb") as file:
        file.write(b"one")
    with pytest.raises(FileExistsError):
        open_plain(path, "xb")
    with open_plain(path, "a+b") as file:
        file.write(b"two")
    assert read_plain(path, 6) == b"onetwo"
    with open_plain(path, "wb") as file:
        file.write(b"new")
    assert read_plain(path, 6) == b"new"
    with pytest.raises(OSError, match="larger than the 2 bytes"):
        read_plain(path, 2)
    with pytest.raises(FileNotFoundError):
        open_plain(tmp_path / "absent")


def test_new_files_follow_the_umask(tmp_path):
    before = os.umask(0o022)
    try:
        open_plain(tmp_path / "file", "wb").close()
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o644


def test_what_leads_out_of_a_folder_or_never_ends_is_named_by_its_path_in_it(tmp_path):
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "file").touch()
    os.link(deep / "file", tmp_path / "hard")
    assert list(special_entries(tmp_path)) == []
    (tmp_path / "a" / "folder").symlink_to(deep)
    (deep / "dangling").symlink_to("gone")
    os.mkfifo(tmp_path / "pipe")
    (deep / "c").mkdir()
    (deep / "c" / "too deep").symlink_to("gone")
    assert sorted(special_entries(tmp_path)) == ["a/b/dangling", "a/folder", "pipe"]
    assert sorted(special_entries(tmp_path, depth=1)) == ["pipe"]
    assert list(special_entries(tmp_path / "none")) == list(special_entries(deep / "file")) == []


def test_without_a_buffer_what_is_written_is_there(tmp_path):
    with open_plain(tmp_path / "file", "wb", buffering=0) as file:
        file.write(b"1234")
        assert (tmp_path / "file").read_bytes() == b"1234"


def test_only_a_plain_file_has_a_size(tmp_path):
    (tmp_path / "file").write_bytes(b"1234")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert plain_size(tmp_path / "file") == 4
    for name in ("link", "loop", "nothing", "file/below", "."):
        assert plain_size(tmp_path / name) is None


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(40 << 30)
    tracemalloc.start()
    with pytest.raises(OSError, match="is larger than the 2,000,000,000 bytes"):
        read_plain(tmp_path / "sparse", 2_000_000_000)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_no_more_room_is_made_than_a_file_has_bytes(tmp_path):
    (tmp_path / "small").write_bytes(b"x")
    tracemalloc.start()
    assert read_plain(tmp_path / "small", 2_000_000_000) == b"x"
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
