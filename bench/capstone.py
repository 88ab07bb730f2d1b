# SPDX-License-Identifier: MIT
"""The 2021 capstone's training job, as its author would write it in plain PyTorch.

    capstone.py --data DATA --weights FILE.safetensors [--frozen-statistics] [--threads N]

DATA/{train,valid,test}/<class>/ as torchvision's ImageFolder reads it; three epochs of a new classifier on a
frozen DenseNet-161, validation after each epoch, test accuracy at the end. This is the yardstick for
`ftrain train DATA --recipe capstone`, so it takes no shortcut that its author did not take: every epoch runs
every picture through the network again, and model.train() also puts the frozen network's batch norms into
training mode. --frozen-statistics leaves those in evaluation mode, which is a little faster.
"""
import argparse
import json
import os
import sys
import time
from collections import OrderedDict

import torch
from torch import nn, optim
from torch.utils.data import DataLoader
from torchvision import datasets, models, transforms

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers"))
from engine import read_safetensors  # noqa: E402

EPOCHS, BATCH, LEARNING_RATE = 3, 64, 0.002


def loaders(data):
    normalize = transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    plain = transforms.Compose([transforms.Resize(255), transforms.CenterCrop(224), transforms.ToTensor(),
                                normalize])
    flipped = transforms.Compose([transforms.RandomHorizontalFlip(), *plain.transforms])
    return {split: DataLoader(datasets.ImageFolder(f"{data}/{split}",
                                                   transform=flipped if split == "train" else plain),
                              batch_size=BATCH, shuffle=split == "train")
            for split in ("train", "valid", "test")}


def build_model(weights, classes):
    model = models.densenet161(weights=None)
    model.load_state_dict(read_safetensors(weights), strict=False)
    for parameter in model.parameters():
        parameter.requires_grad = False
    model.classifier = nn.Sequential(OrderedDict([
        ("fc1", nn.Linear(2208, 512)), ("relu1", nn.ReLU()), ("drop1", nn.Dropout(0.2)),
        ("fc2", nn.Linear(512, 256)), ("relu2", nn.ReLU()), ("drop2", nn.Dropout(0.2)),
        ("fc3", nn.Linear(256, classes)), ("output", nn.LogSoftmax(dim=1))]))
    return model


def train_epoch(model, loader, criterion, optimizer, frozen_statistics):
    model.train()
    if frozen_statistics:
        model.features.eval()
    total = 0.0
    for images, labels in loader:
        optimizer.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
    return total / len(loader.dataset)


def evaluate(model, loader, criterion):
    """Mean loss and accuracy."""
    model.eval()
    loss, correct = 0.0, 0
    with torch.no_grad():
        for images, labels in loader:
            output = model(images)
            loss += criterion(output, labels).item() * len(labels)
            correct += (output.argmax(dim=1) == labels).sum().item()
    return loss / len(loader.dataset), correct / len(loader.dataset)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--frozen-statistics", action="store_true")
    parser.add_argument("--threads", type=int, help="default: PyTorch's own choice")
    given = parser.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
    torch.manual_seed(1)

    begin = time.perf_counter()
    data = loaders(given.data)
    model = build_model(given.weights, len(data["train"].dataset.classes))
    criterion = nn.NLLLoss()
    optimizer = optim.Adam(model.classifier.parameters(), lr=LEARNING_RATE)
    for epoch in range(1, EPOCHS + 1):
        train_loss = train_epoch(model, data["train"], criterion, optimizer, given.frozen_statistics)
        valid_loss, accuracy = evaluate(model, data["valid"], criterion)
        print(f"epoch {epoch}/{EPOCHS}: training loss {train_loss:.3f}, validation loss {valid_loss:.3f}, "
              f"validation accuracy {accuracy:.3f}, {time.perf_counter() - begin:.1f} s so far",
              file=sys.stderr)
    _, accuracy = evaluate(model, data["test"], criterion)
    print(json.dumps({"test_accuracy": accuracy, "seconds": time.perf_counter() - begin,
                      "threads": torch.get_num_threads()}))


main()
