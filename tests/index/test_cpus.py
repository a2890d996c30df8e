from bioqa.index.cpus import processors


def test_there_is_at_least_one_processor() -> None:
    assert processors() >= 1
