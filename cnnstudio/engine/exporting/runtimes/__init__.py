"""The runtimes that exports are opened with. Each file needs nothing of this program: bundles carry it as runtime.py."""
