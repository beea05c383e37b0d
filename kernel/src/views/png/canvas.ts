import type { Canvas, SKRSContext2D } from "@napi-rs/canvas";

/** A PNG and the size it is meant to be shown at, in CSS pixels. */
export interface PngImage {
  bytes: Buffer;
  width: number;
  height: number;
}

/** Device pixels to a CSS pixel, so that pictures are sharp on dense screens and in print. */
const RESOLUTION = 2;
const FAMILY = "graphpatch";
const FONT_FILES = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"];

export const INK = "#222222";
export const FAINT = "#666666";
export const RULE = "#cccccc";

let fontsReady = false;

/** A canvas, from a library that is loaded with the first. */
export function createCanvas(width: number, height: number): Canvas {
  const { createCanvas, GlobalFonts } = require("@napi-rs/canvas") as typeof import("@napi-rs/canvas");
  if (!fontsReady) {
    // A font from a package, because a server may have none of its own.
    for (const file of FONT_FILES)
      GlobalFonts.registerFromPath(require.resolve(`dejavu-fonts-ttf/ttf/${file}`), FAMILY);
    fontsReady = true;
  }
  return createCanvas(width, height);
}

export function font(size: number, weight: "normal" | "bold" = "normal"): string {
  return `${weight} ${size}px ${FAMILY}`;
}

export type Context = SKRSContext2D;

/** Draws on a light canvas of `width` × `height` CSS pixels. */
export function drawPng(width: number, height: number, draw: (context: Context) => void): PngImage {
  const canvas = createCanvas(Math.ceil(width * RESOLUTION), Math.ceil(height * RESOLUTION));
  const context = canvas.getContext("2d");
  context.scale(RESOLUTION, RESOLUTION);
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, width, height);
  context.fillStyle = INK;
  context.textBaseline = "middle";
  draw(context);
  return { bytes: canvas.toBuffer("image/png"), width: Math.ceil(width), height: Math.ceil(height) };
}

/** Width of a text in CSS pixels. */
export function textWidth(text: string, size: number): number {
  measuring ??= createCanvas(1, 1).getContext("2d");
  measuring.font = font(size);
  return measuring.measureText(text).width;
}

let measuring: Context | null = null;

/** Breaks a text at spaces, so that no line is wider than `width`. */
export function wrapText(text: string, width: number, size: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && textWidth(longer, size) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return line === "" ? lines : [...lines, line];
}
