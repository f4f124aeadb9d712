"""Settings of dmgbuild: the app beside a link to the programs' folder. `-D app=PATH` names the app."""

from pathlib import Path

app = defines["app"]  # noqa: F821 - dmgbuild gives it
files = [app]
symlinks = {"Applications": "/Applications"}
icon_locations = {Path(app).name: (140, 160), "Applications": (380, 160)}
format = "ULMO"
filesystem = "APFS"
window_rect = ((200, 200), (520, 340))
icon_size = 96
default_view = "icon-view"
