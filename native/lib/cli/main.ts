#!/usr/bin/env node
import { exportModel } from "./exportModel";

const USAGE = `Usage: graphpatch export MODEL [options]

Exports a PyTorch model to an archive that PatchableGraph.load() opens. Python does it; graphpatch itself never runs any.

MODEL is a Hugging Face id or folder, or FILE.py:FUNCTION. The function returns (model, inputs) or
(model, inputs, dynamic_shapes), inputs being a dictionary of the forward's arguments.

  -o, --out FILE     where to write (model.pt2)
  --python PROGRAM   a Python with torch 2.9 or later (python3)
  --task TASK        causal-lm, masked-lm, seq2seq-lm or image-classification, where the model does not say
  -h, --help         this text
`;

async function main(args: string[]): Promise<number> {
  const [command, ...rest] = args;
  if (command === "export" && rest.length > 0 && !rest.includes("-h") && !rest.includes("--help")) {
    return exportModel(rest);
  }
  const asked = args.length === 0 || args.includes("-h") || args.includes("--help");
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
