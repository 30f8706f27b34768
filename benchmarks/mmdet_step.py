"""The other side of `train_step.py --kind mmdet`: steps of mmdetection's CenterNet with ResNet-18, in its interpreter.

That needs torch, mmengine, mmdet 3.3 and mmcv-lite 2.1 (whose wheels have no compiled operations, which no step of this
network calls: what is imported of them is replaced by names that raise when called), and what mmdet imports.
The network is mmdet's own configuration without deformable convolutions, for one class, from random weights; a step
is pixels to numbers, forward, targets, losses, backward, clipping and SGD, as the configuration says, and no average.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import json
import sys
import time
import types
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode


class NotCompiled(types.ModuleType):
    """Stands for `mmcv.ops`: classes and functions of any name, none of which does anything."""

    def __getattr__(self, name: str) -> Any:
        """Return a class, or a function that raises."""
        if name.startswith("__"):
            raise AttributeError(name)
        if name[0].isupper():
            made = type(name, (torch.nn.Module,), {})
            setattr(self, name, made)
            return made

        def called(*_args: object, **_kwargs: object) -> None:
            raise RuntimeError(f"mmcv.ops.{name} isn't here")

        return called


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds `mmcv.ops` and all in it."""

    def find_spec(self, name: str, _path: Any = None, _target: Any = None) -> importlib.machinery.ModuleSpec | None:
        """Return a place for those alone."""
        wanted = name == "mmcv.ops" or name.startswith("mmcv.ops.")
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if wanted else None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        """Return the module."""
        return NotCompiled(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """Leave it empty."""


def main() -> None:
    """Do a step for each line of stdin, and write its seconds."""
    sys.meta_path.insert(0, Finder())
    import mmdet
    from mmdet.registry import MODELS
    from mmdet.structures import DetDataSample
    from mmdet.utils import register_all_modules
    from mmengine.config import Config
    from mmengine.structures import InstanceData

    register_all_modules()
    found, device, threads = np.load(sys.argv[1]), torch.device(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    name = "centernet_r18_8xb16-crop512-140e_coco.py"
    config = Config.fromfile(f"{mmdet.__path__[0]}/.mim/configs/centernet/{name}")
    config.model.backbone.init_cfg = None
    config.model.bbox_head.num_classes = 1
    model = MODELS.build(config.model).to(device).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9, weight_decay=1e-4)
    images = torch.from_numpy(found["images"])
    height, width = images.shape[2:]
    sides, page = np.array([width, height, width, height], np.float32), found["batch_idx"]
    samples = []
    for i in range(len(images)):
        centres, sizes = np.split(found["bboxes"][page == i] * sides, 2, axis=1)
        boxes = torch.from_numpy(np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=1)).to(device)
        shape = (height, width)
        sample = DetDataSample(metainfo={"img_shape": shape, "batch_input_shape": shape, "pad_shape": shape})
        labels = torch.zeros(len(boxes), dtype=torch.long, device=device)
        sample.gt_instances = InstanceData(bboxes=boxes, labels=labels)
        samples.append(sample)

    def step() -> None:
        data = model.data_preprocessor({"inputs": list(images), "data_samples": samples}, True)
        losses, _ = model.parse_losses(model.loss(data["inputs"], data["data_samples"]))
        optimizer.zero_grad()
        losses.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=35.0)
        optimizer.step()
        if device.type == "cuda":
            torch.cuda.synchronize()

    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model.bbox_head(model.extract_feat(images[:1].to(device).float()))
    parameters = sum(parameter.numel() for parameter in model.parameters())
    facts = {"name": f"mmdet {mmdet.__version__} {name}", "torch": torch.__version__, "parameters": parameters}
    print(json.dumps({**facts, "multiply_adds": counter.get_total_flops() // 2}), flush=True)
    for _ in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        step()
        print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu]), flush=True)


if __name__ == "__main__":
    main()
