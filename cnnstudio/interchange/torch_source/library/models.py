"""`torchvision.models` in PyTorch source: the networks that courses and tutorials take from there."""

from __future__ import annotations

from typing import Final

RESNET: Final = '''
class BasicBlock(nn.Module):
    def __init__(self, inputs, planes, stride, groups, width):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, planes, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.downsample = shortcut(inputs, planes, stride)

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return self.relu(y + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    def __init__(self, inputs, planes, stride, groups, width):
        super().__init__()
        inner = int(planes * width / 64) * groups
        self.conv1 = nn.Conv2d(inputs, inner, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride, 1, groups=groups, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = nn.Conv2d(inner, planes * 4, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(planes * 4)
        self.relu = nn.ReLU()
        self.downsample = shortcut(inputs, planes * 4, stride)

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return self.relu(y + (x if self.downsample is None else self.downsample(x)))


def shortcut(inputs, outputs, stride):
    if stride == 1 and inputs == outputs:
        return None
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))


class ResNet(nn.Module):
    def __init__(self, block, expansion, counts, num_classes, groups=1, width=64):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        inputs = 64
        for stage, count in enumerate(counts):
            planes = 64 * 2 ** stage
            blocks = []
            for place in range(count):
                blocks.append(block(inputs, planes, 2 if stage and not place else 1, groups, width))
                inputs = planes * expansion
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(inputs, num_classes)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


def resnet18(weights=None, progress=True, num_classes=1000, pretrained=False):
    return ResNet(BasicBlock, 1, (2, 2, 2, 2), num_classes)


def resnet34(weights=None, progress=True, num_classes=1000, pretrained=False):
    return ResNet(BasicBlock, 1, (3, 4, 6, 3), num_classes)


def resnet50(weights=None, progress=True, num_classes=1000, pretrained=False):
    return ResNet(Bottleneck, 4, (3, 4, 6, 3), num_classes)


def resnet101(weights=None, progress=True, num_classes=1000, pretrained=False):
    return ResNet(Bottleneck, 4, (3, 4, 23, 3), num_classes)


def resnet152(weights=None, progress=True, num_classes=1000, pretrained=False):
    return ResNet(Bottleneck, 4, (3, 8, 36, 3), num_classes)


def resnext50_32x4d(weights=None, progress=True, num_classes=1000, pretrained=False):
    return ResNet(Bottleneck, 4, (3, 4, 6, 3), num_classes, 32, 4)


def wide_resnet50_2(weights=None, progress=True, num_classes=1000, pretrained=False):
    return ResNet(Bottleneck, 4, (3, 4, 6, 3), num_classes, 1, 128)
'''
VGG: Final = '''
class VGG(nn.Module):
    def __init__(self, stages, norm, num_classes):
        super().__init__()
        layers, inputs = [], 3
        for count, width in zip(stages, (64, 128, 256, 512, 512)):
            for _ in range(count):
                layers.append(nn.Conv2d(inputs, width, 3, padding=1))
                if norm:
                    layers.append(nn.BatchNorm2d(width))
                layers.append(nn.ReLU())
                inputs = width
            layers.append(nn.MaxPool2d(2, 2))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(nn.Linear(25088, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(),
                                        nn.Dropout(), nn.Linear(4096, num_classes))

    def forward(self, x):
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))


def vgg11(weights=None, progress=True, num_classes=1000, pretrained=False):
    return VGG((1, 1, 2, 2, 2), False, num_classes)


def vgg13(weights=None, progress=True, num_classes=1000, pretrained=False):
    return VGG((2, 2, 2, 2, 2), False, num_classes)


def vgg16(weights=None, progress=True, num_classes=1000, pretrained=False):
    return VGG((2, 2, 3, 3, 3), False, num_classes)


def vgg19(weights=None, progress=True, num_classes=1000, pretrained=False):
    return VGG((2, 2, 4, 4, 4), False, num_classes)


def vgg11_bn(weights=None, progress=True, num_classes=1000, pretrained=False):
    return VGG((1, 1, 2, 2, 2), True, num_classes)


def vgg16_bn(weights=None, progress=True, num_classes=1000, pretrained=False):
    return VGG((2, 2, 3, 3, 3), True, num_classes)
'''
OTHERS: Final = '''
class AlexNet(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2), nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(),
            nn.MaxPool2d(3, 2), nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(), nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(),
            nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2))
        self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
        self.classifier = nn.Sequential(nn.Dropout(), nn.Linear(9216, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 4096),
                                        nn.ReLU(), nn.Linear(4096, num_classes))

    def forward(self, x):
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))


def alexnet(weights=None, progress=True, num_classes=1000, pretrained=False):
    return AlexNet(num_classes)


class Fire(nn.Module):
    def __init__(self, inputs, squeeze, expand):
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeeze, 1)
        self.squeeze_activation = nn.ReLU()
        self.expand1x1 = nn.Conv2d(squeeze, expand, 1)
        self.expand1x1_activation = nn.ReLU()
        self.expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1)
        self.expand3x3_activation = nn.ReLU()

    def forward(self, x):
        x = self.squeeze_activation(self.squeeze(x))
        return torch.cat([self.expand1x1_activation(self.expand1x1(x)), self.expand3x3_activation(self.expand3x3(x))], 1)


class SqueezeNet(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 3, 2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True), Fire(64, 16, 64), Fire(128, 16, 64),
            nn.MaxPool2d(3, 2, ceil_mode=True), Fire(128, 32, 128), Fire(256, 32, 128), nn.MaxPool2d(3, 2, ceil_mode=True),
            Fire(256, 48, 192), Fire(384, 48, 192), Fire(384, 64, 256), Fire(512, 64, 256))
        self.classifier = nn.Sequential(nn.Dropout(), nn.Conv2d(512, num_classes, 1), nn.ReLU(), nn.AdaptiveAvgPool2d((1, 1)))

    def forward(self, x):
        return torch.flatten(self.classifier(self.features(x)), 1)


def squeezenet1_1(weights=None, progress=True, num_classes=1000, pretrained=False):
    return SqueezeNet(num_classes)


class InvertedResidual(nn.Module):
    def __init__(self, inputs, outputs, stride, expand):
        super().__init__()
        inner = inputs * expand
        layers = [] if expand == 1 else [Conv2dNormActivation(inputs, inner, 1, activation_layer=nn.ReLU6)]
        layers += [Conv2dNormActivation(inner, inner, 3, stride, groups=inner, activation_layer=nn.ReLU6),
                   nn.Conv2d(inner, outputs, 1, bias=False), nn.BatchNorm2d(outputs)]
        self.conv = nn.Sequential(*layers)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.conv(x) if self.adds else self.conv(x)


class MobileNetV2(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        layers, inputs = [Conv2dNormActivation(3, 32, 3, 2, activation_layer=nn.ReLU6)], 32
        for expand, outputs, count, stride in ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
                                               (6, 160, 3, 2), (6, 320, 1, 1)):
            for place in range(count):
                layers.append(InvertedResidual(inputs, outputs, 1 if place else stride, expand))
                inputs = outputs
        layers.append(Conv2dNormActivation(320, 1280, 1, activation_layer=nn.ReLU6))
        self.features = nn.Sequential(*layers)
        self.last_channel = 1280
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, num_classes))

    def forward(self, x):
        x = nn.functional.adaptive_avg_pool2d(self.features(x), 1)
        return self.classifier(torch.flatten(x, 1))


def mobilenet_v2(weights=None, progress=True, num_classes=1000, pretrained=False):
    return MobileNetV2(num_classes)


class DenseLayer(nn.Module):
    def __init__(self, inputs, growth):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(inputs)
        self.relu1 = nn.ReLU()
        self.conv1 = nn.Conv2d(inputs, 4 * growth, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(4 * growth)
        self.relu2 = nn.ReLU()
        self.conv2 = nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)

    def forward(self, x):
        y = self.conv1(self.relu1(self.norm1(x)))
        return torch.cat([x, self.conv2(self.relu2(self.norm2(y)))], 1)


class DenseNet(nn.Module):
    def __init__(self, counts, growth, width, num_classes):
        super().__init__()
        self.features = nn.Sequential()
        self.features.add_module("conv0", nn.Conv2d(3, width, 7, 2, 3, bias=False))
        self.features.add_module("norm0", nn.BatchNorm2d(width))
        self.features.add_module("relu0", nn.ReLU())
        self.features.add_module("pool0", nn.MaxPool2d(3, 2, 1))
        for stage, count in enumerate(counts, start=1):
            block = nn.Sequential()
            for place in range(1, count + 1):
                block.add_module(f"denselayer{place}", DenseLayer(width, growth))
                width += growth
            self.features.add_module(f"denseblock{stage}", block)
            if stage < len(counts):
                transition = nn.Sequential()
                transition.add_module("norm", nn.BatchNorm2d(width))
                transition.add_module("relu", nn.ReLU())
                transition.add_module("conv", nn.Conv2d(width, width // 2, 1, bias=False))
                transition.add_module("pool", nn.AvgPool2d(2, 2))
                self.features.add_module(f"transition{stage}", transition)
                width //= 2
        self.features.add_module("norm5", nn.BatchNorm2d(width))
        self.classifier = nn.Linear(width, num_classes)

    def forward(self, x):
        x = nn.functional.relu(self.features(x))
        return self.classifier(torch.flatten(nn.functional.adaptive_avg_pool2d(x, (1, 1)), 1))


def densenet121(weights=None, progress=True, num_classes=1000, pretrained=False):
    return DenseNet((6, 12, 24, 16), 32, 64, num_classes)


def densenet169(weights=None, progress=True, num_classes=1000, pretrained=False):
    return DenseNet((6, 12, 32, 32), 32, 64, num_classes)


def densenet201(weights=None, progress=True, num_classes=1000, pretrained=False):
    return DenseNet((6, 12, 48, 32), 32, 64, num_classes)
'''
MODELS: Final = "import torch\nfrom torch import nn\n" + RESNET + VGG + OTHERS
