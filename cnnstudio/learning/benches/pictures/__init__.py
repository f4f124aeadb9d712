"""The pictures that benches work on: bundled samples, files, a typed matrix."""
