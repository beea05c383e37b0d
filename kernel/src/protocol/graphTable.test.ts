import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CatalogNode, decodeGraph, encodeGraph, isGraphTable, NODE_KINDS } from ".";

const text = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.constantFrom("a", "a.b", ".a", "=a", "", "a.b|c", "\u202e", "aten::mul"),
);
const node: fc.Arbitrary<CatalogNode> = fc
  .record({
    name: text,
    kind: fc.constantFrom(...NODE_KINDS),
    operator: text,
    shape: fc.option(fc.array(fc.nat(3000), { maxLength: 3 })),
    dtype: fc.option(text),
    device: fc.option(text),
    module: text,
    moduleType: text,
    code: fc.option(text),
  })
  .map((rest) => ({ ...rest, dims: rest.shape?.map((_, at) => `dim_${at}`) ?? null }))
  .chain((whole) => fc.boolean().map((isNested) => nested(whole, isNested)));

function nested(whole: CatalogNode, isNested: boolean): CatalogNode {
  return isNested ? { ...whole, name: `${whole.module}.${whole.name}` } : whole;
}

describe("a graph on its way", () => {
  it("arrives as it was, through JSON", () => {
    fc.assert(
      fc.property(fc.array(node, { maxLength: 12 }), fc.infiniteStream(fc.nat()), (nodes, numbers) => {
        const sources = nodes.map((one) => {
          const count = (numbers.next().value ?? 0) % 3;
          const inputs = Array.from({ length: count }, () => (numbers.next().value ?? 0) % nodes.length);
          return { ...one, inputs };
        });
        const aliases = nodes.slice(0, 2).map((_, at): [string, number] => [`hook_${at}`, at]);
        const table: unknown = JSON.parse(
          JSON.stringify(
            encodeGraph({ id: "g", label: "M", nodes: sources, aliases, schemas: [["a", "a()"]] }),
          ),
        );
        expect(isGraphTable(table)).toBe(true);
        if (!isGraphTable(table)) return;
        const graph = decodeGraph(table);
        expect(graph.nodes).toEqual(nodes);
        expect([...graph.aliases]).toEqual(aliases);
        expect(graph.schemas.get("a")).toBe("a()");
        sources.forEach(({ inputs }, at) => {
          expect([...graph.inputs.at(at)]).toEqual(inputs);
          const users = sources.flatMap((other, user) =>
            other.inputs.filter((from) => from === at).map(() => user),
          );
          expect([...graph.users.at(at)]).toEqual(users);
        });
      }),
    );
  });

  it("keeps what nodes share once", () => {
    const nodes = Array.from({ length: 100 }, (_, at) => ({
      name: `model.layers_0.mul_${at}`,
      kind: "operator" as const,
      operator: "aten::mul.Tensor",
      shape: [1, 13, 576],
      dims: null,
      dtype: "float32",
      device: "cpu",
      module: "model.layers_0",
      moduleType: "Block",
      code: "x * y",
      inputs: [],
    }));
    const table = encodeGraph({ id: "g", label: "M", nodes, aliases: [], schemas: [] });
    expect(table.texts).toHaveLength(6);
    expect(table.shapes).toHaveLength(1);
    expect(table.name[7]).toBe(".mul_7");
  });
});
