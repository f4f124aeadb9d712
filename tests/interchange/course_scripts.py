"""Training scripts as a course gives them: two of Keras and one of PyTorch. They read the folder "pictures" beside them."""

from __future__ import annotations

KERAS = '''
import matplotlib.pyplot as plt
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

data_dir = "pictures"
IMG = 32
batch_size = 8

train_ds = tf.keras.utils.image_dataset_from_directory(
    data_dir, validation_split=0.25, subset="training", seed=123, image_size=(IMG, IMG), batch_size=batch_size)
val_ds = tf.keras.utils.image_dataset_from_directory(
    data_dir, validation_split=0.25, subset="validation", seed=123, image_size=(IMG, IMG), batch_size=batch_size)
class_names = train_ds.class_names
num_classes = len(class_names)

AUTOTUNE = tf.data.AUTOTUNE
train_ds = train_ds.cache().shuffle(1000).prefetch(buffer_size=AUTOTUNE)
val_ds = val_ds.cache().prefetch(buffer_size=AUTOTUNE)

data_augmentation = keras.Sequential([
    layers.RandomFlip("horizontal", input_shape=(IMG, IMG, 3)),
    layers.RandomRotation(0.1),
    layers.RandomZoom(0.1),
    layers.RandomTranslation(0.1, 0.1, fill_mode="nearest"),
    layers.RandomCrop(30, 30),
])

model = keras.Sequential([
    data_augmentation,
    layers.Rescaling(1. / 255),
    layers.Conv2D(8, 3, padding="same", activation="relu"),
    layers.MaxPooling2D(),
    layers.Conv2D(16, 3, padding="same", activation="relu"),
    layers.MaxPooling2D(),
    layers.Dropout(0.2),
    layers.Flatten(),
    layers.Dense(32, activation="relu"),
    layers.Dense(num_classes),
])
model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.002),
              loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
early = keras.callbacks.EarlyStopping(monitor="val_loss", patience=3, restore_best_weights=True)
history = model.fit(train_ds, validation_data=val_ds, epochs=4, callbacks=[early], class_weight={0: 1.0, 1: 2.0})
plt.plot(history.history["accuracy"])
'''
TRANSFER = '''
from tensorflow import keras
from tensorflow.keras import layers
from tensorflow.keras.applications import MobileNetV2
from tensorflow.keras.preprocessing.image import ImageDataGenerator

train_gen = ImageDataGenerator(rescale=1. / 255, rotation_range=36, width_shift_range=0.2, zoom_range=0.2,
                               horizontal_flip=True, fill_mode="nearest", validation_split=0.2)
train = train_gen.flow_from_directory("pictures", target_size=(96, 96), batch_size=4, class_mode="categorical",
                                      subset="training")
val = train_gen.flow_from_directory("pictures", target_size=(96, 96), batch_size=4, class_mode="categorical",
                                    subset="validation")

base = MobileNetV2(weights="imagenet", include_top=False, input_shape=(96, 96, 3))
base.trainable = False

inputs = keras.Input(shape=(96, 96, 3))
x = base(inputs, training=False)
x = layers.GlobalAveragePooling2D()(x)
x = layers.Dropout(0.3)(x)
outputs = layers.Dense(train.num_classes, activation="softmax")(x)
model = keras.Model(inputs, outputs)

model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
history = model.fit(train, validation_data=val, epochs=2)

base.trainable = True
for layer in base.layers[:-4]:
    layer.trainable = False
schedule = keras.optimizers.schedules.CosineDecay(1e-5, decay_steps=100)
model.compile(keras.optimizers.RMSprop(schedule), loss="categorical_crossentropy", metrics=["accuracy"])
model.fit(train, validation_data=val, epochs=5, initial_epoch=history.epoch[-1])
'''
TORCH = '''
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.utils.data import DataLoader, random_split
from torchvision import datasets, transforms

torch.manual_seed(7)
transform = transforms.Compose([
    transforms.Resize((32, 32)),
    transforms.RandomHorizontalFlip(),
    transforms.RandomRotation(18),
    transforms.ColorJitter(brightness=0.2, contrast=0.1),
    transforms.AutoAugment(),
    transforms.ToTensor(),
    transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
])
dataset = datasets.ImageFolder(root="pictures", transform=transform)
train_size = int(0.75 * len(dataset))
train_set, val_set = random_split(dataset, [train_size, len(dataset) - train_size])
train_loader = DataLoader(train_set, batch_size=8, shuffle=True)
val_loader = DataLoader(val_set, batch_size=8)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, len(dataset.classes))

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = x.view(-1, 16 * 5 * 5)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


device = "cuda" if torch.cuda.is_available() else "cpu"
net = Net().to(device)
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)


def train(epochs):
    for epoch in range(epochs):
        net.train()
        for inputs, labels in train_loader:
            inputs, labels = inputs.to(device), labels.to(device)
            optimizer.zero_grad()
            loss = criterion(net(inputs), labels)
            loss.backward()
            optimizer.step()
        scheduler.step()


train(epochs=5)
torch.save(net.state_dict(), "net.pth")
'''
SCRIPTS = {"keras": KERAS, "transfer": TRANSFER, "torch": TORCH}
