"""Keras code as people write it. Each makes `model`; none needs anything but Keras."""

from __future__ import annotations

SAMPLES = {
    "sequential list": '''
import keras
from keras import layers

num_classes = 10
input_shape = (28, 28, 1)
model = keras.Sequential(
    [
        keras.Input(shape=input_shape),
        layers.Conv2D(32, kernel_size=(3, 3), activation="relu"),
        layers.MaxPooling2D(pool_size=(2, 2)),
        layers.Conv2D(64, kernel_size=(3, 3), activation="relu"),
        layers.MaxPooling2D(pool_size=(2, 2)),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(num_classes, activation="softmax"),
    ]
)
model.summary()
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
''',
    "sequential add": '''
from tensorflow.keras.models import Sequential
from tensorflow.keras.layers import Conv2D, MaxPool2D, Flatten, Dense, Dropout, BatchNormalization
from tensorflow.keras.regularizers import l2

model = Sequential()
model.add(Conv2D(32, (3, 3), padding='same', kernel_regularizer=l2(1e-4), input_shape=(32, 32, 3)))
for filters in [32, 64, 128]:
    for _ in range(2):
        model.add(Conv2D(filters, (3, 3), padding='same', activation='relu', kernel_initializer='he_uniform'))
        model.add(BatchNormalization())
    model.add(MaxPool2D((2, 2)))
    model.add(Dropout(0.1 + filters / 640))
model.add(Flatten())
model.add(Dense(2 ** 7, activation='relu'))
model.add(Dense(10, activation='softmax'))
''',
    "functional with helpers": '''
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers, regularizers

IMAGE = 64
WIDTHS = (16, 32, 64)

def conv_bn(x, filters, kernel=3, stride=1, *, act=True):
    x = layers.Conv2D(filters, kernel, strides=stride, padding="same", use_bias=False,
                      kernel_regularizer=regularizers.L2(5e-4))(x)
    x = layers.BatchNormalization(epsilon=1e-5)(x)
    return layers.ReLU()(x) if act else x

def residual(x, filters, stride=1):
    """A residual block."""
    shortcut = x
    y = conv_bn(x, filters, stride=stride)
    y = conv_bn(y, filters, act=False)
    if stride != 1 or x.shape[-1] != filters:
        shortcut = conv_bn(x, filters, kernel=1, stride=stride, act=False)
    y = layers.add([y, shortcut])
    return layers.Activation("relu")(y)

inputs = keras.Input(shape=(IMAGE, IMAGE, 3), name="photo")
x = conv_bn(inputs, WIDTHS[0])
for number, width in enumerate(WIDTHS):
    x = residual(x, width, stride=1 if number == 0 else 2)
    x = residual(x, width)
x = layers.GlobalAveragePooling2D(name=f"pool_{len(WIDTHS)}")(x)
outputs = layers.Dense(5, activation="softmax", name="answer")(x)
model = keras.Model(inputs=inputs, outputs=outputs, name="small_resnet")
''',
    "tensors and operators": '''
import keras
from keras import layers, ops

start = keras.Input((24, 24, 3))
x = start / 127.5 - 1.0
one = keras.activations.relu(layers.Conv2D(8, 3, padding="same")(x))
two = layers.Conv2D(8, 1)(x)
both = one + two
gate = layers.Dense(8, activation="sigmoid")(layers.GlobalAveragePooling2D(keepdims=True)(both))
x = both * gate
x = ops.relu(x) - two
x = layers.Concatenate()([x, both])
x = ops.mean(x, axis=[1, 2])
model = keras.Model(start, layers.Dense(3)(x))
''',
    "layers bound to names": '''
import keras
conv = keras.layers.Conv2D(4, (3, 3), activation=keras.activations.gelu, name="first")
pool = keras.layers.AveragePooling2D(pool_size=2, strides=2)
flat, head = keras.layers.Flatten(), keras.layers.Dense(units=3, kernel_initializer=keras.initializers.HeNormal(seed=3))
picture = keras.layers.Input((16, 20, 1))
hidden = pool(conv(picture))
model = keras.models.Model(picture, head(flat(hidden)))
''',
    "model class": '''
import keras
from keras import layers

class Block(layers.Layer):
    def __init__(self, filters, **kwargs):
        super().__init__(**kwargs)
        self.conv = layers.Conv2D(filters, 3, padding="same")
        self.norm = layers.BatchNormalization()

    def call(self, inputs, training=None):
        return keras.ops.relu(self.norm(self.conv(inputs), training=training))

class Net(keras.Model):
    def __init__(self, classes=4):
        super().__init__()
        self.blocks = [Block(8 * 2 ** i) for i in range(3)]
        self.pool = layers.MaxPooling2D()
        self.head = keras.Sequential([layers.GlobalMaxPooling2D(), layers.Dense(classes, activation="softmax")])

    def call(self, x):
        for block in self.blocks:
            x = self.pool(block(x))
        return self.head(x)

model = Net()
model.build((None, 32, 32, 3))
''',
    "inception": '''
import keras
L = keras.layers

def inception(x, a, b, c):
    ways = [
        L.Conv2D(a, 1, padding="same", activation="relu")(x),
        L.Conv2D(b[1], 3, padding="same", activation="relu")(L.Conv2D(b[0], 1, activation="relu")(x)),
        L.Conv2D(c, 1, activation="relu")(L.MaxPooling2D(3, strides=1, padding="same")(x)),
    ]
    return L.concatenate(ways, axis=-1)

inp = keras.Input(shape=(40, 40, 3))
x = L.Rescaling(1.0 / 255)(inp)
x = L.ZeroPadding2D(((3, 3), (3, 3)))(x)
x = L.Conv2D(16, 7, 2, "valid")(x)
x = L.LeakyReLU(negative_slope=0.1)(x)
for a, b, c in [(8, (4, 8), 4), (16, (8, 16), 8)]:
    x = inception(x, a, b, c)
    x = L.SpatialDropout2D(0.1)(x)
x = L.GlobalAvgPool2D()(x)
x = L.Dense(32)(x)
x = L.PReLU()(x)
out = L.Dense(6, activation="softmax")(x)
model = keras.Model(inp, out)
model.compile(optimizer=keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
              loss=keras.losses.SparseCategoricalCrossentropy())
''',
    "models in models": '''
import keras
from keras import layers

encoder_input = keras.Input((32, 32, 1), name="img")
x = layers.Conv2D(8, 3, activation="relu")(encoder_input)
x = layers.MaxPooling2D(2)(x)
encoder = keras.Model(encoder_input, x, name="encoder")
head = keras.Sequential(name="head")
head.add(layers.DepthwiseConv2D(3, depth_multiplier=2))
head.add(layers.SeparableConv2D(12, 3))
head.add(layers.Flatten())
picture = keras.Input((32, 32, 1))
model = keras.Sequential([picture, encoder, head, layers.Dense(2, "softmax")])
''',
    "attention": '''
import keras
from keras import layers
inputs = keras.Input((16, 16, 3))
x = layers.Conv2D(32, 4, strides=4)(inputs)
x = layers.Reshape((-1, 32))(x)
for _ in range(2):
    y = layers.LayerNormalization(epsilon=1e-6)(x)
    y = layers.MultiHeadAttention(4, key_dim=8, dropout=0.1)(y, y)
    x = layers.Add()([x, y])
    y = layers.Dense(64, activation=keras.activations.gelu)(layers.LayerNormalization()(x))
    x = x + layers.Dense(32)(y)
x = layers.Flatten()(x)
model = keras.Model(inputs, layers.Dense(4)(x))
''',
    "constraints and numbers": '''
import math
import keras
from keras.constraints import MaxNorm
from keras.initializers import RandomNormal, VarianceScaling
side, depth = 3 * 8, 2
width = max(4, math.ceil(side / 5))
names = [f"conv_{i:02d}" for i in range(depth)]
settings = dict(padding="same", kernel_initializer=RandomNormal(mean=0.0, stddev=0.02))
model = keras.Sequential()
model.add(keras.layers.InputLayer(shape=(side, side, 3)))
for i, name in enumerate(names):
    model.add(keras.layers.Conv2D(width << i if False else width * 2 ** i, 5 // 2 + 1, name=name, **settings))
    if i % 2 == 0:
        model.add(keras.layers.MaxPooling2D())
    else:
        continue
model.add(keras.layers.Flatten())
model.add(keras.layers.Dense(10, kernel_constraint=MaxNorm(3), bias_initializer="ones",
                             kernel_initializer=VarianceScaling(2.0, "fan_out", "uniform")))
model.add(keras.layers.Dense(2, activation="softmax", activity_regularizer=keras.regularizers.L1L2(1e-5, 1e-4)))
''',
    "layers as activations": '''
import keras
model = keras.Sequential([
    keras.Input((12, 12, 3)),
    keras.layers.Conv2D(4, 3, activation=keras.layers.LeakyReLU(negative_slope=0.2)),
    keras.layers.Cropping2D(1),
    keras.layers.UpSampling2D(2),
    keras.layers.Conv2DTranspose(5, 3, strides=2, padding="same"),
    keras.layers.Permute((2, 1, 3)),
    keras.layers.GlobalAveragePooling2D(),
    keras.layers.Dense(3, activation="swish"),
])
''',
    "lambda and shapes": '''
import keras
from keras import layers
x = i = keras.Input((8, 8, 3))
x = layers.Lambda(lambda t: t / 255.0)(x)
x = layers.Conv2D(4, 3)(x)
h, w, c = x.shape[1:]
x = layers.Reshape((h * w, c))(x)
x = layers.Permute((2, 1))(x)
x = layers.Flatten()(x)
model = keras.Model(i, layers.Dense(c // 2, activation="softmax")(x))
''',
    "feature extractor": '''
import keras
from keras import layers
base = keras.applications.MobileNetV2(input_shape=(64, 64, 3), include_top=False, weights=None)
base.trainable = False
inputs = keras.Input(shape=(64, 64, 3))
x = keras.applications.mobilenet_v2.preprocess_input(inputs)
x = base(x, training=False)
x = layers.GlobalAveragePooling2D()(x)
x = layers.Dropout(0.2)(x)
outputs = layers.Dense(3, activation="softmax")(x)
model = keras.Model(inputs, outputs)
''',
    "base in a sequential": '''
from keras.applications.vgg16 import VGG16
from keras import models, layers
conv_base = VGG16(weights=None, include_top=False, input_shape=(48, 48, 3))
set_trainable = False
for layer in conv_base.layers:
    if layer.name == "block5_conv1":
        set_trainable = True
    layer.trainable = set_trainable
model = models.Sequential()
model.add(conv_base)
model.add(layers.Flatten())
model.add(layers.Dense(16, activation="relu"))
model.add(layers.Dense(1, activation="sigmoid"))
''',
    "base by its ends": '''
import keras
base = keras.applications.ResNet50(include_top=False, weights=None, pooling="avg", input_shape=(64, 64, 3))
x = keras.layers.Dense(8, activation="relu")(base.output)
model = keras.Model(inputs=base.input, outputs=keras.layers.Dense(4, activation="softmax")(x))
for layer in base.layers[:-10]:
    layer.trainable = False
''',
}
"""By name."""
