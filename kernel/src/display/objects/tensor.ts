import type { Tensor } from "@graphpatch/native";
import { describeStatistics, formatNumber, summarize } from "../../views/statistics";
import { escapeHtml } from "../html";

/** Values of larger tensors are not read for their statistics: a cell's last line must not take seconds. */
const MAX_READ = 2e6;
/** Rows and columns of values that are written as a table. */
const MAX_SIDE = 12;
/** PyTorch prints larger tensors in part: their shape and statistics are worth a line. */
const PRINTED_WHOLE = 1000;

/** A tensor as text, as PyTorch prints it; a large one with its statistics. */
export function tensorText(tensor: Tensor): string {
  const text = tensor.toString();
  return tensor.numel() > PRINTED_WHOLE
    ? `${text}\n${[summary(tensor), statistics(tensor)].filter(Boolean).join("  ")}`
    : text;
}

/** Shape, statistics, and the values: a table of a small matrix or vector, else PyTorch's text. Null for one value, of which text says all. */
export function tensorHtml(tensor: Tensor): string | null {
  if (tensor.numel() <= 1) return null;
  const head = [summary(tensor), statistics(tensor)]
    .filter((part) => part !== "")
    .map(escapeHtml)
    .join("<br>");
  return `<div>${head}</div>${valuesTable(tensor) ?? `<pre>${escapeHtml(tensor.toString())}</pre>`}`;
}

/** `float32[2, 3] · cuda:0 · requires_grad`. */
function summary({ dtype, shape, device, requires_grad }: Tensor): string {
  const more = [device === "cpu" ? "" : device, requires_grad ? "requires_grad" : ""].filter(
    (part) => part !== "",
  );
  return [`${dtype}[${shape.join(", ")}]`, ...more].join(" · ");
}

function statistics(tensor: Tensor): string {
  if (tensor.numel() > MAX_READ || tensor.dtype.startsWith("complex") || tensor.dtype === "bool") return "";
  return describeStatistics(summarize(tensor.detach().double().flatten().tolist() as number[]));
}

function valuesTable(tensor: Tensor): string | null {
  const { shape, dtype } = tensor;
  const isSmall =
    (shape.length === 1 || shape.length === 2) && shape.every((size) => size > 0 && size <= MAX_SIDE);
  if (!isSmall || dtype.startsWith("complex")) return null;
  const values = tensor.detach().tolist() as unknown[];
  const rows = (shape.length === 1 ? [values] : values) as unknown[][];
  const cell = (value: unknown) =>
    `<td>${escapeHtml(typeof value === "number" ? formatNumber(value) : String(value))}</td>`;
  return `<table><tbody>${rows.map((row) => `<tr>${row.map(cell).join("")}</tr>`).join("")}</tbody></table>`;
}
