"""transformers in eager mode on the same model, for the benchmark.

peers.py FOLDER THREADS INPUT_IDS: writes a random GPT-2 of GPT-2 small's shape into FOLDER, as a Hugging Face directory,
and says so with a line of JSON. Then for each line "run" on standard input: one forward, and its milliseconds as a line.
"logits" answers with the logits of the last position as a JSON list.
"""

import json
import sys
import time

import torch
import transformers


def say(value: object) -> None:
    print(json.dumps(value), flush=True)


def main(folder: str, threads: str, input_ids: str) -> None:
    torch.set_num_threads(int(threads))
    torch.manual_seed(0)
    # greater weights than GPT-2's own initialisation, or the logits of a random model would be too much alike
    config = transformers.GPT2Config(attn_implementation="eager", initializer_range=0.1)
    model = transformers.GPT2LMHeadModel(config).eval()
    model.save_pretrained(folder, safe_serialization=True)
    ids = torch.tensor([json.loads(input_ids)])
    say({"transformers": transformers.__version__, "torch": torch.__version__})
    with torch.no_grad():
        for line in sys.stdin:
            start = time.perf_counter()
            logits = model(input_ids=ids, use_cache=False).logits
            elapsed = (time.perf_counter() - start) * 1000
            say(logits[0, -1].tolist() if line.strip() == "logits" else elapsed)


if __name__ == "__main__":
    main(*sys.argv[1:])
