"""The Learn page: lessons, and benches with live controls."""
