"""The small drawings on the cards of the benches: `paint(painter, rect)` of the module with the bench's id."""
