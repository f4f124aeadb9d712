"""The widgets of the benches, one module or package each, by the name of the bench."""
