"""transformers in eager mode on the same models, for the benchmark.

peers.py FOLDER THREADS INPUT_IDS: writes a random GPT-2 of GPT-2 small's shape into FOLDER/small and a tiny one into FOLDER/tiny,
as Hugging Face directories, and says so with a line of JSON. Then it answers each line of standard input with a line of JSON:
"run NAME": the milliseconds of one forward of several; "peak NAME": megabytes by which a few forwards exceed what was resident before them;
"logits NAME": the logits of the last position; "map NAME TOOL LENGTH": seconds of the layer x token map and the sum of its values, or what
package is missing; "trace NAME CELLS BATCH": seconds a cell of ROME's causal trace of 10 noise samples,
BATCH of them in a forward, from so many cells; "export NAME": the path of an archive of the model.
"""

import json
import sys
import time

import torch
import transformers
from peer_sweeps import Map, time_trace

TINY = {"n_layer": 2, "n_embd": 64, "n_head": 4, "vocab_size": 1000, "bos_token_id": 0, "eos_token_id": 0}


def say(value: object) -> None:
    print(json.dumps(value), flush=True)


def memory(field: str) -> float:
    """Megabytes from /proc/self/status; 0 where there is none."""
    try:
        with open("/proc/self/status") as lines:
            return next(float(line.split()[1]) / 1024 for line in lines if line.startswith(field))
    except OSError:
        return 0.0


def make(folder: str, name: str, options: dict) -> transformers.GPT2LMHeadModel:
    # greater weights than GPT-2's own initialisation, or the logits of a random model would be too much alike
    config = transformers.GPT2Config(attn_implementation="eager", initializer_range=0.1, **options)
    model = transformers.GPT2LMHeadModel(config).eval()
    model.save_pretrained(f"{folder}/{name}")
    return model


def make_llama(folder: str, name: str) -> transformers.LlamaForCausalLM:
    """The shape of SmolLM2-135M."""
    config = transformers.LlamaConfig(
        vocab_size=49152,
        hidden_size=576,
        intermediate_size=1536,
        num_hidden_layers=30,
        num_attention_heads=9,
        num_key_value_heads=3,
        tie_word_embeddings=True,
        attn_implementation="eager",
        initializer_range=0.04,
    )
    model = transformers.LlamaForCausalLM(config).eval()
    model.save_pretrained(f"{folder}/{name}")
    return model


def main(folder: str, threads: str, input_ids: str) -> None:
    torch.set_num_threads(int(threads))
    torch.manual_seed(0)
    models = {"small": make(folder, "small", {}), "tiny": make(folder, "tiny", TINY)}
    ids = torch.tensor([json.loads(input_ids)[:16]])
    inputs = {name: ids % model.config.vocab_size for name, model in models.items()}
    say({"transformers": transformers.__version__, "torch": torch.__version__})

    def forward(name: str) -> torch.Tensor:
        return models[name](input_ids=inputs[name], use_cache=False).logits

    def run(name: str) -> float:
        # between two questions threads and caches have gone cold
        awake = time.perf_counter()
        while time.perf_counter() - awake < 0.02:
            forward(name)
        start = time.perf_counter()
        forward(name)
        return (time.perf_counter() - start) * 1000

    def peak(name: str) -> float:
        for parameter in models[name].parameters():
            parameter.sum()
        with open("/proc/self/clear_refs", "w") as reset:
            reset.write("5")
        before = memory("VmRSS")
        for _ in range(5):
            forward(name)
        return memory("VmHWM") - before

    def layer_map(name: str, tool: str, length: str) -> dict:
        given = torch.tensor([json.loads(input_ids)[: int(length)]]) % models[name].config.vocab_size
        try:
            return Map(models[name], given, f"{folder}/{name}").time(tool)
        except ImportError as error:
            return {"missing": str(error)}

    def trace(name: str, cells: str, batch: str) -> dict:
        if name not in models:
            models[name] = make_llama(folder, name)
        given = torch.tensor([json.loads(input_ids)[:10]]) % models[name].config.vocab_size
        return time_trace(models[name], given, samples=10, batch=int(batch), window=10, cells=int(cells))

    def export(name: str) -> str:
        """As transformers exports it unless told otherwise, with fused attention."""
        model = transformers.GPT2LMHeadModel.from_pretrained(f"{folder}/{name}").eval()
        given = {"input_ids": inputs[name], "use_cache": False}
        torch.export.save(torch.export.export(model, (), given, strict=False), f"{folder}/{name}.pt2")
        return f"{folder}/{name}.pt2"

    answers = {
        "run": run,
        "peak": peak,
        "logits": lambda name: forward(name)[0, -1].tolist(),
        "map": layer_map,
        "trace": trace,
        "export": export,
    }
    with torch.no_grad():
        for line in sys.stdin:
            question, *rest = line.split()
            say(answers[question](*rest))


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    main(*sys.argv[1:])
