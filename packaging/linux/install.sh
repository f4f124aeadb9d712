#!/bin/sh
# Installs CNN Studio for one user, or elsewhere: ./install.sh [--prefix FOLDER] [--uninstall]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
prefix=${HOME:-/nonexistent}/.local
uninstall=no
while [ $# -gt 0 ]; do
    case "$1" in
        --prefix) prefix=${2:?--prefix needs a folder}; shift 2 ;;
        --uninstall) uninstall=yes; shift ;;
        *) echo "Options: --prefix FOLDER (~/.local unless given), --uninstall" >&2; exit 2 ;;
    esac
done
mkdir -p "$prefix"
prefix=$(cd "$prefix" && pwd)
list=$prefix/lib/cnnstudio/installed-files.txt

refresh() {
    for command in "update-desktop-database -q $prefix/share/applications" "update-mime-database $prefix/share/mime" \
        "gtk-update-icon-cache -q -t $prefix/share/icons/hicolor"; do
        program=${command%% *}
        # Menus are refreshed where the desktop can; the program works without.
        if command -v "$program" >/dev/null 2>&1 && [ "$prefix" = "${prefix#* }" ]; then $command >/dev/null 2>&1 || true; fi
    done
}

remove() {
    [ -f "$list" ] || return 0
    while IFS= read -r file; do rm -f "$prefix/$file"; done <"$list"
    # Folders that nothing else is in go, too; the list stands in one that still has files.
    while IFS= read -r file; do (cd "$prefix" && rmdir -p "${file%/*}" 2>/dev/null) || true; done <"$list"
    rm -rf "$prefix/lib/cnnstudio"
    (cd "$prefix" && rmdir -p lib 2>/dev/null) || true
}

if [ "$uninstall" = yes ]; then
    [ -f "$list" ] || { echo "There is no CNN Studio in $prefix." >&2; exit 1; }
    remove
    refresh
    echo "CNN Studio is removed from $prefix. What is yours stays: your projects, ~/.config/cnnstudio,"
    echo "~/.cache/cnnstudio, ~/.local/state/cnnstudio and, with the libraries that were added,"
    echo "~/.local/share/cnnstudio, which may be deleted."
    exit 0
fi
[ -d "$here/usr/lib/cnnstudio" ] || { echo "The archive is incomplete: $here/usr/lib/cnnstudio is missing." >&2; exit 1; }
remove
(cd "$here/usr" && find . ! -type d ! -path './lib/cnnstudio/*' | sed 's|^\./||') >"$here/installed-files.txt"
cp -R -P "$here/usr/." "$prefix/"
cp "$here/installed-files.txt" "$list"
program=$(printf '%s\n' "$prefix/bin/cnnstudio-gui" | sed 's/[&|\\]/\\&/g')
sed -i "s|^Exec=cnnstudio-gui|Exec=\"$program\"|; s|^TryExec=.*|TryExec=$program|" "$prefix/share/applications/cnnstudio.desktop"
refresh
echo "CNN Studio is installed in $prefix. Start it from the menu, or: $prefix/bin/cnnstudio-gui"
case ":${PATH:-}:" in *":$prefix/bin:"*) ;; *) echo "$prefix/bin is not in your PATH." ;; esac
