import { basename } from "node:path";
import { CorruptFileError } from "../errors";
import type { CapturedGraph } from "../graph/capture";
import { readArchive } from "./archive/archive";
import { ZipArchive } from "./archive/zipArchive";
import { Boundaries } from "./graph/boundaries";
import { GraphBuilder } from "./graph/builder";
import { CallSignatures } from "./graph/callSignatures";
import { finish, nameBoundaries } from "./graph/finish";
import { bindInputs, bindWeights, readOutputs, releaseMutations } from "./graph/interface";
import { ModuleCalls } from "./graph/moduleStack";
import { Scope } from "./graph/scope";
import { addGraph, checkOperators, checkRefusals } from "./graph/translate";
import type { ImportOptions } from "./options";

/**
 * Reads an archive of `torch.export.save` (`.pt2`) into the same graph that a capture gives. No Python and no
 * pickle is run; weights are mapped from the file, which must stay as it is while the graph is in use.
 * @throws MissingFileError, CorruptFileError when there is no such archive, or it is damaged.
 * @throws UnknownOperatorError listing the operators that libtorch does not have.
 * @throws UnsafeFileError listing operators that no file may hold.
 * @throws UnsupportedExportError, PickledDataError naming what else the archive holds that cannot be run.
 */
export function importArchive(path: string, options: ImportOptions = {}): CapturedGraph {
  try {
    return readGraph(path, options);
  } catch (error) {
    // Views of views of views: no model has so many that following them takes the whole stack.
    if (!(error instanceof RangeError)) throw error;
    throw new CorruptFileError(`${path}: its graph is nested too deep (${error.message})`);
  }
}

function readGraph(path: string, options: ImportOptions): CapturedGraph {
  using archive = new ZipArchive(path);
  const { program, weights } = readArchive(archive, options.model);
  const stripPrefix = options.stripPrefix ?? "";
  const calls = new ModuleCalls(stripPrefix, basename(path).replace(/\.pt2$/, ""));
  const builder = new GraphBuilder(calls.root, options.expandAttention);
  const operators = checkOperators(builder, program.graph);
  const scope = new Scope(program.graph);
  const owners = bindWeights(builder, scope, program, weights);
  const inputs = bindInputs(builder, scope, program);
  addGraph(builder, calls, scope);
  checkRefusals(builder, path);
  const outputs = readOutputs(scope, program);
  releaseMutations(builder, scope, program);

  const boundaries = new Boundaries(
    builder,
    owners,
    stripPrefix,
    outputs.ends.map(({ value }) => value),
  );
  boundaries.connect();
  const end = builder.nodes.length;
  const returned = outputs.ends.map((one) => ({
    ...one,
    value: boundaries.seenFrom(one.value, builder.root, null, end),
  }));
  boundaries.addUnusedWeights();
  const signatures = new CallSignatures(program, calls, scope, builder.tracedCalls);
  signatures.addUnusedOutputs(builder, boundaries);
  boundaries.addUnusedResults();
  boundaries.connectUnnamed();
  nameBoundaries(builder, calls, boundaries, signatures, returned);
  return {
    ...finish(
      calls.root.type,
      builder,
      boundaries,
      inputs.ends,
      inputs.structure,
      returned,
      outputs.structure,
    ),
    parameters: inputs.parameters,
    constraints: {
      sizes: inputs.sizes,
      ranges: Object.fromEntries(program.ranges),
      guards: [...program.guards],
    },
    operators,
  };
}
