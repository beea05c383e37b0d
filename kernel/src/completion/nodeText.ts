import type { NodeInfo, PatchableGraph } from "@graphpatch/native";
import { describeStatistics } from "../views/statistics";
import { nodeType } from "./nodeNames";
import type { ProbedValue } from "./probed";

/** Users and aliases beyond this many are counted. */
const MAX_LISTED = 6;

/** What inspection says: as text, and as Markdown for front ends that show it. */
export interface Inspection {
  plain: string;
  markdown: string;
}

/** All that is known of a node. */
export function describeNode(graph: PatchableGraph, node: NodeInfo, probed: ProbedValue | null): Inspection {
  const { aliases, users } = graph.details(node.name);
  const rows: [string, string[]][] = [
    ["in", [`${node.module === "" ? "the root" : node.module}: ${node.moduleType}`]],
    ["made by", node.operator === node.kind ? [] : [node.operator]],
    ["also called", [...aliases]],
    ["read by", [...users]],
    ["last probed", probed ? [`[${probed.shape.join(", ")}] ${describeStatistics(probed.statistics)}`] : []],
  ];
  const shown = rows.filter(([, values]) => values.length > 0);
  const code = node.code === null ? [] : [node.code];
  const plain = [
    node.name,
    `  ${nodeType(node)}`,
    ...shown.map(([label, values]) => `  ${label} ${listed(values)}`),
    ...code.map((line) => `  ${line}`),
  ];
  const markdown = [
    `**${inline(node.name)}**  `,
    inline(nodeType(node)),
    "",
    ...shown.map(([label, values]) => `- ${label} ${listed(values.map(inline))}`),
    ...code.flatMap((line) => ["", fenced(line, "ts")]),
  ];
  return { plain: plain.join("\n"), markdown: markdown.join("\n") };
}

/** Text as code within a line; names are untrusted and may hold back-quotes. */
function inline(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return longest === 0 ? `\`${oneLine(text)}\`` : `${fence} ${oneLine(text)} ${fence}`;
}

/** A block of code; its fence is longer than any inside. */
export function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ");
}

function listed(values: readonly string[]): string {
  const more = values.length - MAX_LISTED;
  return more > 0 ? `${values.slice(0, MAX_LISTED).join(", ")} and ${more} more` : values.join(", ");
}
