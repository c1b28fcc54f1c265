# SPDX-License-Identifier: Apache-2.0
"""Batch normalisation folded into the convolutions that it follows."""

from __future__ import annotations

from collections import Counter
from inspect import signature
from itertools import pairwise

from torch import fx, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd
from torch.nn.utils.fusion import fuse_conv_bn_weights

from wincraft.errors import NotApplicable

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)


def fold_batch_norms(model: nn.Module) -> None:
    """Fold, in place, every batch normalisation that has a convolution's outputs to itself into that convolution.

    w' = w gamma / sqrt(var + eps), b' = (b - mean) gamma / sqrt(var + eps) + beta, channel by channel, with the running
    statistics; an `nn.Identity` takes its place. What follows what is read from the graph that `torch.fx` traces, with
    the defaults of arguments that have some. Where a module cannot be traced its children are, and in an
    `nn.Sequential` neighbours count. A normalisation that follows no convolution, or one whose outputs go elsewhere
    too, that has hooks or no running statistics, stays.

    Raises:
        NotApplicable: for a normalisation in training mode, which uses other statistics, and for one in a module that
            cannot be traced, so that what it follows is unknown.

    >>> import torch
    >>> network = nn.Sequential(nn.Conv2d(1, 2, 1, bias=False), nn.BatchNorm2d(2, eps=0.0)).eval()
    >>> _, _ = nn.init.ones_(network[0].weight), network[1].running_var.copy_(torch.tensor([4.0, 0.25]))
    >>> fold_batch_norms(network)
    >>> network[0].weight.flatten().tolist(), network[1]
    ([0.5, 2.0], Identity())
    """
    order = _Order(model)
    names = {module: name for name, module in model.named_modules()}
    for (convolution, norm), times in order.pairs.items():
        if not times == order.calls[convolution] == order.calls[norm] or not _foldable(convolution, norm):
            continue
        if norm.training:
            reason = "in training mode it uses the statistics of the batch"
            raise NotApplicable(f"folding of {names[norm]}", reason, "call eval() on the network before")
        _fold(convolution, norm)
        _replace(model, norm, nn.Identity().eval())
        order.unknown.pop(norm, None)
    for norm, reason in order.unknown.items():
        repair = "fold with torch.nn.utils.fusion.fuse_conv_bn_eval, then convert without fold_bn"
        raise NotApplicable(f"folding of {names[norm]}", reason, repair)


class _Tracer(fx.Tracer):
    """Convolutions and normalisations are steps, those of subclasses too."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, _ConvNd | _BatchNorm) or super().is_leaf_module(m, module_qualified_name)


class _Order:
    """How often each module is used, how often a normalisation alone follows a convolution, and what is unknown."""

    def __init__(self, model: nn.Module) -> None:
        self.calls: Counter[nn.Module] = Counter()
        self.pairs: Counter[tuple[nn.Module, nn.Module]] = Counter()
        self.unknown: dict[nn.Module, str] = {}
        self._look(model)

    def _look(self, module: nn.Module) -> None:
        if isinstance(module, _ConvNd | _BatchNorm):
            self.calls[module] += 1
            return
        try:
            given = signature(module.forward).parameters.values()
            graph = _Tracer().trace(
                module, {item.name: item.default for item in given if item.default is not item.empty}
            )
        except Exception as error:  # the network's own code runs, on stand-ins for tensors
            self._look_at_children(module, error)
            return
        modules = {node: module.get_submodule(str(node.target)) for node in graph.nodes if node.op == "call_module"}
        for node in graph.nodes:
            if node.op == "get_attr":  # a parameter that is used on its own too
                self.calls[module.get_submodule(str(node.target).rpartition(".")[0])] += 1
            if node not in modules:
                continue
            self.calls[modules[node]] += 1
            before = node.all_input_nodes
            if len(before) == 1 and before[0] in modules and len(before[0].users) == 1:
                self.pairs[modules[before[0]], modules[node]] += 1

    def _look_at_children(self, module: nn.Module, error: Exception) -> None:
        children = [child for child in module.children() if not isinstance(child, nn.Identity)]
        if type(module) is nn.Sequential:
            self.pairs.update(pairwise(children))
        else:
            why = " ".join(str(error).split())[:120]
            reason = f"what it follows is unknown: {type(module).__name__} cannot be traced ({why})"
            self.unknown |= {child: reason for child in children if isinstance(child, _BatchNorm)}
        for child in children:
            self._look(child)


def _foldable(convolution: nn.Module, norm: nn.Module) -> bool:
    hooks = any(item._forward_hooks or item._forward_pre_hooks for item in (convolution, norm))
    kinds = type(convolution) in _CONVOLUTIONS and type(norm) in _NORMS
    return kinds and not hooks and norm.running_mean is not None


def _fold(convolution: nn.Module, norm: nn.Module) -> None:
    assert isinstance(convolution, _ConvNd)
    assert isinstance(norm, _BatchNorm)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    statistics = norm.running_mean, norm.running_var, norm.eps
    weight, bias = fuse_conv_bn_weights(convolution.weight, convolution.bias, *statistics, norm.weight, norm.bias)
    convolution.weight, convolution.bias = weight, bias.requires_grad_(weight.requires_grad)


def _replace(model: nn.Module, old: nn.Module, new: nn.Module) -> None:
    """Under every name that it has."""
    for name, module in list(model.named_modules(remove_duplicate=False)):
        if module is old:
            parent, _, child = name.rpartition(".")
            setattr(model.get_submodule(parent), child, new)
