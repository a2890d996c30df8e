from pathlib import Path

import pytest

from bioqa.index.ingest import builder


@pytest.fixture(scope="session")
def lexical_index(tmp_path_factory: pytest.TempPathFactory, corpus_file: Path) -> Path:
    """An index without vectors over the small corpus. Not to be written to."""
    folder = tmp_path_factory.mktemp("index") / "lexical"
    builder.build([corpus_file], folder, None)
    return folder
