import type { JsonObject } from "./wire/message";
import { PROTOCOL_VERSION } from "./wire/message";

/** Version of this package. */
export const KERNEL_VERSION = "0.1.0";
/** TypeScript that cells are written in; the package pins this minor version. */
const LANGUAGE_VERSION = "5.9";

/** Content of kernel_info_reply. */
export const KERNEL_INFO: JsonObject = {
  status: "ok",
  protocol_version: PROTOCOL_VERSION,
  implementation: "graphpatch",
  implementation_version: KERNEL_VERSION,
  banner: `graphpatch ${KERNEL_VERSION}: TypeScript ${LANGUAGE_VERSION} on Node ${process.versions.node}, with torch and PatchableGraph at hand`,
  language_info: {
    name: "typescript",
    version: LANGUAGE_VERSION,
    mimetype: "text/typescript",
    file_extension: ".ts",
    pygments_lexer: "typescript",
    codemirror_mode: { name: "javascript", typescript: true },
    nbconvert_exporter: "script",
  },
  supported_features: [],
  help_links: [
    { text: "TypeScript", url: "https://www.typescriptlang.org/docs/" },
    { text: "PyTorch operators", url: "https://docs.pytorch.org/docs/stable/torch.html" },
  ],
};
