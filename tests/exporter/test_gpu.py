"""GPUs through an object that answers as NVML does: the hardware is not here. Errors are the real package's own."""

from __future__ import annotations

import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pynvml
import pytest

from exporter.collectors import NoData
from exporter.collectors.gpu import GpuCollector
from exporter.procfs import Trees
from tests.exporter.golden import kinds
from tests.exporter.page import page, told_now, values


class FakeNvml:
    """Two GPUs: 0 tells everything, 1 is a laptop's and tells little. Its constants and errors are pynvml's."""

    def __init__(self) -> None:
        self.count = 2
        self.broken: Exception | None = None
        self.begun = 0

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("NVML_", "NVMLError")):
            return getattr(pynvml, name)
        raise AttributeError(name)

    def nvmlInit(self) -> None:  # noqa: N802 - NVML's own names
        if self.broken:
            raise self.broken
        self.begun += 1

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.begun -= 1

    def nvmlSystemGetDriverVersion(self) -> str:  # noqa: N802
        return "560.35"

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return self.count

    def nvmlDeviceGetHandleByIndex(self, number: int) -> int:  # noqa: N802
        return number

    def nvmlDeviceGetUUID(self, gpu: int) -> bytes:  # noqa: N802
        return b"GPU-%d" % gpu

    def nvmlDeviceGetName(self, gpu: int) -> str:  # noqa: N802
        return "NVIDIA L4"

    def nvmlDeviceGetPciInfo(self, gpu: int) -> SimpleNamespace:  # noqa: N802
        return SimpleNamespace(busId=f"00000000:0{gpu}:00.0")

    def nvmlDeviceGetClockInfo(self, gpu: int, kind: int) -> int:  # noqa: N802
        return {pynvml.NVML_CLOCK_SM: 2040, pynvml.NVML_CLOCK_MEM: 6251}[kind]

    def nvmlDeviceGetTemperature(self, gpu: int, sensor: int) -> int:  # noqa: N802
        if self.broken:
            raise self.broken
        return 61 + gpu

    def nvmlDeviceGetFanSpeed(self, gpu: int) -> int:  # noqa: N802
        raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)

    def nvmlDeviceGetPowerUsage(self, gpu: int) -> int:  # noqa: N802
        if gpu:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
        return 28_650

    nvmlDeviceGetPowerManagementLimit = nvmlDeviceGetPowerUsage  # noqa: N815

    def nvmlDeviceGetTotalEnergyConsumption(self, gpu: int) -> int:  # noqa: N802
        return 123_456

    def nvmlDeviceGetPcieReplayCounter(self, gpu: int) -> int:  # noqa: N802
        return 3

    def nvmlDeviceGetUtilizationRates(self, gpu: int) -> SimpleNamespace:  # noqa: N802
        return SimpleNamespace(gpu=97, memory=41)

    def nvmlDeviceGetEncoderUtilization(self, gpu: int) -> list[int]:  # noqa: N802
        return [5, 1000]

    def nvmlDeviceGetDecoderUtilization(self, gpu: int) -> list[int]:  # noqa: N802
        return [7, 1000]

    def nvmlDeviceGetMemoryInfo(self, gpu: int) -> SimpleNamespace:  # noqa: N802
        return SimpleNamespace(total=24 * 1024**3, free=20 * 1024**3, used=4 * 1024**3)

    def nvmlDeviceGetPerformanceState(self, gpu: int) -> int:  # noqa: N802
        return 0

    def nvmlDeviceGetCurrentClocksThrottleReasons(self, gpu: int) -> int:  # noqa: N802
        return 4

    def nvmlDeviceGetTotalEccErrors(self, gpu: int, kind: int, counter: int) -> int:  # noqa: N802
        if gpu:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
        return 10 * kind + counter


def test_a_gpu_is_told_under_dcgm_exporters_names_with_its_labels() -> None:
    nvml = FakeNvml()
    nvml.count = 1
    collector = GpuCollector(Trees.below(), nvml)
    text = page(collector)
    found = {name: value for (name, _), value in told_now(collector).items()}
    assert found == {
        "DCGM_FI_DEV_SM_CLOCK": 2040,
        "DCGM_FI_DEV_MEM_CLOCK": 6251,
        "DCGM_FI_DEV_GPU_TEMP": 61,
        "DCGM_FI_DEV_POWER_USAGE": 28.65,
        "DCGM_FI_DEV_POWER_MGMT_LIMIT": 28.65,
        "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION": 123_456,
        "DCGM_FI_DEV_PCIE_REPLAY_COUNTER": 3,
        "DCGM_FI_DEV_GPU_UTIL": 97,
        "DCGM_FI_DEV_MEM_COPY_UTIL": 41,
        "DCGM_FI_DEV_ENC_UTIL": 5,
        "DCGM_FI_DEV_DEC_UTIL": 7,
        "DCGM_FI_DEV_FB_TOTAL": 24_576,
        "DCGM_FI_DEV_FB_FREE": 20_480,
        "DCGM_FI_DEV_FB_USED": 4_096,
        "DCGM_FI_DEV_PSTATE": 0,
        "DCGM_FI_DEV_CLOCK_THROTTLE_REASONS": 4,
        "DCGM_FI_DEV_ECC_SBE_VOL_TOTAL": 0,
        "DCGM_FI_DEV_ECC_SBE_AGG_TOTAL": 1,
        "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL": 10,
        "DCGM_FI_DEV_ECC_DBE_AGG_TOTAL": 11,
    }
    labels = {frozenset(labels) for _, labels in told_now(collector)}
    assert labels == {
        frozenset({
            ("gpu", "0"), ("UUID", "GPU-0"), ("pci_bus_id", "00000000:00:00.0"), ("device", "nvidia0"),
            ("modelName", "NVIDIA L4"), ("Hostname", socket.gethostname()), ("DCGM_FI_DRIVER_VERSION", "560.35"),
        })
    }  # fmt: skip
    counters = {name for name, kind in kinds(text).items() if kind == "counter"}
    assert counters == {name for name in found if "ECC" in name or "ENERGY" in name or "REPLAY" in name}


def test_what_one_gpu_does_not_support_is_missing_for_that_one_alone() -> None:
    found = told_now(GpuCollector(Trees.below(), FakeNvml()))
    assert values(found, "DCGM_FI_DEV_POWER_USAGE", "gpu") == {"0": 28.65}
    assert values(found, "DCGM_FI_DEV_GPU_TEMP", "gpu") == {"0": 61, "1": 62}


@pytest.mark.parametrize("error", [pynvml.NVML_ERROR_LIBRARY_NOT_FOUND, pynvml.NVML_ERROR_DRIVER_NOT_LOADED])
def test_without_driver_there_is_nothing_to_tell(error: int) -> None:
    nvml = FakeNvml()
    nvml.broken = pynvml.NVMLError(error)
    with pytest.raises(NoData):
        told_now(GpuCollector(Trees.below(), nvml))


def test_a_driver_without_gpus_is_nothing_to_tell_and_is_let_go_of() -> None:
    nvml = FakeNvml()
    nvml.count = 0
    with pytest.raises(NoData):
        told_now(GpuCollector(Trees.below(), nvml))
    assert nvml.begun == 0


def test_a_driver_that_was_reloaded_costs_one_scrape() -> None:
    nvml = FakeNvml()
    collector = GpuCollector(Trees.below(), nvml)
    told_now(collector)
    nvml.broken = pynvml.NVMLError(pynvml.NVML_ERROR_GPU_IS_LOST)
    with pytest.raises(pynvml.NVMLError):
        told_now(collector)
    assert nvml.begun == 0
    nvml.broken = None
    assert values(told_now(collector), "DCGM_FI_DEV_GPU_TEMP", "gpu") == {"0": 61, "1": 62}
    collector.close()
    assert nvml.begun == 0


def test_where_no_driver_is_loaded_the_package_is_not_even_imported(tmp_path: Path) -> None:
    if any(Path(path).exists() for path in ("/dev/nvidiactl", "/dev/dxg")):
        pytest.skip("there is an NVIDIA driver here")
    with pytest.raises(NoData, match="no NVIDIA driver is loaded"):
        told_now(GpuCollector(Trees.below(procfs=str(tmp_path))))


def test_with_a_driver_but_no_hardware_the_real_library_says_there_is_nothing(tmp_path: Path) -> None:
    if Path("/dev/nvidiactl").exists():
        pytest.skip("there is a GPU here perhaps")
    (tmp_path / "driver/nvidia").mkdir(parents=True)
    with pytest.raises(NoData, match="NVML has no GPU to tell of: NVML Shared Library Not Found"):
        told_now(GpuCollector(Trees.below(procfs=str(tmp_path))))
