"""A map of pictures: dots and thumbnails that are zoomed, selected and coloured, with its legend and its tools."""
