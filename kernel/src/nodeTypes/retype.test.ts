import { expect, it } from "vitest";
import { retype } from "./retype";

const net = { graph: "NodesOf.Net" };
const other = { graph: "NodesOf.Other" };
const namesOf = (value: unknown) => (value as { graph?: string } | undefined)?.graph ?? null;

function refined(declarations: string, values: Record<string, unknown>, code = ""): string {
  return retype(declarations, code, values, namesOf);
}

it.each([
  [
    "declare const pg: PatchableGraph<Net>;",
    { pg: net },
    "declare const pg: PatchableGraph<Net, NodesOf.Net>;",
  ],
  [
    'declare let pg: import("/lib/index").PatchableGraph<Net, AnyNodes>;',
    { pg: other },
    'declare let pg: import("/lib/index").PatchableGraph<Net, NodesOf.Other>;',
  ],
  [
    "declare let pg: PatchableGraph<A<B>, NodesOf.Old>;",
    { pg: net },
    "declare let pg: PatchableGraph<A<B>, NodesOf.Net>;",
  ],
  ["declare let pg: PatchableGraph;", { pg: net }, "declare let pg: PatchableGraph<nn.Module, NodesOf.Net>;"],
  [
    "declare const held: { a: PatchableGraph<A>; deep: [PatchableGraph<B>, number] };",
    { held: { a: net, deep: [other, 1] } },
    "declare const held: { a: PatchableGraph<A, NodesOf.Net>; deep: [PatchableGraph<B, NodesOf.Other>, number] };",
  ],
  [
    "declare const list: PatchableGraph<A>[];",
    { list: [net, net] },
    "declare const list: PatchableGraph<A, NodesOf.Net>[];",
  ],
  [
    "declare const list: PatchableGraph<A>[];",
    { list: [net, other] },
    "declare const list: PatchableGraph<A>[];",
  ],
  ["declare const pg: PatchableGraph<A, NodesOf.Net>;", { pg: null }, "declare const pg: PatchableGraph<A>;"],
])("%s", (before, values, after) => {
  expect(refined(before, values)).toBe(after);
});

it("leaves variables that the code assigns to free", () => {
  const before = "declare let pg: PatchableGraph<A, NodesOf.Net>;";
  for (const code of ["pg = other", "[pg] = [other]", "f(() => { pg = other })", "pg.y[0] = other"])
    expect(refined(before, { pg: net }, code)).toBe("declare let pg: PatchableGraph<A>;");
  expect(refined(before, { pg: net }, "x = pg; f({ pg })")).not.toContain("<A>");
});
