import type { ModuleCall } from "../../graph/trace";
import { framesOf } from "./callFrames";
import { assignedVariable } from "./codeNames";
import type { IrNode } from "./ir";
import { type Operand, readLine } from "./pythonLine";

/** A place in what a line returns, and what stands there. */
interface Returned {
  path: string;
  operand: Operand;
}

/**
 * The places of a module's results in the tuple that its own line returns (`return self.mean(h), torch.exp(v), h`): what the line
 * computes comes in the order of the tuple, and variables are known by the lines that assign them.
 * @param values values that leave the call
 * @param own the nodes of the call
 * @param used values that some node takes, or that have another name
 * @returns for each value its place, or null
 */
export function placesInReturn(
  values: readonly number[],
  call: ModuleCall,
  own: readonly IrNode[],
  used: ReadonlySet<number>,
): (string | null)[] {
  const unknown = values.map(() => null);
  const lines = own.map((node) => framesOf(node, call)[0]);
  const last = lines.findLast((frame) => frame !== undefined && /(?:^|: |; )return\b/.test(frame.code));
  const returned = last ? readLine(last.code)?.returned : null;
  if (!last || returned?.kind !== "list") return unknown;
  const places = leavesOf(returned, "");
  const made = own
    .filter((_, i) => lines[i]?.file === last.file && lines[i]?.line === last.line)
    .flatMap(({ results }) => results.flatMap(({ value, meta }) => (meta ? [value] : [])))
    .filter((value) => values.includes(value) || !used.has(value));
  const computed = places.filter(({ operand }) => operand.kind === "made");
  const named = places.filter(({ operand }) => operand.kind === "variable");
  const others = values.filter((value) => !made.includes(value));
  const variables = others.map((value) => {
    const producer = own.findIndex(({ results }) => results.some((result) => result.value === value));
    return assignedVariable(lines[producer]?.code ?? "");
  });
  return values.map((value) => {
    if (made.includes(value))
      return computed.length === made.length ? computed[made.indexOf(value)].path : null;
    if (others.length === 1 && named.length === 1) return named[0].path;
    const variable = variables[others.indexOf(value)];
    const same = named.filter(({ operand }) => operand.kind === "variable" && operand.name === variable);
    // A variable that is assigned twice is only the later one of them.
    const isOnly = variables.indexOf(variable) === variables.lastIndexOf(variable);
    return same.length === 1 && isOnly ? same[0].path : null;
  });
}

function leavesOf(operand: Operand, path: string): Returned[] {
  if (operand.kind !== "list") return [{ path, operand }];
  return operand.items.flatMap((item, i) => leavesOf(item, path === "" ? `sub_${i}` : `${path}.sub_${i}`));
}
