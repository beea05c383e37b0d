"""Exports a model for graphpatch: an archive of torch.export.save that PatchableGraph.load() opens.

    graphpatch_export.py MODEL --out model.pt2 [--task TASK]

MODEL is a Hugging Face id or folder, or FILE.py:FUNCTION, where the function returns (model, inputs) or
(model, inputs, dynamic_shapes): inputs is a dictionary of the forward's arguments. Needs torch 2.8 or later."""

import argparse
import contextlib
import importlib.util
import sys
import warnings

import torch
from torch.fx.experimental.symbolic_shapes import is_concrete_int

TASKS = {
    "causal-lm": ("AutoModelForCausalLM", ("ForCausalLM", "LMHeadModel")),
    "masked-lm": ("AutoModelForMaskedLM", ("ForMaskedLM",)),
    "seq2seq-lm": ("AutoModelForSeq2SeqLM", ("ForConditionalGeneration",)),
    "image-classification": ("AutoModelForImageClassification", ("ForImageClassification",)),
}


def text_inputs(config, length):
    top = min(getattr(config, "vocab_size", 100), 100)
    ids = torch.arange(2 * length).reshape(2, length) % (top - 1) + 1
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}


def example_inputs(task, config):
    if task == "image-classification":
        size = config.image_size if hasattr(config, "image_size") else 224
        height, width = (size, size) if isinstance(size, int) else size
        return {"pixel_values": torch.randn(2, getattr(config, "num_channels", 3), height, width)}
    inputs = text_inputs(config, 7)
    if task == "seq2seq-lm":
        inputs["decoder_input_ids"] = text_inputs(config, 5)["input_ids"]
    if task != "masked-lm":
        inputs["use_cache"] = False
    return inputs


def masks_by_broadcasting():
    """transformers 4.53 to 4.57 make masks with vmap over indices, which torch.export cannot trace or save. The same by
    broadcasting the indices, as transformers 5 does."""
    try:
        from transformers import masking_utils
    except ImportError:
        return
    if not hasattr(masking_utils, "_vmap_for_bhqkv"):
        return

    def over_indices(mask_function, bh_indices=True):
        def masks(batch, head, query, key):
            at = [None if i is None else i.reshape([-1 if d == n else 1 for d in range(4)])
                  for n, i in enumerate((batch, head, query, key))]
            mask = mask_function(*at)
            if not bh_indices:
                return mask.reshape(mask.shape[-2:])
            return mask.expand(batch.shape[0], head.shape[0], query.shape[0], key.shape[0])

        return masks

    masking_utils._vmap_for_bhqkv = over_indices
    masking_utils.TransformGetItemToIndex = contextlib.nullcontext


def load_transformers(name, task):
    import transformers

    masks_by_broadcasting()
    config = transformers.AutoConfig.from_pretrained(name)
    if task is None:
        architecture = (config.architectures or [""])[0]
        task = next((t for t, (_, endings) in TASKS.items() if architecture.endswith(endings)), None)
        if task is None:
            sys.exit(f"{name} is a {architecture or 'model of no known architecture'}: say what it is with --task {'|'.join(TASKS)}")
    # Eager attention shows scores and patterns; the fused one is a single operator.
    loader = getattr(transformers, TASKS[task][0])
    model = loader.from_pretrained(name, attn_implementation="eager").eval()
    return model, example_inputs(task, model.config), None


def load_function(path, function):
    spec = importlib.util.spec_from_file_location("exported_model", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not callable(getattr(module, function, None)):
        sys.exit(f"{path} has no function {function}")
    model, inputs, *dynamic = getattr(module, function)()
    return model, inputs, dynamic[0] if dynamic else None


def shapes(value, kind):
    """Batch and sequence of every tensor; of images the batch."""
    if isinstance(value, torch.Tensor):
        dims = (0,) if value.dim() in (1, 4) else range(min(value.dim(), 2))
        return {d: kind for d in dims if value.shape[d] > 1}
    if isinstance(value, dict):
        return {key: shapes(item, kind) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(shapes(item, kind) for item in value)
    return None


def export(model, inputs, dynamic):
    called = tuple(
        name for name, module in model.named_modules()
        if name and type(module).forward is not torch.nn.Module.forward
        and not isinstance(module, (torch.nn.ModuleList, torch.nn.ModuleDict))
    )
    Dim = torch.export.Dim
    attempts = [(Dim.DYNAMIC, called), (Dim.AUTO, called), (Dim.AUTO, ())]
    for i, (kind, signatures) in enumerate(attempts):
        try:
            return torch.export.export(
                model, (), inputs, strict=False,
                dynamic_shapes=dynamic if dynamic is not None else shapes(inputs, kind),
                preserve_module_call_signature=signatures,
            )
        except Exception:
            if i == len(attempts) - 1:
                raise


def report(program):
    values = {node.name: node.meta.get("val") for node in program.graph.nodes}
    for name in program.graph_signature.user_inputs:
        value = values.get(name) if isinstance(name, str) else None
        if isinstance(value, torch.Tensor):
            sizes = [str(int(size)) if is_concrete_int(size) else "any" for size in value.shape]
            print(f"  input {name}: [{', '.join(sizes)}]")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--out", required=True)
    parser.add_argument("--task", choices=TASKS)
    parser.add_argument("--shown", help="what to call OUT in the report")
    options = parser.parse_args()
    if tuple(int(part) for part in torch.__version__.split(".")[:2]) < (2, 8):
        sys.exit(f"torch {torch.__version__} writes archives that graphpatch does not read; use torch 2.8 or later")
    warnings.filterwarnings("ignore")
    file, _, function = options.model.rpartition(":")
    is_file = file.endswith(".py")
    model, inputs, dynamic = load_function(file, function) if is_file else load_transformers(options.model, options.task)
    program = export(model, inputs, dynamic)
    torch.export.save(program, options.out)
    print(f"{options.shown or options.out}: {type(model).__name__}, {len(program.graph.nodes)} nodes")
    report(program)


if __name__ == "__main__":
    main()
