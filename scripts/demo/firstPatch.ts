/**
 * The first notebook's work as a plain script: no Jupyter, only `@graphpatch/native`.
 */
import {
  AddPatch,
  AutoModelForCausalLM,
  AutoTokenizer,
  optim,
  PatchableGraph,
  ProbePatch,
  topTokens,
  torch,
  ZeroPatch,
} from "@graphpatch/native";

const sentence = "The Eiffel Tower is located in the city of";
const mlp = "model.layers_22.mlp.act_fn";
const heads = "model.layers_21.self_attn.matmul_1";
const steered = "model.layers_5";
const steps = 20;
const hiddenSize = 576;

/** Prints how long a part took. */
async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work();
  console.log(`${what}: ${(performance.now() - start).toFixed(0)} ms`);
  return result;
}

function show(title: string, value: unknown): void {
  console.log(`\n${title}\n${String(value).replace(/^/gm, "    ")}`);
}

async function main(): Promise<void> {
  const model = await timed("Loading SmolLM2-135M-Instruct", () =>
    AutoModelForCausalLM.fromPretrained("smollm2-135m-instruct"),
  );
  const tokenizer = await AutoTokenizer.fromPretrained("smollm2-135m-instruct");
  const inputs = tokenizer(sentence);
  const pg = await timed("Capturing its graph", () => PatchableGraph.capture(model, inputs));
  console.log(`${pg.nodes.size} nodes`);

  const before = await timed("One run", () => pg.run(inputs));
  show(`"${sentence}" …`, topTokens(before.logits, tokenizer));

  const probe = new ProbePatch();
  const withoutMlp = await timed("\nOne run, an MLP probed and then set to zero", () =>
    pg.patch({ [mlp]: [probe, new ZeroPatch()] }, () => pg.run(inputs)),
  );
  const { activation } = probe;
  console.log(
    `${mlp}: shape [${activation.shape.join(", ")}], largest ${Number(activation.max().item()).toFixed(3)}`,
  );
  show(`… with ${mlp} set to zero`, topTokens(withoutMlp.logits, tokenizer));

  const withoutHead = await pg.patch({ [heads]: new ZeroPatch({ slice: ":, 4" }) }, () => pg.run(inputs));
  show("… with attention head 4 of layer 21 set to zero", topTokens(withoutHead.logits, tokenizer));

  const rome = tokenizer.idOf(" Rome");
  const delta = torch.zeros([hiddenSize], { requires_grad: true });
  const adam = new optim.Adam([delta], { lr: 0.1 });
  const add = new AddPatch({ value: delta, slice: "0, 3" });
  console.log(`\nLooking for a vector that makes it say " Rome", added to ${steered} at " Tower":`);
  await timed(`${steps} steps of Adam`, async () => {
    for (let step = 0; step < steps; step++) {
      const { logits } = await pg.patch({ [steered]: add }, () => pg.run(inputs));
      const loss = logits.at("0, -1").log_softmax(-1).at([rome]).neg();
      if (step % 5 === 0 || step === steps - 1) {
        console.log(`    step ${String(step).padStart(2)}  loss ${Number(loss.item()).toFixed(3)}`);
      }
      adam.zeroGrad();
      await loss.backward();
      adam.step();
    }
  });
  const after = await pg.patch({ [steered]: add }, () => pg.run(inputs));
  show("… with that vector", topTokens(after.logits, tokenizer));
  show("… and without any patch again", topTokens((await pg.run(inputs)).logits, tokenizer));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
