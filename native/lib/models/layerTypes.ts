import type { ConfigReader } from "./configReader";

/** Which tokens a layer's attention may look at: all before it, or those of a window. */
export type LayerType = "full_attention" | "sliding_attention";

/** Earlier names that transformers still reads. */
const SYNONYMS: Readonly<Record<string, string>> = { attention: "full_attention" };

/**
 * Reads `layer_types`, one for each layer.
 * @param fallback the type of a layer if the file gives none
 * @param window `sliding_window`, or null if it is turned off
 * @throws CorruptFileError if there are more or fewer than layers, or a layer slides without a window.
 * @throws UnknownArchitectureError for a type that is not implemented.
 */
export function readLayerTypes(
  reader: ConfigReader,
  layers: number,
  window: number | null,
  fallback: (layer: number) => LayerType,
): LayerType[] {
  const given = reader.texts("layer_types");
  const types = given
    ? given.map((type) => knownType(reader, SYNONYMS[type] ?? type))
    : Array.from({ length: layers }, (_, layer) => fallback(layer));
  if (types.length !== layers) {
    reader.fail("layer_types", `has ${types.length} entries for ${layers} layers`);
  }
  if (window === null && types.includes("sliding_attention")) {
    reader.fail("layer_types", "has layers of sliding attention, but there is no sliding_window");
  }
  return types;
}

function knownType(reader: ConfigReader, type: string): LayerType {
  if (type === "full_attention" || type === "sliding_attention") return type;
  return reader.unsupported("layer_types", `of which "${type}" is not implemented here`);
}

/**
 * Reads which layers of a Qwen slide: if windows are turned on at all, the first `max_window_layers` layers see everything
 * and the later ones a window.
 */
export function readQwenWindow(
  reader: ConfigReader,
  layers: number,
): { layer_types: LayerType[]; sliding_window: number | null } {
  const isOn = reader.flag("use_sliding_window", false);
  const sliding_window = isOn ? reader.countOrNull("sliding_window", 4096) : null;
  const full = reader.index("max_window_layers", 28);
  const layer_types = readLayerTypes(reader, layers, sliding_window, (layer) =>
    sliding_window !== null && layer >= full ? "sliding_attention" : "full_attention",
  );
  return { layer_types, sliding_window };
}
