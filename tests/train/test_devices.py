import pytest

from bioqa.index.errors import InputError

torch = pytest.importorskip("torch")
devices = pytest.importorskip("bioqa.train.devices")


@pytest.mark.parametrize("name", ["foo", "cuda:99", "cpu:x"])
def test_a_device_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(InputError, match=f"the device '{name}' cannot be used here"):
        devices.select_device(name)


def test_bf16_is_chosen_only_where_it_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    model = torch.nn.Linear(2, 2)
    for pays in (True, False):
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda pays=pays: pays)
        with devices.autocast(model, "auto"):
            assert model(torch.ones(1, 2)).dtype == (torch.bfloat16 if pays else torch.float32)
