// Which run folders there are. A folder with a config.json is a run; one with none, or of several runs (seeds.json), may hold
// runs one level down:
//
//   runs/digits-2025-03-09-142530/config.json            'digits-2025-03-09-142530'
//   runs/five-seeds/seeds.json, seed-0/config.json       'five-seeds:seed-0'
//
// What is asked for by an id is looked up among these and never made into a path: no id leads anywhere else. Folders are looked
// at again and again, so a listing is kept until its folder changes.

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SEEDS } from '../../train/run/run-folder.node.ts';

export interface RunFolder {
  readonly id: string;
  readonly name: string;
  readonly group: string | null;
  readonly listing: Listing;
}

/** What is neither a run nor holds any is looked into up to this size: the folder of runs may be someone's home. */
const MOST_SUBFOLDERS = 2000;

/** Two changes within a file system's clock tick leave the same time. A listing that is younger is made again. */
const SETTLED = 3000;

/** The names in a folder, up to date after refresh. */
export class Listing {
  readonly path: string;
  files: ReadonlySet<string> = new Set();
  /** Those that are not hidden. */
  folders: ReadonlyMap<string, Listing> = new Map();
  /** Counts the times that it was made. */
  version = 0;
  /** When a name came or went last. */
  changed = Number.NaN;
  #read = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** @returns false where it is no folder, or cannot be read */
  async refresh(): Promise<boolean> {
    try {
      const { mtimeMs } = await stat(this.path);
      if (mtimeMs === this.changed && this.#read - mtimeMs > SETTLED) return true;
      this.version++;
      this.#read = Date.now();
      this.changed = mtimeMs;
      const entries = await readdir(this.path, { withFileTypes: true });
      const visible = entries.filter(({ name }) => !name.startsWith('.') && name !== 'node_modules');
      this.files = new Set(visible.filter((entry) => entry.isFile()).map(({ name }) => name));
      const folders = visible.filter((entry) => entry.isDirectory() || entry.isSymbolicLink());
      this.folders = new Map(
        folders.map(({ name }) => [name, this.folders.get(name) ?? new Listing(join(this.path, name))]),
      );
      return true;
    } catch {
      this.files = new Set();
      this.folders = new Map();
      this.changed = Number.NaN;
      return false;
    }
  }
}

export class RunFolders {
  readonly #root: Listing;

  /** @param root may not exist yet */
  constructor(root: string) {
    this.#root = new Listing(root);
  }

  get path(): string {
    return this.#root.path;
  }

  /** All runs, and the folders of several: by name. */
  async list(): Promise<{ runs: RunFolder[]; groups: Map<string, Listing> }> {
    const runs: RunFolder[] = [];
    const groups = new Map<string, Listing>();
    await this.#root.refresh();
    for (const [name, listing] of this.#root.folders) {
      if (!(await listing.refresh())) continue;
      if (isRun(listing)) {
        runs.push({ id: name, name, group: null, listing });
        continue;
      }
      groups.set(name, listing);
      if (listing.folders.size > MOST_SUBFOLDERS) continue;
      for (const [inner, member] of listing.folders) {
        if ((await member.refresh()) && isRun(member)) {
          runs.push({ id: `${name}:${inner}`, name: inner, group: name, listing: member });
        }
      }
    }
    return { runs, groups };
  }
}

const isRun = ({ files }: Listing): boolean => files.has('config.json') && !files.has(SEEDS);
