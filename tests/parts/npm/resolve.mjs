// Lets a script outside the packages' folder import them, and lets them import their JSON files,
// which they do without the attribute that Node asks for.
import {createRequire, registerHooks} from "node:module";
import path from "node:path";
import {pathToFileURL} from "node:url";

const home = pathToFileURL(path.join(process.env.PARTS_NODE_HOME, "package.json")).href;
createRequire(home); // fails here, with the folder's name, when it is no absolute path

registerHooks({
  resolve(specifier, context, next) {
    const bare = !/^(\.|\/|[a-z]+:)/i.test(specifier);
    const ours = context.parentURL && !context.parentURL.includes("/node_modules/");
    return next(specifier, bare && ours ? {...context, parentURL: home} : context);
  },
  load(url, context, next) {
    const json = url.endsWith(".json");
    const importAttributes = json ? {...context.importAttributes, type: "json"} : context.importAttributes;
    return next(url, {...context, importAttributes});
  },
});
