// For `node --require`: opens the GPU of the tests before anything of the library is loaded.
const { join } = require("node:path");

process.dlopen({ exports: {} }, join(__dirname, "build", "standInGpu.node"));
