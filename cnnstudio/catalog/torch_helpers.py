"""PyTorch modules that PyTorch itself does not have, as source: those that a network needs are printed with it.

The order of this file is that of the printed code.
"""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.torch_form import Helper

CHANNELS_LAST: Final = Helper("ChannelsLast", '''\
class ChannelsLast(nn.Module):
    """Applies a module along the channels of pictures, which Keras keeps last."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, x):
        return self.module(x.movedim(1, -1)).movedim(-1, 1)
''')

CHANNELS_SECOND: Final = Helper("ChannelsSecond", '''\
class ChannelsSecond(nn.Module):
    """Applies a module that wants the channels second to a list of places (batch, places, channels)."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, x):
        return self.module(x.movedim(-1, 1)).movedim(1, -1)
''')

RESCALING: Final = Helper("Rescaling", '''\
class Rescaling(nn.Module):
    """x * scale + offset; numbers for all, or one for each channel."""

    def __init__(self, scale, offset=0.0, axes=2):
        super().__init__()
        for name, value in (("scale", scale), ("offset", offset)):
            value = torch.tensor(value)
            value = value.reshape(-1, *[1] * axes) if value.dim() else value
            self.register_buffer(name, value, persistent=False)

    def forward(self, x):
        return x * self.scale + self.offset
''')

FLATTEN: Final = Helper("Flatten", '''\
class Flatten(nn.Module):
    """Lays all values in a row, the channels of a place side by side, as Keras does."""

    def forward(self, x):
        return x.movedim(1, -1).flatten(1)
''')

RESHAPE: Final = Helper("Reshape", '''\
class Reshape(nn.Module):
    """Reads the values in another shape, given without the batch and with the channels last, as Keras does."""

    def __init__(self, *shape):
        super().__init__()
        self.shape = shape

    def forward(self, x):
        x = x.movedim(1, -1) if x.dim() == 4 else x
        x = x.reshape(len(x), *self.shape)
        return x.movedim(-1, 1) if x.dim() == 4 else x
''')

PERMUTE: Final = Helper("Permute", '''\
class Permute(nn.Module):
    """Puts the axes in another order, counted from 1 with the channels last, as Keras does."""

    def __init__(self, *dims):
        super().__init__()
        self.dims = dims

    def forward(self, x):
        x = x.movedim(1, -1) if x.dim() == 4 else x
        x = x.permute(0, *self.dims)
        return x.movedim(-1, 1) if x.dim() == 4 else x
''')

REPEAT: Final = Helper("Repeat", '''\
class Repeat(nn.Module):
    """(batch, units) to (batch, n, units)."""

    def __init__(self, n):
        super().__init__()
        self.n = n

    def forward(self, x):
        return x.unsqueeze(1).expand(-1, self.n, -1)
''')

CROP: Final = Helper("Crop", '''\
class Crop(nn.Module):
    """Cuts rows and columns off."""

    def __init__(self, above, below, left, right):
        super().__init__()
        self.cut = (above, below, left, right)

    def forward(self, x):
        above, below, left, right = self.cut
        return x[:, :, above:x.shape[2] - below, left:x.shape[3] - right]
''')

AVERAGE_POOL: Final = Helper("AveragePool", '''\
class AveragePool(nn.Module):
    """The mean of each window, of which only what lies inside the picture counts."""

    def __init__(self, borders, size, stride=None):
        super().__init__()
        self.borders, self.size, self.stride = borders, size, stride

    def forward(self, x):
        inside = torch.ones_like(x[:1, :1])
        total, share = (F.avg_pool2d(F.pad(each, self.borders), self.size, self.stride) for each in (x, inside))
        return total / share
''')

ENLARGE: Final = Helper("Enlarge", '''\
class Enlarge(nn.Module):
    """Enlarges by whole factors with the weights that TensorFlow uses: each row and column as a sum of its neighbours."""

    def __init__(self, factors, kernel):
        super().__init__()
        self.factors, self.kernel = factors, kernel

    def forward(self, x):
        down, across = (self.weights(size, factor).to(x) for size, factor in zip(x.shape[2:], self.factors))
        return down @ x @ across.T

    def weights(self, size, factor):
        """(size * factor, size): the share of each old place in each new one; what lies outside has none."""
        places = (torch.arange(size * factor) + 0.5) / factor - 0.5
        distance = (torch.arange(size) - places[:, None]).abs()
        if self.kernel == "bicubic":
            # Keys's kernel with a = -0.5; TensorFlow looks it up in a table of 1024 steps.
            lower = places.floor()
            places = lower + ((places - lower) * 1024).round() / 1024
            d = (torch.arange(size) - places[:, None]).abs()
            weights = torch.where(d <= 1, (1.5 * d - 2.5) * d * d + 1, ((-0.5 * d + 2.5) * d - 4) * d + 2) * (d < 2)
        else:
            radius = {"lanczos3": 3.0, "lanczos5": 5.0}[self.kernel]
            weights = torch.sinc(distance) * torch.sinc(distance / radius) * (distance < radius)
        return weights / weights.sum(1, keepdim=True)
''')

UNIT_LENGTH: Final = Helper("UnitLength", '''\
class UnitLength(nn.Module):
    """Scales the channels of every place to length 1."""

    def __init__(self, dim):
        super().__init__()
        self.dim = dim

    def forward(self, x):
        return F.normalize(x, dim=self.dim, eps=1e-6)
''')

DROP_PICTURE: Final = Helper("DropPicture", '''\
class DropPicture(nn.Module):
    """Sets whole pictures of a batch to nought while training, and lifts the others."""

    def __init__(self, rate):
        super().__init__()
        self.rate = rate

    def forward(self, x):
        if not self.training:
            return x
        stays = torch.rand(len(x), *[1] * (x.dim() - 1), device=x.device) >= self.rate
        return x * stays / (1 - self.rate)
''')

GAUSSIAN_DROPOUT: Final = Helper("GaussianDropout", '''\
class GaussianDropout(nn.Module):
    """Multiplies with random numbers around 1 while training."""

    def __init__(self, rate):
        super().__init__()
        self.deviation = (rate / (1 - rate)) ** 0.5

    def forward(self, x):
        return x * (1 + self.deviation * torch.randn_like(x)) if self.training else x
''')

GAUSSIAN_NOISE: Final = Helper("GaussianNoise", '''\
class GaussianNoise(nn.Module):
    """Adds random numbers around 0 while training."""

    def __init__(self, deviation):
        super().__init__()
        self.deviation = deviation

    def forward(self, x):
        return x + self.deviation * torch.randn_like(x) if self.training else x
''')

ACTIVITY_PENALTY: Final = Helper("ActivityPenalty", '''\
class ActivityPenalty(nn.Module):
    """Hands its input on and keeps what large activities cost: penalties(model) adds them up for the loss."""

    def __init__(self, l1, l2):
        super().__init__()
        self.l1, self.l2, self.penalty = l1, l2, 0.0

    def forward(self, x):
        self.penalty = (self.l1 * x.abs().sum() + self.l2 * x.square().sum()) / len(x)
        return x
''')

BENT_RELU: Final = Helper("BentReLU", '''\
class BentReLU(nn.Module):
    """A ReLU with a largest value, a slope for what is below the threshold, and that threshold."""

    def __init__(self, max_value, negative_slope, threshold):
        super().__init__()
        self.max_value, self.negative_slope, self.threshold = max_value, negative_slope, threshold

    def forward(self, x):
        kept = x * (x > self.threshold)
        kept = kept if self.max_value is None else kept.clamp(0.0, self.max_value)
        return kept - self.negative_slope * F.relu(self.threshold - x)
''')

PLACED_PRELU: Final = Helper("PlacedPReLU", '''\
class PlacedPReLU(nn.Module):
    """A leaky ReLU that learns a slope for every place."""

    def __init__(self, shape):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(shape))

    def forward(self, x):
        return F.relu(x) - self.weight * F.relu(-x)
''')

SQUAREPLUS: Final = Helper("Squareplus", '''\
class Squareplus(nn.Module):
    def forward(self, x):
        return (x + (x.square() + 4).sqrt()) / 2
''')

SPARSE_PLUS: Final = Helper("SparsePlus", '''\
class SparsePlus(nn.Module):
    def forward(self, x):
        return torch.where(x <= -1, torch.zeros_like(x), torch.where(x < 1, (x + 1).square() / 4, x))
''')

SPARSE_SIGMOID: Final = Helper("SparseSigmoid", '''\
class SparseSigmoid(nn.Module):
    def forward(self, x):
        return ((x + 1) / 2).clamp(0.0, 1.0)
''')

EXPONENTIAL: Final = Helper("Exponential", '''\
class Exponential(nn.Module):
    def forward(self, x):
        return x.exp()
''')

SPARSEMAX: Final = Helper("Sparsemax", '''\
class Sparsemax(nn.Module):
    """Sparsemax as Keras computes it: its threshold adds up the running totals (arxiv.org/abs/1602.02068 the values)."""

    def __init__(self, dim):
        super().__init__()
        self.dim = dim

    def forward(self, x):
        x = x.movedim(self.dim, -1)
        ordered = x.sort(dim=-1, descending=True).values
        total = ordered.cumsum(-1)
        rank = torch.arange(1, x.shape[-1] + 1, device=x.device)
        support = ordered - (total - 1) / rank > 0
        threshold = ((total * support).sum(-1, keepdim=True) - 1) / support.sum(-1, keepdim=True)
        return (x - threshold).clamp_min(0.0).movedim(-1, self.dim)
''')

MULTI_HEAD_ATTENTION: Final = Helper("MultiHeadAttention", '''\
class MultiHeadAttention(nn.Module):
    """Every place gathers from all places what resembles its question, in several heads."""

    def __init__(self, query_size, looked_at_size, heads, key_size, value_size, dropout=0.0, bias=True):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.query = nn.Linear(query_size, heads * key_size, bias=bias)
        self.key = nn.Linear(looked_at_size, heads * key_size, bias=bias)
        self.value = nn.Linear(looked_at_size, heads * value_size, bias=bias)
        self.output = nn.Linear(heads * value_size, query_size, bias=bias)

    def forward(self, x, looked_at=None):
        asking, asked = (self.places(each) for each in (x, x if looked_at is None else looked_at))
        query, key, value = (self.apart(each) for each in (self.query(asking), self.key(asked), self.value(asked)))
        found = F.scaled_dot_product_attention(query, key, value, dropout_p=self.dropout if self.training else 0.0)
        found = self.output(found.transpose(1, 2).flatten(2))
        return found.movedim(-1, 1).reshape(x.shape) if x.dim() == 4 else found

    def places(self, x):
        """A picture as a list of its places (batch, places, channels)."""
        return x.flatten(2).movedim(1, -1) if x.dim() == 4 else x

    def apart(self, x):
        """(batch, heads, places, size)."""
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)
''')

ATTENTION: Final = Helper("Attention", '''\
class Attention(nn.Module):
    """Places are compared as they are: softmax(query . value) . value."""

    def __init__(self, use_scale=False, concat=False, dropout=0.0):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(1.0)) if use_scale else None
        self.concat_weight = nn.Parameter(torch.tensor(1.0)) if concat else None
        self.dropout = dropout

    def forward(self, query, value=None):
        value = query if value is None else value
        scale = 1.0 if self.scale is None else self.scale
        if self.concat_weight is None:
            scores = query @ value.transpose(1, 2) * scale
        else:
            scores = self.concat_weight * torch.tanh(scale * (query.unsqueeze(2) + value.unsqueeze(1))).sum(-1)
        return F.dropout(scores.softmax(-1), self.dropout, self.training) @ value
''')

DOT: Final = Helper("dot", '''\
def dot(a, b, axes, normalize=False):
    """Multiplies along one axis of each and adds up; axes are counted from 1 without the batch."""
    if normalize:
        a, b = F.normalize(a, dim=axes[0], eps=1e-6), F.normalize(b, dim=axes[1], eps=1e-6)
    rows, columns = a.dim() == 3, b.dim() == 3
    a, b = a.movedim(axes[0], -1), b.movedim(axes[1], 1)
    found = (a if rows else a.unsqueeze(1)) @ (b if columns else b.unsqueeze(-1))
    if rows and columns:
        return found
    return found.squeeze(-1) if rows else found.squeeze(1)
''')

MISSING: Final = Helper("Missing", '''\
class Missing(nn.Module):
    """Stands for a layer that has no counterpart here: write it before you use the network."""

    def __init__(self, name):
        super().__init__()
        self.name = name

    def forward(self, *inputs):
        raise NotImplementedError(f"There is no PyTorch counterpart of the layer {self.name}.")
''')

HELPERS: Final = (
    CHANNELS_LAST, CHANNELS_SECOND, RESCALING, FLATTEN, RESHAPE, PERMUTE, REPEAT, CROP, AVERAGE_POOL, ENLARGE,
    UNIT_LENGTH, DROP_PICTURE, GAUSSIAN_DROPOUT, GAUSSIAN_NOISE, ACTIVITY_PENALTY, BENT_RELU, PLACED_PRELU,
    SQUAREPLUS, SPARSE_PLUS, SPARSE_SIGMOID, EXPONENTIAL, SPARSEMAX, MULTI_HEAD_ATTENTION, ATTENTION, DOT, MISSING,
)


def along_channels(module: str, rank: int, *helpers: Helper) -> tuple[str, str, tuple[Helper, ...]]:
    """(code, prefix of its state's keys, helpers) of a module that works along the last axis, on channels wherever they are."""
    if rank == 3:
        return f"ChannelsLast({module})", "module.", (CHANNELS_LAST, *helpers)
    return module, "", helpers


def channels_second(module: str, rank: int) -> tuple[str, str, tuple[Helper, ...]]:
    """The same for a module that wants the channels second, as in pictures."""
    return (f"ChannelsSecond({module})", "module.", (CHANNELS_SECOND,)) if rank == 2 else (module, "", ())
