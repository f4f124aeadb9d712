"""The Train job: stages of Keras's `fit`, with pause, stop, checkpoints and events."""
