"""Keras's metrics as functions of PyTorch, for the printed script.

`answers` are probabilities and `truth` whole one-hot labels: (pictures, classes), or (pictures, 1) for two classes.
"""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.torch_form import Helper

ACCURACY: Final = Helper("accuracy", '''\
def accuracy(answers, truth):
    """The share of right answers."""
    if answers.shape[1] == 1:
        return ((answers > 0.5) == (truth > 0.5)).float().mean().item()
    return (answers.argmax(1) == truth.argmax(1)).float().mean().item()
''')
TOP_K: Final = Helper("top_k_accuracy", '''\
def top_k_accuracy(answers, truth, k):
    """The share of the pictures whose class is among the k most probable."""
    best = answers.topk(min(k, answers.shape[1]), 1).indices
    return (best == truth.argmax(1, keepdim=True)).any(1).float().mean().item()
''')
CONFUSION: Final = Helper("confusion", '''\
def confusion(answers, truth, threshold, top_k, class_id):
    """Numbers of true positives, false positives and false negatives, counted as Keras does."""
    chosen = answers > (0.5 if threshold is None else threshold)
    if top_k is not None:
        best = torch.zeros_like(answers, dtype=torch.bool)
        best.scatter_(1, answers.topk(min(top_k, answers.shape[1]), 1).indices, True)
        chosen = best if threshold is None else best & chosen
    right = truth > 0.5
    if class_id is not None:
        chosen, right = chosen[:, class_id], right[:, class_id]
    return (chosen & right).sum().item(), (chosen & ~right).sum().item(), (~chosen & right).sum().item()
''')
PRECISION: Final = Helper("precision", '''\
def precision(answers, truth, threshold, top_k, class_id):
    """The share of right ones among the answers."""
    hits, false, _missed = confusion(answers, truth, threshold, top_k, class_id)
    return hits / max(1, hits + false)
''')
RECALL: Final = Helper("recall", '''\
def recall(answers, truth, threshold, top_k, class_id):
    """The share of the pictures whose class was answered."""
    hits, _false, missed = confusion(answers, truth, threshold, top_k, class_id)
    return hits / max(1, hits + missed)
''')
F1: Final = Helper("f1_score", '''\
def f1_score(answers, truth, average, threshold):
    """The harmonic mean of precision and recall, as keras.metrics.F1Score gives it."""
    if threshold is None and answers.shape[1] > 1:
        chosen = (answers >= answers.max(1, keepdim=True).values) & (answers.abs() > 1e-9)
    else:
        chosen = answers > (0.5 if threshold is None else threshold)
    chosen, axis = chosen.float(), None if average == "micro" else 0
    hits, false, missed = ((one * other).sum(axis) for one, other in (
        (chosen, truth), (chosen, 1 - truth), (1 - chosen, truth)))
    precision, recall = hits / (hits + false + 1e-7), hits / (hits + missed + 1e-7)
    score = 2 * precision * recall / (precision + recall + 1e-7)
    if average == "weighted":
        return (score * truth.sum(0) / (truth.sum() + 1e-7)).sum().item()
    return score.mean().item()
''')
AUC: Final = Helper("auc", '''\
def auc(answers, truth, curve, num_thresholds, multi_label):
    """The area under a curve through the points of evenly spaced thresholds, as keras.metrics.AUC gives it."""
    if multi_label and answers.shape[1] > 1:
        areas = [auc(answers[:, [number]], truth[:, [number]], curve, num_thresholds, False)
                 for number in range(answers.shape[1])]
        return sum(areas) / len(areas)
    answers, right = answers.reshape(-1), truth.reshape(-1) > 0.5
    inner = [number / (num_thresholds - 1) for number in range(1, num_thresholds - 1)]
    chosen = [answers > threshold for threshold in [-1e-7, *inner, 1 + 1e-7]]
    hits = torch.stack([(each & right).sum() for each in chosen]).double()
    false = torch.stack([(each & ~right).sum() for each in chosen]).double()
    positive, negative = right.sum().double().clamp(min=1), (~right).sum().double().clamp(min=1)
    if curve == "ROC":
        x, y = false / negative, hits / positive
        return ((x[:-1] - x[1:]) * (y[:-1] + y[1:]) / 2).sum().item()
    given = hits + false
    more_hits, more = hits[:-1] - hits[1:], given[:-1] - given[1:]
    slope = torch.where(more > 0, more_hits / more.clamp(min=1), 0.0)
    offset = hits[1:] - slope * given[1:]
    ratio = torch.where((given[:-1] > 0) & (given[1:] > 0), given[:-1] / given[1:].clamp(min=1), 1.0)
    return (slope * (more_hits + offset * ratio.log()) / positive).sum().item()
''')
