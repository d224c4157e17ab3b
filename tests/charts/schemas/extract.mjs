// Writes the JSON Schemas in this folder: `node extract.mjs FOLDER`, where the README's packages are installed in FOLDER.
//
// The packages hold each type of an API, with the limits that its authors wrote at its fields, as a validator compiled by
// ajv: a function per schema, which calls those of its parts and describes each fault by keyword. Both are read back
// from the syntax tree. Unknown fields, which the validators let pass, are refused here, and so is null.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const KINDS = {
  "@kubernetes-models/gateway-api": {
    Gateway: "IoK8sSigsGatewayApiApisV1Gateway",
    HTTPRoute: "IoK8sSigsGatewayApiApisV1HTTPRoute",
  },
  "@kubernetes-models/cert-manager": {
    Certificate: "ComGithubCertManagerCertManagerPkgApisCertmanagerV1Certificate",
    ClusterIssuer: "ComGithubCertManagerCertManagerPkgApisCertmanagerV1ClusterIssuer",
  },
  "@kubernetes-models/prometheus-operator": {
    ServiceMonitor: "ComGithubPrometheusOperatorPrometheusOperatorPkgApisMonitoringV1ServiceMonitor",
    PrometheusRule: "ComGithubPrometheusOperatorPrometheusOperatorPkgApisMonitoringV1PrometheusRule",
  },
  "@kubernetes-models/keda": { ScaledObject: "ComGithubKedacoreKedaV2ApisKedaV1alpha1ScaledObject" },
  "@kubernetes-models/external-secrets": {
    ExternalSecret: "ComGithubExternalSecretsExternalSecretsApisExternalsecretsV1ExternalSecret",
  },
};
/** Keywords whose faults tell their `limit`. */
const LIMITS = ["maxItems", "maxLength", "maxProperties", "maximum", "minItems", "minLength", "minProperties", "minimum"];

const installed = createRequire(pathToFileURL(resolve(process.argv[2], "package.json")));
const { parse } = installed("acorn");
const { full } = installed("acorn-walk");

for (const [name, kinds] of Object.entries(KINDS)) {
  const folder = dirname(installed.resolve(`${name}/package.json`));
  const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  for (const [kind, type] of Object.entries(kinds)) {
    const $defs = {};
    const root = define(`${folder}/_schemas/${type}.js`, $defs);
    delete $defs[type].properties.status; // said by controllers, never by a chart
    const used = reachable(root, $defs);
    const $comment = `${kind} of ${name} ${version} (${license})`;
    writeFileSync(new URL(`${kind}.json`, import.meta.url), written({ $comment, ...root }, used));
  }
}

/** Adds the schema of a module, and those that it refers to, to `$defs`. Returns the reference to it. */
function define(path, $defs) {
  const type = path.match(/(\w+)\.js$/)[1];
  const reference = { $ref: `#/$defs/${type}` };
  if (type in $defs) return reference;
  $defs[type] = {}; // types may contain themselves
  const { imported, functions, enums, exported } = declarations(path);
  const schemaOf = (name) =>
    imported[name] ? define(imported[name], $defs) : read(functions[name], enums, schemaOf, $defs);
  $defs[type] = schemaOf(exported);
  return reference;
}

function declarations(path) {
  const imported = {};
  const functions = {};
  const enums = {};
  let exported;
  for (const node of parse(readFileSync(path, "utf8"), { ecmaVersion: "latest", sourceType: "module" }).body) {
    if (node.type === "ImportDeclaration" && node.specifiers[0].imported?.name === "validate") {
      imported[node.specifiers[0].local.name] = file(node.source.value, path);
    } else if (node.type === "FunctionDeclaration") {
      functions[node.id.name] = node;
    } else if (node.type === "ExportNamedDeclaration") {
      exported = node.declaration.declarations[0].init.name;
    } else if (node.type === "VariableDeclaration") {
      for (const { id, init } of node.declarations) enums[id.name] = init;
    }
  }
  return { imported, functions, enums, exported };
}

function file(source, importer) {
  const path = source.startsWith(".")
    ? resolve(dirname(importer), source)
    : resolve(dirname(installed.resolve(`${source.split("/_schemas/")[0]}/package.json`)), `_schemas/${source.split("/_schemas/")[1]}`);
  return path.endsWith(".js") ? path : `${path}.js`;
}

/** The schema behind one validator. */
function read(validator, enums, schemaOf, $defs) {
  const schema = {};
  const whole = [];
  full(validator.body, (node) => {
    if (node.type === "ObjectExpression") addFault(schema, fields(node), enums);
    if (node.type === "CallExpression" && /^validate\d+$/.test(node.callee.name)) {
      addPart(schema, whole, node.arguments[0], schemaOf(node.callee.name));
    }
  });
  if (whole.length === 1 && Object.keys(schema).length === 0) return whole[0];
  const embedded = whole.map(({ $ref }) => $defs[$ref?.split("/").at(-1)]).filter((each) => each?.properties);
  if (schema.oneOf) schema.oneOf = whole;
  else if (embedded.length) embed(schema, embedded);
  else if (whole.length) schema.allOf = whole;
  if (schema.properties) schema.additionalProperties = false;
  return schema;
}

/** Go's embedded structs: their fields are the object's own. */
function embed(schema, structs) {
  for (const { properties, required = [] } of structs) {
    schema.properties = { ...schema.properties, ...properties };
    if (required.length) schema.required = [...(schema.required ?? []), ...required];
  }
}

function fields(node) {
  return Object.fromEntries(node.properties.map(({ key, value }) => [key.name ?? key.value, value]));
}

function addFault(schema, { keyword, params }, enums) {
  if (!keyword) return;
  const told = fields(params);
  const name = keyword.value;
  if (name === "required") (schema.required ??= []).push(told.missingProperty.value);
  else if (name === "type") schema.type = told.type.value;
  else if (name === "pattern") schema.pattern = told.pattern.value;
  else if (name === "enum") schema.enum = enums[told.allowedValues.name].elements.map((each) => each.value);
  else if (name === "oneOf") schema.oneOf = [];
  else if (LIMITS.includes(name)) schema[name] = told.limit.value;
  else if (name !== "format") throw new Error(`what is ${name}?`);
}

function addPart(schema, whole, argument, part) {
  if (argument.type === "Identifier") whole.push(part);
  else if (!argument.computed) (schema.properties ??= {})[argument.property.name] = part;
  else if (argument.property.type === "Literal") (schema.properties ??= {})[argument.property.value] = part;
  else if (argument.property.name.startsWith("key")) schema.additionalProperties = part;
  else schema.items = part;
}

function reachable(schema, $defs, found = {}) {
  for (const [, type] of JSON.stringify(schema).matchAll(/#\/\$defs\/(\w+)/g)) {
    if (type in found) continue;
    found[type] = $defs[type];
    reachable($defs[type], $defs, found);
  }
  return found;
}

/** A type on each line, so that the difference to another version can be read. */
function written(head, $defs) {
  const types = Object.entries($defs).map(([type, schema]) => `  ${JSON.stringify(type)}: ${JSON.stringify(schema)}`);
  const begin = Object.entries(head).map(([key, value]) => ` ${JSON.stringify(key)}: ${JSON.stringify(value)},\n`);
  return `{\n${begin.join("")} "$defs": {\n${types.join(",\n")}\n }\n}\n`;
}
