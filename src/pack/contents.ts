/** The contents of a package in the making: its items, and of every file where it comes from. */

import { join } from "node:path";
import { quoted } from "../input/archive/names.js";
import { spool } from "../input/spool.js";
import type { PackedFile } from "../report/pack-model.js";
import { type FileItem, type Item, sorted } from "../write/item.js";
import type { Treatment } from "./program.js";

type Origin = Pick<PackedFile, "origin" | "program"> & { readonly before: string | null };

export class Contents {
  readonly #place: string;
  readonly #items = new Map<string, Item>();
  readonly #origins = new Map<string, Origin>();
  readonly notes: string[];
  #made = 0;

  /** `place` is a folder for the files that are made. */
  constructor(place: string, notes: readonly string[]) {
    this.#place = place;
    this.notes = [...notes];
  }

  /** Takes an item of the input, and what became of it where it is a program. */
  take(item: Item, treatment?: Treatment): void {
    const isFixed = item.kind === "file" && treatment?.kind === "fixed";
    this.#items.set(item.path, isFixed ? { ...item, content: treatment.content, mode: treatment.mode } : item);
    if (item.kind !== "file") return;
    const program = treatment !== undefined && "program" in treatment ? treatment.program : null;
    this.#origins.set(item.path, { origin: item.path, before: item.content.sha256, program });
  }

  /** Puts a text there. What stands at that path keeps its content under another name, or goes where `dropOld` says so. */
  async put(path: string, text: string, dropOld = false): Promise<void> {
    const old = this.#items.get(path);
    if (old !== undefined && !dropOld) {
      const name = this.#freeName(`${path}.original`);
      this.#items.set(name, { ...old, path: name });
      const origin = this.#origins.get(path);
      if (origin !== undefined) this.#origins.set(name, origin);
      this.notes.push(`the ${quoted(path)} of the input is now ${quoted(name)}`);
    }
    const bytes = (async function* () {
      yield Buffer.from(text);
    })();
    const content = await spool(bytes, join(this.#place, `made-${this.#made++}`));
    this.#items.set(path, { kind: "file", path, mode: 0o644, content });
    this.#origins.set(path, { origin: null, before: null, program: null });
  }

  has(path: string): boolean {
    return this.#items.has(path);
  }

  /** Everything in its order. */
  items(): Item[] {
    return sorted(this.#items.values());
  }

  describe({ path, mode, content }: FileItem): PackedFile {
    const { origin, before, program } = this.#origins.get(path)!;
    return { path, origin, mode: mode.toString(8), size: content.size, sha256: { before, after: content.sha256 }, program };
  }

  #freeName(wanted: string): string {
    let name = wanted;
    for (let i = 2; this.#items.has(name); i++) name = `${wanted}-${i}`;
    return name;
  }
}
