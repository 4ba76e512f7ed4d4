"""Samples taken in turns, medians, and one way to print them beside their baseline."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median, quantiles

type Act = Callable[[], object]


def cpu_milliseconds(acts: Mapping[str, Act], *, rounds: int) -> dict[str, list[float]]:
    """CPU time of each act, ``rounds`` times in turns, so that a slow moment hits all alike."""
    for act in acts.values():
        act()  # the first one fills caches
    samples: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(rounds):
        for name, act in acts.items():
            before = time.process_time()
            act()
            samples[name].append((time.process_time() - before) * 1000)
    return samples


def percentile(samples: Sequence[float], percent: int) -> float:
    return quantiles(samples, n=100, method="inclusive")[percent - 1]


def show(title: str, samples: Mapping[str, Sequence[float]], unit: str = "ms") -> None:
    """A table of medians; the first row is the baseline of the others."""
    print(f"\n{title}")
    baseline = median(next(iter(samples.values())))
    for name, values in samples.items():
        middle = median(values)
        spread = f"{min(values):.2f}–{max(values):.2f}"
        print(f"  {name:<44}{middle:>10.2f} {unit}  ×{middle / baseline:<7.2f} {spread}")


def show_latency(title: str, samples: Mapping[str, Sequence[float]]) -> None:
    """p50 and p95 in seconds, and each p50 beside the first row's."""
    print(f"\n{title}")
    baseline = median(next(iter(samples.values())))
    for name, values in samples.items():
        middle, late = median(values), percentile(values, 95)
        ratio = middle / baseline
        print(f"  {name:<44}p50 {middle:6.2f} s  p95 {late:6.2f} s  ×{ratio:<6.2f} n={len(values)}")


def proportional_memory(process: int) -> float:
    """PSS of one process in MiB: what it shares is divided among those who share it."""
    text = Path(f"/proc/{process}/smaps_rollup").read_text()
    line = next(line for line in text.splitlines() if line.startswith("Pss:"))
    return int(line.split()[1]) / 1024


def with_descendants(process: int) -> list[int]:
    """A process and all that it started."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):  # it ended between the list and the look
            continue
        parents.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    found = [process]
    for one in found:
        found.extend(parents.get(one, []))
    return found


def cpu_seconds(process: int) -> float:
    """What a process and all that it started have used, with those of them that have ended."""
    ticks = 0
    for one in with_descendants(process):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))  # utime, stime, and both of the children waited for
    return ticks / os.sysconf("SC_CLK_TCK")


def memory(process: int) -> float:
    """PSS of a process and all that it started, in MiB."""
    return sum(proportional_memory(one) for one in with_descendants(process))
