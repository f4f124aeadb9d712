"""PyTorch code as people write it. Each makes one network."""

from __future__ import annotations

LENET = '''
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

transform = transforms.Compose([
    transforms.Resize((32, 32)),
    transforms.ToTensor(),
    transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
])
train_set = datasets.ImageFolder("pictures/train", transform=transform)
train_loader = DataLoader(train_set, batch_size=4, shuffle=True, num_workers=2)


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.view(-1, 16 * 5 * 5)
        x = F.relu(self.fc1(x))
        x = F.dropout(F.relu(self.fc2(x)), p=0.25, training=self.training)
        return self.fc3(x)


device = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
net = Net().to(device)
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(net.parameters(), lr=0.001, momentum=0.9)

for epoch in range(12):
    running_loss = 0.0
    for i, data in enumerate(train_loader, 0):
        inputs, labels = data[0].to(device), data[1].to(device)
        optimizer.zero_grad()
        outputs = net(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
print("Finished Training")
'''
RESNET = '''
import torch
from torch import nn, Tensor
from typing import List, Optional, Type


def conv3x3(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel_size=3, stride=stride, padding=1, bias=False)


class BasicBlock(nn.Module):
    expansion: int = 1

    def __init__(self, inplanes, planes, stride=1, downsample=None, norm_layer=None):
        super().__init__()
        norm_layer = norm_layer or nn.BatchNorm2d
        self.conv1 = conv3x3(inplanes, planes, stride)
        self.bn1 = norm_layer(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = conv3x3(planes, planes)
        self.bn2 = norm_layer(planes)
        self.downsample = downsample

    def forward(self, x: Tensor) -> Tensor:
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)


class ResNet(nn.Module):
    def __init__(self, block: Type[BasicBlock], layers: List[int], num_classes: int = 1000):
        super().__init__()
        self.inplanes = 16
        self.conv1 = nn.Conv2d(3, self.inplanes, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(self.inplanes)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = self._make_layer(block, 16, layers[0])
        self.layer2 = self._make_layer(block, 32, layers[1], stride=2)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(32 * block.expansion, num_classes)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")

    def _make_layer(self, block, planes, blocks, stride=1):
        downsample = None
        if stride != 1 or self.inplanes != planes * block.expansion:
            downsample = nn.Sequential(
                nn.Conv2d(self.inplanes, planes * block.expansion, 1, stride, bias=False),
                nn.BatchNorm2d(planes * block.expansion),
            )
        layers = [block(self.inplanes, planes, stride, downsample)]
        self.inplanes = planes * block.expansion
        for _ in range(1, blocks):
            layers.append(block(self.inplanes, planes))
        return nn.Sequential(*layers)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer2(self.layer1(x))
        x = torch.flatten(self.avgpool(x), 1)
        return self.fc(x)


def small_resnet(**kwargs):
    return ResNet(BasicBlock, [2, 2], **kwargs)


model = small_resnet(num_classes=5)
model(torch.randn(1, 3, 64, 64))
'''
INCEPTION = '''
import torch, torch.nn as nn
from collections import OrderedDict


class Inception(nn.Module):
    def __init__(self, inputs, branches=(8, 12, 4)):
        super().__init__()
        self.branches = nn.ModuleList()
        for size, width in zip((1, 3, 5), branches):
            self.branches.append(nn.Conv2d(inputs, width, size, padding="same"))
        self.project = nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), nn.Conv2d(inputs, 6, 1))

    def forward(self, x):
        outputs = [branch(x) for branch in self.branches] + [self.project(x)]
        return torch.cat(outputs, dim=1)


class Gate(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(channels, 4), nn.ReLU(), nn.Linear(4, channels), nn.Sigmoid())

    def forward(self, x):
        b, c, _, _ = x.size()
        return x * self.body(x.mean([2, 3])).view(b, c, 1, 1)


net = nn.Sequential(OrderedDict([
    ("stem", nn.Sequential(nn.Conv2d(1, 16, 3, stride=2, padding=1), nn.LeakyReLU(0.1), nn.AvgPool2d(2))),
    ("inception", Inception(16)),
    ("gate", Gate(30)),
]))
net.add_module("drop", nn.Dropout2d(0.2))
net.add_module("flat", nn.Flatten())
net.add_module("head", nn.Linear(30 * 8 * 8, 4))
net.add_module("soft", nn.LogSoftmax(dim=1))
loss = nn.NLLLoss()
'''
CHAIN = '''
from torch.nn import *
import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--width", type=int, default=12)
parser.add_argument("--no-norm", action="store_true")
args = parser.parse_args()


class Base(Module):
    widths = [8, 16]

    def __init__(self, norm=True):
        super().__init__()
        for index, width in enumerate(self.widths):
            setattr(self, f"conv{index}", Conv2d(3 if index == 0 else self.widths[index - 1], width, 3, padding=1))
        self.norm = BatchNorm2d(self.widths[-1]) if norm else Identity()

    def features(self, x):
        for index in range(len(self.widths)):
            x = getattr(self, f"conv{index}")(x).relu()
        return self.norm(x)


class Net(Base):
    widths = [8, args.width]

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.head = Linear(self.widths[-1], 1)

    def forward(self, x):
        x = self.features(x)
        x = x.permute(0, 2, 3, 1).mean(dim=(1, 2))
        return self.head(x).sigmoid()


net = Net(norm=not args.no_norm)
'''
SAMPLES = {"lenet": LENET, "resnet": RESNET, "inception": INCEPTION, "chain": CHAIN}
