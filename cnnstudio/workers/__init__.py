"""Child processes: transport, supervisor, messages, and the folders of runs."""
