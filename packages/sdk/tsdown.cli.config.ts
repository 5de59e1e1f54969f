import { defineConfig } from "tsdown";

/** The program, in one file with all that it needs: an installation of the SDK stays without dependencies. */
export default defineConfig({
  entry: { keyplane: "src/cli/main.ts" },
  outDir: "bin",
  format: ["esm"],
  platform: "node",
  target: "node20",
  fixedExtension: false,
  dts: false,
  clean: false,
  minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
  deps: { onlyBundle: ["commander", "fast-string-truncated-width", "ipaddr.js"] },
  // The sources of the contract: nothing has to be compiled before.
  inputOptions: { resolve: { conditionNames: ["source", "import", "node", "default"] } },
});
