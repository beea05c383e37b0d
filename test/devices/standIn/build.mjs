// Builds test/devices/standIn/build/standInGpu.node; `npm test` does that.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { buildAddon } from "../../../native/scripts/cmake.mjs";

buildAddon(dirname(fileURLToPath(import.meta.url)));
