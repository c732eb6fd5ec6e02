"""Which device, in which numbers, on how many cores; told from what a machine says of itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from semdraw.errors import CheckpointError
from semdraw.models import device as devices
from semdraw.models.device import PRECISIONS, choose_device, is_served, named, num_cores, precision

CUDA = torch.device("cuda")


def card(monkeypatch: pytest.MonkeyPatch, name: str, capability: tuple[int, int], built: list[str]) -> None:
    """A machine with one card and a build of torch, as torch tells of them."""

    def always(answer: object) -> Callable[..., object]:
        def call(*_: object) -> object:
            return answer

        return call

    told = {
        "is_available": True,
        "device_count": 1,
        "get_device_name": name,
        "get_device_capability": capability,
        "get_arch_list": built,
    }
    for call, answer in told.items():
        monkeypatch.setattr(torch.cuda, call, always(answer))


@pytest.mark.parametrize(
    ("capability", "built", "serves"),
    [
        ((8, 6), ["sm_75", "sm_80", "sm_90"], True),  # machine code of its own generation
        ((8, 0), ["sm_86"], False),  # of a newer card of that generation
        ((6, 1), ["sm_75", "sm_80"], False),
        ((12, 0), ["sm_80", "sm_90"], False),
        ((12, 0), ["sm_80", "compute_90"], True),  # compiled when it is first used
        ((9, 0), ["sm_90a"], True),
        ((10, 0), ["sm_90a", "compute_90a"], False),
        ((7, 5), [], False),
    ],
)
def test_a_build_serves_the_cards_that_it_has_code_for(
    capability: tuple[int, int], built: list[str], serves: bool
) -> None:
    assert is_served(capability, built) == serves


def test_a_card_that_the_build_lacks_is_said_and_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    card(monkeypatch, "GeForce GTX 1080", (6, 1), ["sm_75", "sm_80"])
    assert choose_device().type != "cuda"
    with pytest.raises(CheckpointError, match=r"GTX 1080 has compute capability 6\.1.*sm_75, sm_80.*cards"):
        choose_device("cuda")


def test_a_card_that_the_build_serves_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    card(monkeypatch, "GeForce RTX 3060", (8, 6), ["sm_80"])
    assert choose_device() == CUDA == choose_device("cuda")


def test_a_card_that_is_not_there_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    card(monkeypatch, "GeForce RTX 3060", (8, 6), ["sm_80"])
    assert choose_device("cuda:0") == torch.device("cuda:0")
    with pytest.raises(CheckpointError, match="'cuda:7' is not there; this machine has cuda:0 alone"):
        choose_device("cuda:7")
    with pytest.raises(CheckpointError, match="'cuda:x' is not known"):
        choose_device("cuda:x")


@pytest.mark.parametrize(
    ("name", "capability", "prefers_bf16", "expected"),
    [
        ("GeForce RTX 3060", (8, 6), False, torch.float16),
        ("GeForce RTX 3060", (8, 6), True, torch.bfloat16),
        ("GeForce RTX 2070", (7, 5), True, torch.float16),  # imitates bf16 slowly
        ("GeForce GTX 1660 Ti", (7, 5), False, torch.float32),  # fp16 gives black pictures
    ],
)
def test_cards_compute_in_what_they_do_well(
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    capability: tuple[int, int],
    prefers_bf16: bool,
    expected: torch.dtype,
) -> None:
    card(monkeypatch, name, capability, ["sm_75", "sm_80"])
    assert precision(CUDA, prefers_bf16=prefers_bf16) == expected
    assert precision(CUDA, "fp32", prefers_bf16=prefers_bf16) == torch.float32


def test_the_cpu_computes_in_fp32_unless_told_otherwise() -> None:
    assert precision(torch.device("cpu"), prefers_bf16=True) == torch.float32
    assert precision(torch.device("cpu"), "bf16") == torch.bfloat16


def test_a_precision_goes_by_any_of_its_names() -> None:
    for name, dtype in PRECISIONS.items():
        assert {named(name), named(dtype), named(str(dtype)), named(str(dtype)[6:])} == {name}
    assert named(None) is None
    with pytest.raises(CheckpointError, match="float8_e4m3fn is not served; wanted one of fp16, bf16, fp32"):
        named(torch.float8_e4m3fn)


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({"cpu.max": "150000 100000"}, 2),
        ({"cpu.max": "max 100000"}, 8),
        ({"cpu/cpu.cfs_quota_us": "300000", "cpu/cpu.cfs_period_us": "100000"}, 3),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 8),
        ({"cpu.max": "1000 100000"}, 1),
        ({"cpu.max": "nonsense"}, 8),
        ({}, 8),
    ],
)
def test_cores_are_those_that_this_process_may_keep_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], cores: int
) -> None:
    (tmp_path / "cpu").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text + "\n")
    monkeypatch.setattr(devices, "_CGROUP", tmp_path)

    def eight(_: int) -> set[int]:
        return set(range(8))

    monkeypatch.setattr(os, "sched_getaffinity", eight, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    assert num_cores() == cores


def test_one_core_stays_free_for_server_and_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(torch, "set_num_threads", told.append)
    for cores in (4, 1):
        monkeypatch.setattr(devices, "num_cores", lambda cores=cores: cores)
        devices.leave_a_core(torch.device("cpu"))
    devices.leave_a_core(CUDA)
    assert told == [3, 1]
