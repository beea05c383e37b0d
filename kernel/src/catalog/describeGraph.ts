import type { PatchableGraph } from "@graphpatch/native";
import { encodeGraph, type GraphTable } from "../protocol";

/** A graph as pages are told of it. */
export function describeGraph(graph: PatchableGraph): GraphTable {
  const names = [...graph.nodes.keys()];
  const places = new Map(names.map((name, at) => [name, at]));
  const placesOf = (list: Iterable<string>) =>
    Array.from(list).flatMap((name) => {
      const place = places.get(name);
      return place === undefined ? [] : [place];
    });
  const details = names.map((name) => graph.details(name));
  return encodeGraph({
    id: graph.id,
    label: graph.label,
    nodes: details.map((node) => ({ ...node, inputs: placesOf(node.inputs) })),
    aliases: [...graph.aliases].flatMap(([alias, name]) =>
      placesOf([name]).map((place): [string, number] => [alias, place]),
    ),
    schemas: new Map(
      details.flatMap(({ operator, schema }): [string, string][] => (schema ? [[operator, schema]] : [])),
    ),
  });
}
