#!/usr/bin/env node
import { exportModel } from "./exportModel";

const USAGE = `Usage: graphpatch export MODEL [options]
       graphpatch types FILE [options]

export: exports a PyTorch model to an archive that PatchableGraph.load() opens. Python does it; graphpatch itself never runs any.
MODEL is a Hugging Face id or folder, or FILE.py:FUNCTION. The function returns (model, inputs) or
(model, inputs, dynamic_shapes), inputs being a dictionary of the forward's arguments.

  -o, --out FILE     where to write (model.pt2)
  --python PROGRAM   a Python with torch 2.8 or later (python3)
  --task TASK        causal-lm, masked-lm, seq2seq-lm or image-classification, where the model does not say

types: writes the names of a graph's nodes as a TypeScript interface, so that a misspelt name in a script does not compile.
FILE is what PatchableGraph.load() opens, or the folder or GGUF file of a causal language model.

  -o, --out FILE     where to write (standard output)
  --name NAME        name of the interface (the model's class and "Nodes")

  -h, --help         this text
`;

async function main(args: string[]): Promise<number> {
  const [command, ...rest] = args;
  const asked = args.length === 0 || args.includes("-h") || args.includes("--help");
  if (!asked && rest.length > 0) {
    if (command === "export") return exportModel(rest);
    // Loads libtorch, which takes a moment.
    if (command === "types") return (await import("./writeTypes.js")).writeTypes(rest);
  }
  (asked ? process.stdout : process.stderr).write(asked ? USAGE : `graphpatch: unknown command\n\n${USAGE}`);
  return asked ? 0 : 2;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error) => {
    process.stderr.write(`graphpatch: ${error.message}\n`);
    process.exitCode = 1;
  },
);
