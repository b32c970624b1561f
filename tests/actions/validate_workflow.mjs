// Says what GitHub's language service has against a workflow: `line: message`, one a line.
//
// Arguments: the workflow's file, and the repository's folder, in which `$/actions/<name>` is looked
// up. Actions of other repositories are not: that would need the network.
import fs from "node:fs";
import path from "node:path";
import {validate} from "@actions/languageservice/validate";
import {TextDocument} from "vscode-languageserver-textdocument";

const [file, root] = process.argv.slice(2);
const fileProvider = {
  async getFileContent(asked) {
    return {name: asked.path, content: fs.readFileSync(path.join(root, asked.path), "utf8")};
  },
};
const document = TextDocument.create(`file://${file}`, "yaml", 1, fs.readFileSync(file, "utf8"));
for (const note of await validate(document, {fileProvider})) {
  console.log(`${note.range.start.line + 1}: ${note.message}`);
}
