"""Sweeps with other tools, for peers.py: layer x token maps, and cells of ROME's causal trace.

Each is timed as its own documentation says it is used. Values are log-probabilities of token 42 at the last position, so that maps can be compared.
"""

import time
from collections.abc import Callable

import torch

TARGET = 42
Change = Callable[[torch.Tensor], torch.Tensor]


def corrupt(ids: torch.Tensor, vocabulary: int) -> torch.Tensor:
    """Three other tokens, as sweep.ts has them."""
    changed = ids.clone()
    changed[0, 1:4] = (ids[0, 1:4] + 1234) % vocabulary
    return changed


def hooked(module: torch.nn.Module, change: Change):
    def hook(_module, _args, output):
        return (change(output[0]), *output[1:]) if isinstance(output, tuple) else change(output)

    return module.register_forward_hook(hook)


class Map:
    """One layer x token map of a GPT-2: every block's output at every position replaced by the clean run's."""

    def __init__(self, model, ids: torch.Tensor, folder: str) -> None:
        self.model, self.folder, self.length = model, folder, ids.shape[1]
        self.blocks = model.transformer.h
        self.corrupted = corrupt(ids, model.config.vocab_size)
        self.states: dict[int, torch.Tensor] = {}
        handles = [
            hooked(block, lambda state, layer=layer: self.states.setdefault(layer, state.clone()))
            for layer, block in enumerate(self.blocks)
        ]
        model(input_ids=ids, use_cache=False)
        for handle in handles:
            handle.remove()

    def measure(self, logits: torch.Tensor) -> torch.Tensor:
        return logits[:, -1].log_softmax(-1)[:, TARGET]

    def hooks(self, layer: int, token: int) -> torch.Tensor:
        def put(state: torch.Tensor) -> torch.Tensor:
            state = state.clone()
            state[0, token] = self.states[layer][0, token]
            return state

        handle = hooked(self.blocks[layer], put)
        try:
            return self.measure(self.model(input_ids=self.corrupted, use_cache=False).logits)[0]
        finally:
            handle.remove()

    def batched(self, layer: int) -> torch.Tensor:
        """All tokens of a layer in one forward, as one writes it by hand."""

        def put(state: torch.Tensor) -> torch.Tensor:
            state = state.clone()
            for token in range(self.length):
                state[token, token] = self.states[layer][0, token]
            return state

        handle = hooked(self.blocks[layer], put)
        try:
            return self.measure(
                self.model(input_ids=self.corrupted.expand(self.length, -1), use_cache=False).logits
            )
        finally:
            handle.remove()

    def transformer_lens(self) -> Callable[[int, int], torch.Tensor]:
        from transformer_lens.model_bridge import TransformerBridge

        bridge = TransformerBridge.boot_transformers(self.folder, hf_model=self.model, device="cpu")
        bridge.eval()

        def one(layer: int, token: int) -> torch.Tensor:
            def put(state, hook):
                state[0, token] = self.states[layer][0, token]
                return state

            name = f"blocks.{layer}.hook_resid_post"
            return self.measure(bridge.run_with_hooks(self.corrupted, fwd_hooks=[(name, put)]))[0]

        return one

    def nnsight(self) -> Callable[[int, int], torch.Tensor]:
        from nnsight import NNsight

        wrapped = NNsight(self.model)

        def one(layer: int, token: int) -> torch.Tensor:
            value = self.states[layer][0, token]
            with wrapped.trace(self.corrupted, use_cache=False):
                output = wrapped.transformer.h[layer].output
                state = output[0] if isinstance(output, tuple) else output
                state[0, token] = value
                result = wrapped.output.logits[0, -1].log_softmax(-1)[TARGET].save()
            return result

        return one

    def time(self, tool: str) -> dict[str, float]:
        """Seconds of the whole map, once one cell has been run."""
        layers = range(len(self.blocks))
        if tool == "batched":
            self.batched(0)
            start = time.perf_counter()
            values = torch.stack([self.batched(layer) for layer in layers])
        else:
            one = self.hooks if tool == "hooks" else getattr(self, tool)()
            one(0, 0)
            start = time.perf_counter()
            values = torch.stack([one(layer, token) for layer in layers for token in range(self.length)])
        return {"seconds": time.perf_counter() - start, "sum": values.double().sum().item()}


def time_trace(
    model, ids: torch.Tensor, samples: int, batch: int, window: int, cells: int
) -> dict[str, float]:
    """Seconds a cell of ROME's causal trace with hooks, `batch` of its noise samples in a forward, over `cells` cells spread over the grids."""
    layers, length = len(model.model.layers), ids.shape[1]
    kinds = {
        "states": lambda layer: model.model.layers[layer],
        "mlp": lambda layer: model.model.layers[layer].mlp,
        "attention": lambda layer: model.model.layers[layer].self_attn,
    }
    clean: dict[tuple[str, int], torch.Tensor] = {}
    handles = [
        hooked(module(layer), lambda value, key=(kind, layer): clean.setdefault(key, value.clone()))
        for kind, module in kinds.items()
        for layer in range(layers)
    ]
    model(input_ids=ids, use_cache=False)
    for handle in handles:
        handle.remove()
    table = model.model.embed_tokens
    noise = torch.randn(samples, 3, table.weight.shape[1]) * 3 * table.weight.std()

    def cell(kind: str, layer: int, token: int) -> torch.Tensor:
        parts = [forward(kind, layer, token, part) for part in noise.split(batch)]
        return torch.cat(parts).mean()

    def forward(kind: str, layer: int, token: int, noise: torch.Tensor) -> torch.Tensor:
        def disturb(embedded: torch.Tensor) -> torch.Tensor:
            embedded = embedded.clone()
            embedded[:, 1:4] += noise
            return embedded

        def restore(key: tuple[str, int]) -> Change:
            def put(value: torch.Tensor) -> torch.Tensor:
                value = value.clone()
                value[:, token] = clean[key][0, token]
                return value

            return put

        first = layer if kind == "states" else max(0, layer - window // 2)
        end = layer + 1 if kind == "states" else min(layers, layer + (window + 1) // 2)
        handles = [hooked(table, disturb)]
        handles += [hooked(kinds[kind](at), restore((kind, at))) for at in range(first, end)]
        try:
            logits = model(input_ids=ids.expand(len(noise), -1), use_cache=False).logits
            return logits[:, -1].softmax(-1)[:, TARGET]
        finally:
            for handle in handles:
                handle.remove()

    places = [(kind, layer, token) for kind in kinds for layer in range(layers) for token in range(length)]
    step = len(places) / cells
    cell(*places[0])
    start = time.perf_counter()
    for i in range(cells):
        cell(*places[int(i * step)])
    return {"seconds": (time.perf_counter() - start) / cells}
