/** A run on disk: its folder, its journal, its parameters. */

export {
  createRunFolder,
  freeRunPath,
  RUN_FILES,
  type RunFolder,
  type RunName,
  type RunOutcome,
  requireFreeFolder,
  unwritable,
} from "./folder.js";
export { type Journal, readJournal } from "./journal.js";
export { loadParams, type ParamTree, saveParams } from "./safetensors.js";
