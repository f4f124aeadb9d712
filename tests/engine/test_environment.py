"""The backend of a child process."""

import gc

import tensorflow as tf

from cnnstudio.engine import environment


def test_a_collection_of_garbage_does_not_go_through_the_libraries():
    assert gc.get_freeze_count() > 100_000


def test_operations_do_not_run_at_once_where_equal_seeds_must_give_equal_numbers():
    """With operations at once, a training of a base differed in the last digits on a busy computer. (The session's fixture
    has set up this process.)"""
    assert environment.is_deterministic()
    assert tf.config.threading.get_inter_op_parallelism_threads() == 1
