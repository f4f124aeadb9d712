"""Pretrained networks of `torchvision.models` in PyTorch source: a base of the program, and torchvision's classifier on it."""

from __future__ import annotations

from typing import Final

PRETRAINED: Final = '''
class WithFc(nn.Module):
    def __init__(self, base, features, num_classes):
        super().__init__()
        self.features = base
        self.fc = nn.Linear(features, num_classes)

    def forward(self, x):
        return self.fc(self.features(x))


class WithLinear(nn.Module):
    def __init__(self, base, features, num_classes):
        super().__init__()
        self.features = base
        self.classifier = nn.Linear(features, num_classes)

    def forward(self, x):
        return self.classifier(self.features(x))


class WithDropout(nn.Module):
    def __init__(self, base, features, num_classes):
        super().__init__()
        self.features = base
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(features, num_classes))

    def forward(self, x):
        return self.classifier(self.features(x))


class WithNorm(nn.Module):
    def __init__(self, base, features, num_classes):
        super().__init__()
        self.features = base
        self.classifier = nn.Sequential(nn.LayerNorm(features, eps=1e-6), nn.Flatten(1), nn.Linear(features, num_classes))

    def forward(self, x):
        return self.classifier(self.features(x))


class WithRows(nn.Module):
    def __init__(self, base, features, num_classes):
        super().__init__()
        self.features = base
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(nn.Linear(25088, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(),
                                        nn.Dropout(), nn.Linear(4096, num_classes))

    def forward(self, x):
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))
'''
HEADS: Final = {"resnet": "WithFc", "inception": "WithFc", "densenet": "WithLinear", "mobilenet": "WithDropout",
                "efficientnet": "WithDropout", "convnext": "WithNorm", "vgg": "WithRows"}
"""The class with the classifier of torchvision, by the first letters of a network's name."""
