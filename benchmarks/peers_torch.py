"""The parts of a study as a plain PyTorch script has them; run by peers.py, which says the rest.

By the Python of an environment that has torch and torchvision, and nothing of camseg: pictures read
one by one, the usual loop of training, Grad-CAM picture by picture, Dice in a loop over 256
thresholds. It prints what it took, as JSON.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
import torchvision
from PIL import Image
from torch import nn

clock = time.process_time
# of each network: torchvision's own, and how many of its last children follow the features
NETWORKS = {
    "MobileNetV2": ("mobilenet_v2", 1),
    "DenseNet121": ("densenet121", 1),
    "InceptionV3": ("inception_v3", 3),
    "ResNet50V2": ("resnet50", 2),
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("pictures", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--network", required=True, choices=NETWORKS)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--learning-rate", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--channels-last", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    torch.manual_seed(args.seed)
    layout = torch.channels_last if args.channels_last else torch.contiguous_format

    started = clock()
    paths = sorted(args.pictures.glob("*/*.png"))
    images = np.stack([np.asarray(Image.open(path).convert("RGB"), np.float32) for path in paths])
    inputs = torch.from_numpy(images / 127.5 - 1).permute(0, 3, 1, 2)
    inputs = inputs.contiguous(memory_format=layout)
    taken = {"read": (clock() - started) / len(paths)}
    labels = torch.tensor([int("abnormal" in path.name) for path in paths])
    sides = [path.parent.name for path in paths]
    train, validation = (
        torch.tensor([number for number, side in enumerate(sides) if side == wanted])
        for wanted in ("train", "validation")
    )

    name, after = NETWORKS[args.network]
    options = {"aux_logits": False, "init_weights": True} if name == "inception_v3" else {}
    model = getattr(torchvision.models, name)(weights=None, num_classes=2, **options)
    model = model.to(memory_format=layout)
    optimizer = torch.optim.Adam(model.parameters(), args.learning_rate)
    cost = nn.CrossEntropyLoss()
    ends = []
    for _ in range(args.epochs):
        model.train()
        for part in train.split(args.batch_size):
            optimizer.zero_grad()
            loss = cost(model(inputs[part]), labels[part])
            loss.backward()
            optimizer.step()
            assert loss.item() < float("inf")
            ends.append(clock())
        model.eval()
        with torch.no_grad():
            for part in validation.split(args.batch_size):
                logits = model(inputs[part])
                cost(logits, labels[part]).item()
                (logits.argmax(1) == labels[part]).sum().item()
    torch.save(model.state_dict(), args.output / "model.pt")

    *_, last = model.modules()  # the dense layer
    body = nn.Sequential(*list(model.children())[:-after])
    if name == "densenet121":
        body.append(nn.ReLU())
    cams = np.empty(images.shape[:3], np.uint8)
    marks = [clock()]
    for number in range(len(inputs)):
        features = body(inputs[number : number + 1])
        logits = last(features.mean((2, 3)))
        (gradient,) = torch.autograd.grad(logits[0, 1] - logits[0, 0], features)
        heat = (features * gradient.mean((2, 3), keepdim=True)).sum(1, keepdim=True).detach()
        heat = nn.functional.interpolate(heat, images.shape[1:3], mode="bilinear")[0, 0]
        span = heat.max() - heat.min()
        if span:
            cams[number] = (255 * (heat - heat.min()) / span).round().to(torch.uint8).numpy()
        marks.append(clock())
    with torch.no_grad():  # the network cut at its features is still the network, and its map CAM
        whole = model(inputs[-1:])
        by_head = (features[0] * (last.weight[1] - last.weight[0])[:, None, None]).sum(0)
    mean = by_head.mean() + last.bias[1] - last.bias[0]
    assert torch.allclose(mean, whole[0, 1] - whole[0, 0], rtol=1e-3, atol=1e-4), "is no CAM"

    abnormal = torch.nonzero(labels)[:, 0].tolist()
    masks = [args.pictures.with_name("masks") / paths[number].name for number in abnormal]
    lesions = [torch.from_numpy(np.array(Image.open(path))) > 0 for path in masks]
    started = clock()
    scores = []
    for cam, mask in zip(torch.from_numpy(cams[abnormal]), lesions, strict=True):
        dice = []
        for threshold in range(256):
            above = cam > threshold
            dice.append(2 * (above & mask).sum().item() / (above.sum() + mask.sum()).item())
        scores.append(np.mean(dice))
    taken["score"] = (clock() - started) / len(scores)
    np.savez(args.output / "maps.npz", cams=cams, scores=scores)
    taken |= {"first_map": marks[1] - marks[0], "map": (marks[-1] - marks[1]) / (len(marks) - 2)}
    weights = sum(each.numel() for each in model.parameters())
    told = {"ends": ends, "weights": weights}
    print(json.dumps({**taken, **told, "version": f"PyTorch {torch.__version__}"}))


if __name__ == "__main__":
    main()
