// Builds native/build/graphpatch.node.
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { buildAddon } from "./cmake.mjs";

buildAddon(resolve(dirname(fileURLToPath(import.meta.url)), ".."));
