"""NVIDIA GPUs through NVML, under the names of NVIDIA's dcgm-exporter.

Needs the package nvidia-ml-py (the extra `gpu`) and the driver; without hardware or driver there is nothing to tell.
https://docs.nvidia.com/deploy/nvml-api/ https://github.com/NVIDIA/dcgm-exporter/blob/main/etc/default-counters.csv
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exporter.collectors import NoData
from exporter.exposition import Block, Family, Kind, Labels, Listing, Value
from exporter.procfs import Trees

LABELS = ("gpu", "UUID", "pci_bus_id", "device", "modelName", "Hostname", "DCGM_FI_DRIVER_VERSION")
MIB = 1024 * 1024
DRIVER = ("driver/nvidia", "/dev/nvidiactl", "/dev/dxg")
"""Below --path.procfs, and devices, also of WSL: without any of these the driver isn't loaded."""

Reading = Callable[[Any, Any], Value]


@dataclass(frozen=True, slots=True)
class Metric:
    """A family and how NVML is asked for it: with the module and a device's handle."""

    family: Family
    read: Reading


def _metric(name: str, text: str, read: Reading, kind: Kind = "gauge") -> Metric:
    return Metric(Family(f"DCGM_FI_DEV_{name}", text, kind, LABELS), read)


def _errors(kind: str, counter: str) -> Reading:
    return lambda nvml, gpu: nvml.nvmlDeviceGetTotalEccErrors(gpu, getattr(nvml, kind), getattr(nvml, counter))


CORRECTED, UNCORRECTED = "NVML_MEMORY_ERROR_TYPE_CORRECTED", "NVML_MEMORY_ERROR_TYPE_UNCORRECTED"
VOLATILE, AGGREGATE = "NVML_VOLATILE_ECC", "NVML_AGGREGATE_ECC"

METRICS = (
    _metric("SM_CLOCK", "Clock of the multiprocessors, MHz.",
            lambda nvml, gpu: nvml.nvmlDeviceGetClockInfo(gpu, nvml.NVML_CLOCK_SM)),
    _metric("MEM_CLOCK", "Clock of the memory, MHz.",
            lambda nvml, gpu: nvml.nvmlDeviceGetClockInfo(gpu, nvml.NVML_CLOCK_MEM)),
    _metric("GPU_TEMP", "Temperature, degrees Celsius.",
            lambda nvml, gpu: nvml.nvmlDeviceGetTemperature(gpu, nvml.NVML_TEMPERATURE_GPU)),
    _metric("FAN_SPEED", "Fan, percent of its full speed.", lambda nvml, gpu: nvml.nvmlDeviceGetFanSpeed(gpu)),
    _metric("POWER_USAGE", "Power, watts.", lambda nvml, gpu: nvml.nvmlDeviceGetPowerUsage(gpu) / 1000),
    _metric("POWER_MGMT_LIMIT", "Power that it may take, watts.",
            lambda nvml, gpu: nvml.nvmlDeviceGetPowerManagementLimit(gpu) / 1000),
    _metric("TOTAL_ENERGY_CONSUMPTION", "Energy since the driver was loaded, millijoules.",
            lambda nvml, gpu: nvml.nvmlDeviceGetTotalEnergyConsumption(gpu), "counter"),
    _metric("PCIE_REPLAY_COUNTER", "Retries on PCIe.",
            lambda nvml, gpu: nvml.nvmlDeviceGetPcieReplayCounter(gpu), "counter"),
    _metric("GPU_UTIL", "Time that a kernel ran, percent.",
            lambda nvml, gpu: nvml.nvmlDeviceGetUtilizationRates(gpu).gpu),
    _metric("MEM_COPY_UTIL", "Time that memory was read or written, percent.",
            lambda nvml, gpu: nvml.nvmlDeviceGetUtilizationRates(gpu).memory),
    _metric("ENC_UTIL", "Use of the encoder, percent.",
            lambda nvml, gpu: nvml.nvmlDeviceGetEncoderUtilization(gpu)[0]),
    _metric("DEC_UTIL", "Use of the decoder, percent.",
            lambda nvml, gpu: nvml.nvmlDeviceGetDecoderUtilization(gpu)[0]),
    _metric("FB_TOTAL", "Memory, MiB.", lambda nvml, gpu: nvml.nvmlDeviceGetMemoryInfo(gpu).total // MIB),
    _metric("FB_FREE", "Free memory, MiB.", lambda nvml, gpu: nvml.nvmlDeviceGetMemoryInfo(gpu).free // MIB),
    _metric("FB_USED", "Used memory, MiB.", lambda nvml, gpu: nvml.nvmlDeviceGetMemoryInfo(gpu).used // MIB),
    _metric("PSTATE", "Performance state, 0 is the fastest.",
            lambda nvml, gpu: nvml.nvmlDeviceGetPerformanceState(gpu)),
    _metric("CLOCK_THROTTLE_REASONS", "Why clocks are held down, as bits of NVML.",
            lambda nvml, gpu: nvml.nvmlDeviceGetCurrentClocksThrottleReasons(gpu)),
    _metric("ECC_SBE_VOL_TOTAL", "Single-bit errors since the driver was loaded.",
            _errors(CORRECTED, VOLATILE), "counter"),
    _metric("ECC_DBE_VOL_TOTAL", "Double-bit errors since the driver was loaded.",
            _errors(UNCORRECTED, VOLATILE), "counter"),
    _metric("ECC_SBE_AGG_TOTAL", "Single-bit errors ever.", _errors(CORRECTED, AGGREGATE), "counter"),
    _metric("ECC_DBE_AGG_TOTAL", "Double-bit errors ever.", _errors(UNCORRECTED, AGGREGATE), "counter"),
)  # fmt: skip


@dataclass(slots=True)
class Devices:
    """NVML once it is loaded, and the handles of the GPUs with their labels."""

    nvml: Any = None
    handles: list[tuple[Any, Labels]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class GpuCollector:
    """Source: NVML. `nvml` is the module pynvml or one like it; without, it is imported where there is a driver."""

    trees: Trees
    nvml: Any = None
    devices: Devices = field(default_factory=Devices, init=False, repr=False)
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        devices = self.devices
        if devices.nvml is None:
            self._begin()
        try:
            samples = [
                sample for handle, labels in devices.handles for sample in _samples(devices.nvml, handle, labels)
            ]
        except devices.nvml.NVMLError:
            self.close()  # the driver was unloaded or updated: all handles are void
            raise
        return [self.listing.block(samples)]

    def close(self) -> None:
        nvml, self.devices.nvml, self.devices.handles = self.devices.nvml, None, []
        if nvml is not None:
            try:
                nvml.nvmlShutdown()
            except nvml.NVMLError:
                return  # it is gone already

    def _begin(self) -> None:
        """Load NVML and find the GPUs; NoData when there are none."""
        nvml = self._module()
        try:
            nvml.nvmlInit()
        except nvml.NVMLError as error:
            raise NoData(f"NVML has no GPU to tell of: {error}") from error
        self.devices.nvml = nvml
        driver, host = _text(nvml.nvmlSystemGetDriverVersion()), socket.gethostname()
        for number in range(nvml.nvmlDeviceGetCount()):
            handle = nvml.nvmlDeviceGetHandleByIndex(number)
            bus = _text(nvml.nvmlDeviceGetPciInfo(handle).busId)
            uuid, model = _text(nvml.nvmlDeviceGetUUID(handle)), _text(nvml.nvmlDeviceGetName(handle))
            labels = (str(number), uuid, bus, f"nvidia{number}", model, host, driver)
            self.devices.handles.append((handle, labels))
        if not self.devices.handles:
            self.close()
            raise NoData("the NVIDIA driver knows of no GPU")

    def _module(self) -> Any:
        if self.nvml is not None:
            return self.nvml
        signs = (self.trees.proc.path(DRIVER[0]), *map(Path, DRIVER[1:]))
        if sys.platform == "linux" and not any(sign.exists() for sign in signs):
            raise NoData("no NVIDIA driver is loaded")
        try:
            import pynvml  # noqa: PLC0415 - optional, and costs memory only where there is a GPU
        except ImportError as error:
            raise NoData("there is an NVIDIA driver, but not the Python package nvidia-ml-py") from error
        return pynvml


def _samples(nvml: Any, handle: Any, labels: Labels) -> Iterator[tuple[Family, Labels, Value]]:
    """What this GPU tells. What its kind doesn't support is left out."""
    unsupported = (nvml.NVMLError_NotSupported, nvml.NVMLError_NoPermission, nvml.NVMLError_FunctionNotFound)
    for metric in METRICS:
        try:
            yield metric.family, labels, metric.read(nvml, handle)
        except unsupported:
            continue


def _text(value: bytes | str) -> str:
    """Older versions of the package give bytes."""
    return value.decode(errors="replace") if isinstance(value, bytes) else value
