import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDERS = ("qa", "index", "train", "eval")


def test_the_wheel_holds_every_module():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = {path.parent for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")}
    there = {f"bioqa.{folder.relative_to(ROOT).as_posix().replace('/', '.')}" for folder in folders}
    assert set(listed) == there | {"bioqa.data"}
    assert all((folder / "__init__.py").is_file() for folder in folders)


def test_the_wheel_holds_every_template():
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    for path in (path for folder in FOLDERS for path in (ROOT / folder).rglob("*.html")):
        package = f"bioqa.{path.parent.relative_to(ROOT).as_posix().replace('/', '.')}"
        assert any(path.match(pattern) for pattern in data[package]), path


def test_no_folder_has_more_modules_than_a_reader_takes_in():
    for folder in {path.parent for top in FOLDERS for path in (ROOT / top).rglob("*.py")}:
        assert len(list(folder.glob("*.py"))) <= 23, folder
