// Validates and runs one composite action the way GitHub's runner does, on GitHub's own packages.
//
// Standard input: {"action": file,
//   "cases": [{"inputs": {name: text}, "env": {name: text}, "workspace": folder, "temp": folder}]}
// Standard output: {"diagnostics": [text], "declared": the file as data,
//   "cases": [{"code": int, "stdout": text, "stderr": text, "written": {GITHUB_OUTPUT and so on: text},
//              "given": what the steps wrote to GITHUB_OUTPUT, "broken": what in it the runner
//              would refuse, "outputs": what the action declares of it,
//              "commands": [{"command": name, "properties": text, "message": text}]}]}
//
// The schema, the YAML reading, the splitting into literals and expressions, and the evaluation are
// theirs; the environment files and the workflow commands follow the runner's source.
import fs from "node:fs";
import path from "node:path";
import {spawnSync} from "node:child_process";
import {Evaluator, Lexer, Parser, data, wellKnownFunctions} from "@actions/expressions";
import {validateAction} from "@actions/languageservice/validate-action";
import {NoOperationTraceWriter} from "@actions/workflow-parser";
import {parseAction} from "@actions/workflow-parser/actions/action-parser";
import {convertActionTemplate} from "@actions/workflow-parser/actions/action-template";
import {TextDocument} from "vscode-languageserver-textdocument";
import YAML from "yaml";

const FILES = ["GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY", "GITHUB_STATE"];
const COMMANDS = new Set(["add-mask", "add-matcher", "add-path", "debug", "echo", "endgroup", "error", "group",
  "notice", "remove-matcher", "save-state", "set-env", "set-output", "stop-commands", "warning"]);

function toData(value) {
  if (value === null || value === undefined) return new data.Null();
  if (typeof value === "string") return new data.StringData(value);
  if (typeof value === "boolean") return new data.BooleanData(value);
  if (typeof value === "number") return new data.NumberData(value);
  if (Array.isArray(value)) return new data.Array(...value.map(toData));
  return new data.Dictionary(...Object.entries(value).map(([key, item]) => ({key, value: toData(item)})));
}

function evaluate(expression, contexts, states) {
  const functions = [...Object.values(wellKnownFunctions), ...states.values()];
  const tree = new Parser(new Lexer(expression).lex().tokens, Object.keys(contexts), functions).parse();
  return new Evaluator(tree, toData(contexts), states).evaluate();
}

// The functions that tell how the job stands: a composite's own steps see only what came before in it.
function states(failed) {
  const answer = (name, value) => [name, {name, minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(value)}];
  return new Map([answer("success", !failed), answer("failure", failed), answer("always", true), answer("cancelled", false)]);
}

// A scalar as the schema reader left it: a literal, or an expression (a mix of both becomes `format(...)`).
function scalar(token, contexts, functions) {
  if (token === undefined) return "";
  return token.isExpression ? evaluate(token.expression, contexts, functions).coerceString() : token.toString();
}

// The runner's reading of an environment file: `name=value`, or `name<<END`, lines, `END`; whichever
// of `=` and `<<` comes first decides. Anything else fails the step; what stood before it counts.
function readEnvironmentFile(text) {
  const found = {};
  let broken = "";
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length && !broken; at++) {
    const line = lines[at];
    if (line === "") continue;
    const equals = line.indexOf("="), heredoc = line.indexOf("<<");
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      found[line.slice(0, equals)] = line.slice(equals + 1);
    } else if (heredoc > 0) {
      const end = line.slice(heredoc + 2), body = [];
      for (at++; at < lines.length && lines[at] !== end; at++) body.push(lines[at]);
      if (at === lines.length) broken = `no line ${end} ends the value of ${line.slice(0, heredoc)}`;
      else found[line.slice(0, heredoc)] = body.join("\n");
    } else {
      broken = `neither name=value nor name<<END: ${line}`;
    }
  }
  return {found, broken};
}

// What the runner would obey on standard output or error: `::name props::text` at a line's start
// (blanks may stand before it), or the older `##[name props]text` anywhere in a line.
function commandsIn(text) {
  const found = [];
  let resume = null;
  for (const line of text.split(/\r\n|\n|\r/)) {
    const now = /^\s*::([^\s:]+)(?: (.*?))?::(.*)$/s.exec(line);
    const older = /##\[([^\s\]]+)(?: ([^\]]*))?\](.*)$/s.exec(line);
    const [, name, properties = "", message] = now ?? older ?? [];
    if (resume !== null) {
      if (now && name === resume) resume = null;
      continue;
    }
    if (name === undefined || !COMMANDS.has(name.toLowerCase())) continue;
    found.push({command: name.toLowerCase(), properties, message});
    if (name.toLowerCase() === "stop-commands") resume = message;
  }
  return found;
}

function context(folder, request, inputs, steps) {
  return {
    inputs, steps, env: request.env, strategy: {}, matrix: {}, job: {},
    github: {action_path: folder, workspace: request.workspace, token: "SECRET-TOKEN", event: {}},
    runner: {os: "Linux", arch: "X64", temp: request.temp, tool_cache: request.env.RUNNER_TOOL_CACHE ?? ""},
  };
}

function runStep(step, at, folder, request, contexts, functions) {
  const files = Object.fromEntries(FILES.map(name => [name, path.join(request.temp, `${name}_${at}`)]));
  for (const file of Object.values(files)) fs.writeFileSync(file, "");
  const env = {
    PATH: process.env.PATH, HOME: process.env.HOME, CI: "true", GITHUB_ACTIONS: "true",
    GITHUB_ACTION_PATH: folder, GITHUB_WORKSPACE: request.workspace, RUNNER_OS: "Linux", RUNNER_TEMP: request.temp,
    ...files, ...request.env,
  };
  for (const pair of step.env ?? []) env[pair.key.toString()] = scalar(pair.value, contexts, functions);
  const script = path.join(request.temp, `step_${at}.sh`);
  fs.writeFileSync(script, scalar(step.run, contexts, functions));
  const bash = ["--noprofile", "--norc", "-e", "-o", "pipefail", script];
  const done = spawnSync("bash", bash, {env, cwd: request.workspace, encoding: "utf8", input: "", maxBuffer: 1 << 28});
  if (done.error) throw done.error;
  const written = Object.fromEntries(FILES.map(name => [name, fs.readFileSync(files[name], "utf8")]));
  const {found: given, broken} = readEnvironmentFile(written.GITHUB_OUTPUT);
  const code = done.status ?? 128; // null: a signal ended it
  return {code: code === 0 && broken ? 1 : code, stdout: done.stdout, stderr: done.stderr, written, given, broken};
}

function runCase(template, folder, request) {
  const inputs = {}, steps = {};
  for (const input of template.inputs ?? []) {
    const given = request.inputs[input.id];
    inputs[input.id] = given ?? scalar(input.default, context(folder, request, inputs, steps), states(false));
  }
  const result = {code: 0, stdout: "", stderr: "", given: {}, broken: "", written: Object.fromEntries(FILES.map(name => [name, ""]))};
  for (const [at, step] of template.runs.steps.entries()) {
    const functions = states(result.code !== 0);
    const contexts = context(folder, request, inputs, steps);
    if (evaluate(step.if.expression, contexts, functions).coerceString() === "false") continue;
    const done = runStep(step, at, folder, request, contexts, functions);
    result.code ||= done.code;
    result.stdout += done.stdout;
    result.stderr += done.stderr;
    result.broken ||= done.broken;
    Object.assign(result.given, done.given);
    for (const name of FILES) result.written[name] += done.written[name];
    const outcome = done.code === 0 ? "success" : "failure";
    if (step.id) steps[step.id] = {outputs: done.given, outcome, conclusion: outcome};
  }
  const contexts = context(folder, request, inputs, steps);
  const values = (template.outputs ?? []).map(output => [output.id, scalar(output.value, contexts, states(false))]);
  const commands = [...commandsIn(result.stdout), ...commandsIn(result.stderr)];
  return {...result, outputs: Object.fromEntries(values), commands};
}

const request = JSON.parse(fs.readFileSync(0, "utf8"));
const file = request.action;
const text = fs.readFileSync(file, "utf8");
const noted = await validateAction(TextDocument.create(`file://${file}`, "yaml", 1, text));
const parsed = parseAction({name: file, content: text}, new NoOperationTraceWriter());
const template = parsed.value ? convertActionTemplate(parsed.context, parsed.value) : {};
const diagnostics = [
  ...noted.map(note => `${note.range.start.line + 1}: ${note.message}`),
  ...parsed.context.errors.getErrors().map(error => error.message),
];
const usable = diagnostics.length === 0 && template.runs?.using === "composite";
console.log(JSON.stringify({
  diagnostics,
  declared: YAML.parse(text),
  cases: usable ? request.cases.map(each => runCase(template, path.dirname(file), each)) : [],
}));
