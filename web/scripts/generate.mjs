// From our OpenAPI document (the argument): types of every route, and which routes create and so take an Idempotency-Key.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const document = JSON.parse(await readFile(process.argv[2], "utf8"));
const folder = new URL("../kit/generated/", import.meta.url);

const creating = Object.entries(document.paths).flatMap(([path, operations]) =>
  Object.entries(operations)
    .filter(([, operation]) => operation.parameters?.some(({ name }) => name === "idempotency-key"))
    .map(([method]) => `${method.toUpperCase()} ${path}`),
);
await writeFile(new URL("api.d.ts", folder), astToString(await openapiTS(document, { defaultNonNullable: false })));
await writeFile(
  new URL("creating.ts", folder),
  `export const creating = new Set<string>(${JSON.stringify(creating, null, 2)});\n`,
);
