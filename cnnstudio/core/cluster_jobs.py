"""The job that prepares the pictures of a run and puts them into the shared storage of a cluster."""

from __future__ import annotations

from typing import ClassVar

from cnnstudio.core.jobs import JobSpec


class SharePictures(JobSpec, frozen=True, kw_only=True):
    """Prepare the pictures of the run in `run_folder`, send those shards to `storage` that are not there yet, and write the
    catalogue of all into the run. Its Finished has "pictures", "shards", "bytes" (all) and "sent" (bytes)."""

    function: ClassVar[str] = "cluster.sharing:share_pictures"
    needs_keras: ClassVar[bool] = False

    run_folder: str
    storage: str
