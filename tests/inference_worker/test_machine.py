from pathlib import Path

import pytest

from inference_worker.machine import cores, free_memory


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """The root of a machine with 3 GB free."""
    (tmp_path / "sys/fs/cgroup").mkdir(parents=True)
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemTotal:  8000000 kB\nMemAvailable:  3000000 kB\n")
    return tmp_path


def test_cores_of_a_container_are_its_share(machine):
    everything = cores(machine)
    assert everything >= 1
    (machine / "sys/fs/cgroup/cpu.max").write_text("max 100000\n")
    assert cores(machine) == everything
    (machine / "sys/fs/cgroup/cpu.max").write_text("100000 100000\n")
    assert cores(machine) == 1
    # Less than a core is one.
    (machine / "sys/fs/cgroup/cpu.max").write_text("20000 100000\n")
    assert cores(machine) == 1


def test_memory_of_a_container_is_what_is_left_of_its_limit(machine):
    assert free_memory(machine) == 3_000_000 * 1024
    (machine / "sys/fs/cgroup/memory.max").write_text("max\n")
    assert free_memory(machine) == 3_000_000 * 1024
    (machine / "sys/fs/cgroup/memory.max").write_text("1000000\n")
    (machine / "sys/fs/cgroup/memory.current").write_text("400000\n")
    assert free_memory(machine) == 600_000


def test_system_that_does_not_say_how_much_is_free(tmp_path):
    assert free_memory(tmp_path) is None
