"""transformers in eager mode on the same models, for the benchmark.

peers.py FOLDER THREADS INPUT_IDS: writes a random GPT-2 of GPT-2 small's shape into FOLDER/small and a tiny one into FOLDER/tiny,
as Hugging Face directories, and says so with a line of JSON. Then it answers each line of standard input with a line of JSON:
"run NAME": the milliseconds of one forward of several; "peak NAME": megabytes by which a few forwards exceed what was resident before them;
"logits NAME": the logits of the last position; "map NAME": seconds of the layer x token map with hooks, one cell a forward and one layer a
forward, and the sum of its values.
"""

import json
import sys
import time

import torch
import transformers

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


def main(folder: str, threads: str, input_ids: str) -> None:
    torch.set_num_threads(int(threads))
    torch.manual_seed(0)
    models = {"small": make(folder, "small", {}), "tiny": make(folder, "tiny", TINY)}
    ids = torch.tensor([json.loads(input_ids)])
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

    def layer_map(name: str) -> dict[str, float]:
        model, clean = models[name], inputs[name]
        blocks, vocabulary, length = model.transformer.h, model.config.vocab_size, clean.shape[1]
        corrupted = clean.clone()
        corrupted[0, 1:4] = (clean[0, 1:4] + 1234) % vocabulary

        def hooked(layer: int, change, given: torch.Tensor) -> torch.Tensor:
            def hook(_module, _args, output):
                return (change(output[0]), *output[1:]) if isinstance(output, tuple) else change(output)

            handle = blocks[layer].register_forward_hook(hook)
            try:
                return model(input_ids=given, use_cache=False).logits[:, -1].log_softmax(-1)[:, 42]
            finally:
                handle.remove()

        states = {}
        for layer in range(len(blocks)):
            hooked(layer, lambda state, layer=layer: states.setdefault(layer, state.clone()), clean)

        def one(layer: int, token: int) -> torch.Tensor:
            def put(state):
                state = state.clone()
                state[0, token] = states[layer][0, token]
                return state

            return hooked(layer, put, corrupted)

        def batched(layer: int) -> torch.Tensor:
            def put(state):
                state = state.clone()
                for token in range(length):
                    state[token, token] = states[layer][0, token]
                return state

            return hooked(layer, put, corrupted.expand(length, -1))

        start = time.perf_counter()
        values = torch.stack([one(layer, token) for layer in range(len(blocks)) for token in range(length)])
        middle = time.perf_counter()
        for layer in range(len(blocks)):
            batched(layer)
        end = time.perf_counter()
        return {"one": middle - start, "batched": end - middle, "sum": values.double().sum().item()}

    answers = {"run": run, "peak": peak, "logits": lambda name: forward(name)[0, -1].tolist(), "map": layer_map}
    with torch.no_grad():
        for line in sys.stdin:
            question, name = line.split()
            say(answers[question](name))


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    main(*sys.argv[1:])
