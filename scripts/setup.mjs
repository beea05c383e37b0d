// @ts-check
import { setUp } from "./setup/index.mjs";

await setUp();
console.log("Everything is set up. `npm start` opens JupyterLab, `npm run demo` runs without it.");
