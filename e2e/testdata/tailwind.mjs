// Compiles a style sheet for Tailwind CSS, from standard input to standard output. No file is scanned for classes.
import { readFileSync } from "node:fs";
import { compile } from "tailwindcss";

const { build } = await compile(readFileSync(0, "utf8"), {
  loadStylesheet: async (id) => ({ path: id, base: "", content: readFileSync(`node_modules/${id}/index.css`, "utf8") }),
});
process.stdout.write(build([]));
