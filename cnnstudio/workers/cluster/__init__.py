"""Training on other machines: the laptop's side speaks HTTP to Ray's Jobs API, and files go over shared storage.

What a window or a command needs, all of it free of Qt, of Keras and of Ray, and blocking (call it in a thread):

- `core.clusters`: `Cluster`, `read_clusters`, `find_cluster`, `keep_cluster`, `remove_cluster`.
- `tokens`: `keep_token(name, token)` tells where it is kept, `read_token`, `forget_token`.
- `checking`: `check_cluster(cluster)` gives a `ClusterReport`: reachable, versions, hosts, problems.
- `training`: `ClusterTraining(run, job, cluster, on_event)` has the interface of a `Supervisor`: it sends the pictures,
  submits the job and follows it.
- `following`: `ClusterFollower(run, on_event)` attaches to a job that is there already; the same interface. `detach` leaves
  the job alone.
- `listing`: `list_jobs(cluster)` are the jobs of this program there, `stop_job(cluster, id)` ends one.
- `workers.runs.away`: `read_away(run.folder)` tells of a run where it is trained.

A run that is trained elsewhere is an ordinary folder of the project. Its events, checkpoints and model come back into it, so
that tables, plots, evaluation and prediction see it as any other.

On the hosts run `driver` (one a job), `host` (one actor a host) and `mirror` (from a run's folder to the storage).
"""
