#!/bin/sh
# Says what stays. dpkg calls it with a word, rpm with the number of versions that are left.
set -e
case "$1" in
    remove | 0)
        echo "CNN Studio is removed. What is yours stays: your projects, and in each user's home"
        echo ".config/cnnstudio, .cache/cnnstudio, .local/state/cnnstudio and, with the libraries that were added,"
        echo ".local/share/cnnstudio, which may be deleted."
        ;;
esac
