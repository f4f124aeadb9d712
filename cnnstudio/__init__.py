"""CNN Studio: a desktop laboratory for convolutional networks."""

__version__ = "0.2.0"

COMMANDS = ("new", "set", "show", "check", "network", "audit", "decide", "add", "map", "import", "collect", "datasets", "train",
            "runs", "evaluate", "predict", "export", "doctor", "sample", "fetch", "measure", "robustness", "code", "draw",
            "probe", "plan", "augment", "help", "selfcheck", "compare", "find-rate", "find-batch", "forecast", "coach",
            "reproduce", "control", "layers", "calibrate", "shortcuts", "curve", "report", "explain", "features",
            "replay", "scenarios", "exports", "serve", "classes", "learn", "assignment",
            "grade", "search", "cluster", "jobs", "attach", "stop")
"""Words that are commands of the command line; a project opens the window."""
