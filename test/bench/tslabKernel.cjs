// tslab's own kernel, on the stock TypeScript that this workspace has in place of tslab's fork. Argument: the connection file.
const ts = require("typescript");
const { compilerForTslab } = require("../../kernel/dist/language/compilerHooks.js");
const { redirectModules } = require("../../kernel/dist/language/moduleRedirects.js");

const compiler = compilerForTslab({
  // its types lie with the workspace's other packages, where tslab does not look
  options: ({ noImplicitUseStrict: _, ...asked }) => ({
    ...asked,
    typeRoots: [require("node:path").join(__dirname, "../../node_modules/@types")],
    types: ["node"],
  }),
  system: ts.sys,
  late: { follow: () => {}, isWanting: false },
  review: (found) => found,
  prepare: (code) => ({ code, shifts: [], unset: null }),
  transpiled: () => {},
});
redirectModules((name) => (name === "@tslab/typescript-for-tslab" ? () => compiler : undefined));
process.argv.splice(2, process.argv.length, "kernel", `--config-path=${process.argv[2]}`);
require("tslab/dist/main.js").main();
